"""What a person means by a message: pure, in the order in which meanings take precedence.

Reaction, opt-out, danger, opt-out in a sentence, automatic reply, HELP, consent, the question that is open,
check-in, the grammar of `clauses`, plain words. Anything else is Unclear. Opt-out, danger, automatic replies,
consent and HELP are recognised in all languages, the rest in the person's and in English.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache

from habits import catalogue as texts
from habits import checkin, commands, patterns, reactions, safety, stories, words, yes_and_no
from habits.context import Context
from habits.parts import (
    About,
    Automatic,
    Danger,
    Done,
    Help,
    NotToday,
    Part,
    Pause,
    Reacted,
    Stop,
    Tell,
    Topic,
    Unclear,
    Which,
)


class Rule(StrEnum):
    """Why a message was taken to mean what it was taken to mean."""

    REACTION = "it has the shape of a reaction"
    OPT_OUT = "the whole message is an opt-out word"
    DANGER = "it sounds like danger"
    SENTENCE = "it is a wish to receive nothing more"
    AUTOMATIC = "a machine wrote it"
    HELP = "the whole message asks for help"
    CONSENT = "consent is being asked, or was taken back before"
    QUESTION = "it answers the question that is open"
    CHECK_IN = "it answers the check-in that is open"
    GRAMMAR = "its words are commands"
    STORY = "one nudge waits, and it tells of something done"
    DENIAL = "it says that nothing was done, or tells of a bad day"
    UNCLEAR = "no rule fits"


PLAIN = (
    *("done", "affirm", "skip", "undo", "later", "streaks", "habits", "next", "more", "deeper", "why", "how"),
    *("results", "all", "both", "three", "skip_pulse"),
)
"""Commands that say nothing but themselves, by the lists of their phrases."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message says, one part or more, and the rule that decided."""

    parts: tuple[Part, ...]
    rule: Rule


def understand(text: str, context: Context) -> tuple[Part, ...]:
    """Return what the message says, one part or more: Unclear where nothing of it is clear."""
    return read(text, context).parts


def read(text: str, context: Context) -> Reading:
    """Return what the message says and why. Raises nothing; takes time linear in the length of the text."""
    if reaction := reactions.read(text):
        return Reading(_reaction(reactions.meaning(reaction, context.sent), context), Rule.REACTION)
    said = words.fold(text)
    line = words.line(said)
    if _is_keyword(said):
        return Reading((Stop(),), Rule.OPT_OUT)
    tokens = words.tokens(said)
    asks = commands.asks(said, context)
    plain = is_plain(tokens, context.language)
    wants_nothing_more = not plain and wishes_for_nothing(line, tokens)
    if not plain and safety.sounds_like_danger(line):
        return Reading((Danger(), Stop()) if wants_nothing_more else (Danger(),), Rule.DANGER)
    command = commands.read(tokens, asks, context) if len(tokens) <= commands.LONGEST_COMMAND else ()
    if wants_nothing_more and not _only_for_a_while(command):
        return Reading((Stop(),), Rule.SENTENCE)
    if not plain and patterns.everywhere("automatic").search(line):
        return Reading((Automatic(),), Rule.AUTOMATIC)
    if words.made_of(words.words(said), words.everywhere("help"), words.everywhere("courtesies")):
        return Reading((Help(),), Rule.HELP)
    if len(tokens) <= commands.LONGEST_COMMAND:
        for rule, parts in (
            (Rule.CONSENT, yes_and_no.consent(tokens, asks, context)),
            (Rule.QUESTION, yes_and_no.answer(tokens, asks, context)),
            (Rule.CHECK_IN, checkin.answer(tokens, command, context)),
            (Rule.GRAMMAR, command),
        ):
            if parts:
                return Reading(parts, rule)
    return _plain(line, tokens, asks, context)


def prepare() -> None:
    """Compile what it takes to understand sentences: whoever writes first would wait 2 s for it."""
    for language in texts.languages():
        context = Context(now=datetime(2026, 1, 1, tzinfo=UTC), language=language)
        read("it was a long day and we had a good talk", context)


def is_opt_out(text: str) -> bool:
    """Say whether the whole message is an opt-out keyword; marks, emoji and repeats do not matter."""
    return _is_keyword(words.fold(text)) and reactions.read(text) is None


def _is_keyword(said: str) -> bool:
    return words.made_of(words.words(said), words.everywhere("opt_out"))


@cache
def _plain_words(language: str) -> frozenset[words.Phrase]:
    own = (words.phrases(name, language) for name in PLAIN)
    return frozenset().union(*own, {(word,) for word in words.values("numbers", language)})


@cache
def _yes_words() -> frozenset[words.Phrase]:
    # "I want to" agrees, and begins worse things.
    return frozenset(
        phrase for name in ("agree", "restart") for phrase in words.everywhere(name) if len(phrase) == 1
    )


@cache
def _idle_words(language: str) -> frozenset[words.Phrase]:
    idle = ("courtesies", "joins", "number_leads")
    return frozenset().union(*(words.phrases(name, language) for name in idle))


def is_plain(tokens: words.Phrase, language: str) -> bool:
    """Say whether a message is nothing but everyday commands and numbers: "done, 1 and 3".

    No sentence need be looked for in such a one, and most messages are.
    """
    keywords = words.everywhere("opt_out") | words.everywhere("opt_out_sentences")
    if any((token,) in keywords for token in tokens):
        return False
    numbers = {(token,) for token in tokens if token.isdigit()}
    idle = _idle_words(language)
    # Not mixed: "undo my enrolment" is made of both.
    plain = words.made_of(tokens, _plain_words(language) | numbers, idle)
    return plain or words.made_of(tokens, _yes_words(), idle)


def wishes_for_nothing(line: str, tokens: words.Phrase) -> bool:
    """Say whether a message wishes to receive nothing more: all of it, one of its clauses, or a sentence."""
    courtesies = words.everywhere("courtesies")
    weak, sentences = words.everywhere("opt_out_weak"), words.everywhere("opt_out_sentences")
    strong = words.everywhere("opt_out") - weak
    padding = courtesies | words.everywhere("opt_out_padding")
    spoken = tuple(word for word in line.split() if word != words.SEPARATOR)
    if words.made_of(spoken, weak, courtesies) or words.made_of(spoken, strong | sentences, padding):
        return True
    if _matches(line):
        return True
    laughs = words.everywhere("laughter")
    if any((token,) in laughs for token in tokens):
        return False
    return any(words.made_of(clause.split(), strong, padding) for clause in line.split(words.SEPARATOR))


def _matches(line: str) -> bool:
    return any(not found["but"] for found in patterns.unless("opt_out", "negations").finditer(line))


def _only_for_a_while(command: tuple[Part, ...]) -> bool:
    """Say whether "stop until monday" or "stop gratitude" is all that was said."""
    return bool(command) and all(
        isinstance(part, commands.FOR_A_WHILE) or (isinstance(part, Pause) and (part.days or part.until))
        for part in command
    )


def _reaction(part: Part, context: Context) -> tuple[Part, ...]:
    """Return what a reaction says of the message's habits: which one, if there are several."""
    if not isinstance(part, Reacted):
        return (part,)
    known = {habit.number for habit in context.habits}
    of = tuple(number for number in context.sent[part.message].numbers if number in known)
    match of:
        case ():
            return (part,)
        case (number,):
            return part, Tell(Topic.HOW, number) if part.how else Done((number,))
    return part, Which(of, About.HOW if part.how else About.DONE)


def _plain(line: str, tokens: words.Phrase, asks: bool, context: Context) -> Reading:
    """Return what plain words say of the one nudge that waits, and otherwise whether they say no."""
    if asks or any((token,) in words.everywhere("against") for token in tokens):
        return Reading((Unclear(),), Rule.UNCLEAR)
    if stories.is_hard(line, context.language):
        return Reading((NotToday(hard=True),), Rule.DENIAL)
    if stories.denies(line, context.language):
        return Reading((NotToday(),), Rule.DENIAL)
    told = len(context.waiting) == 1 and stories.tells_of_done(line, context.language)
    parts = commands.told_of_waiting(tokens, context) if told else ()
    return Reading(parts, Rule.STORY) if parts else Reading((Unclear(),), Rule.UNCLEAR)
