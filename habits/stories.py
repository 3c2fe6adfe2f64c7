"""Plain words: what is no command, and still says that something was done, or that it was not."""

from habits import patterns, words

LEAST_WORDS = 3


def denies(line: str, language: str) -> bool:
    """Say whether a message says no for today, or that something did not happen."""
    return _has("heard", line, language)


def is_hard(line: str, language: str) -> bool:
    """Say whether a message tells of a bad day: a quarrel, an illness, a loss."""
    return _has("hard", line, language)


def tells_of_done(line: str, language: str) -> bool:
    """Say whether a message tells of something done: past tense, three words or more, no negation, no
    bad day, plan, wish, question or link. What is only a manner of speaking ("died laughing") is passed over.
    """
    enough = sum(word != words.SEPARATOR for word in line.split()) >= LEAST_WORDS
    meant = patterns.everywhere("harmless").sub(",", line)
    return (
        enough
        and _has("past", line, language)
        and not _has("not_yet", meant, language)
        and not denies(meant, language)
        and not is_hard(meant, language)
    )


def _has(name: str, line: str, language: str) -> bool:
    return patterns.pattern(name, words.spoken_by(language)).search(line) is not None
