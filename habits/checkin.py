"""Answers to the weekly check-in: scores, and leaving it out."""

from habits import commands, numbers, words
from habits.context import Context
from habits.parts import BadScores, Done, Part, Scores, SkipPulse, Which

DIGEST = 3


def answer(tokens: words.Phrase, command: tuple[Part, ...], context: Context) -> tuple[Part, ...]:
    """Return the answer to an open check-in, or nothing if the message is about something else.

    `command` is what the grammar makes of the message.
    """
    if not context.pulse:
        return ()
    # "Skip" is about the nudge that waits, if there is one; "S" is said of a check-in only.
    skips = frozenset({("s",)}) if context.newest else words.phrases("skip_pulse", context.language)
    if words.made_of(tokens, skips, words.everywhere("courtesies")):
        return (SkipPulse(),)
    values = numbers.scores(tokens, len(context.pulse), context.language)
    if not values:
        return _with_more(tokens, context)
    if _fit(values, context):
        return command if command == (Done(values),) and _in_digest(values, context) else (Scores(values),)
    match command:
        case (Done(of, None),) if len(values) == 1 or any(set(of) <= set(nudge) for nudge in context.waiting):
            return command
        case (Which(),):
            return command
    return (BadScores(),)


def _with_more(tokens: words.Phrase, context: Context) -> tuple[Part, ...]:
    """Return the scores that a message begins with, and what it says after them: "4 3 5, done"."""
    joins = words.phrases("joins", context.language) | {(words.SEPARATOR,)}
    for place in range(len(tokens)):
        length = words.match(tokens, place, joins)
        if not length:
            continue
        values = numbers.scores(tokens[:place], len(context.pulse), context.language)
        more = commands.read(tokens[place + length :], False, context) if _fit(values, context) else ()
        if more:
            return Scores(values), *more
    return ()


def _fit(values: tuple[int, ...], context: Context) -> bool:
    ranges = context.pulse
    return len(values) == len(ranges) and all(
        low <= value <= high for value, (low, high) in zip(values, ranges, strict=True)
    )


def _in_digest(values: tuple[int, ...], context: Context) -> bool:
    """Say whether all are numbers of one digest of three or more.

    No check-in is sent while such a digest waits, so that it is the newer of the two and the one answered.
    """
    return any(len(nudge) >= DIGEST and set(values) <= set(nudge) for nudge in context.waiting)
