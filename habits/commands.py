"""What the statements of a message mean for this person: their habits, what waits, what was asked."""

import re
from collections.abc import Iterator, Sequence

from habits import clauses, grounds, past, words
from habits.clauses import Statement
from habits.context import Asked, Context
from habits.items import Verb, When
from habits.parts import (
    About,
    Apart,
    At,
    BadDay,
    Delete,
    Done,
    Drop,
    Later,
    Leave,
    NotToday,
    Part,
    Pause,
    Rest,
    Resume,
    Share,
    ShareNothing,
    ShowAccess,
    ShowCall,
    ShowHabits,
    ShowNext,
    ShowResults,
    ShowStreaks,
    Skip,
    Tell,
    Together,
    Topic,
    Undo,
    UnknownNumber,
    Unread,
    Which,
)

FOR_A_WHILE = (Rest, Later)
"""What begins like an opt-out and is none: "stop gratitude", "stop texting me for an hour"."""
LONGEST_COMMAND = 60
"""Tokens of a message that the grammar looks at: what is longer is a letter."""
SENTENCES = re.compile(r"(?<=[.!?\n])\s+")
HARMLESS_TO_ASK = frozenset(
    {
        Verb.LATER,
        Verb.LATER_IN,
        Verb.STREAKS,
        Verb.HABITS,
        Verb.NEXT,
        Verb.MORE,
        Verb.DEEPER,
        Verb.WHY,
        Verb.HOW,
        Verb.CALL,
        Verb.RESULTS,
        Verb.ACCESS,
        Verb.SHARE_NOTHING,
    }
)
PLAIN: dict[Verb, Part] = {
    Verb.UNDO: Undo(),
    Verb.STREAKS: ShowStreaks(),
    Verb.HABITS: ShowHabits(),
    Verb.NEXT: ShowNext(),
    Verb.RESULTS: ShowResults(),
    Verb.ACCESS: ShowAccess(),
    Verb.CALL: ShowCall(),
    Verb.SHARE_NOTHING: ShareNothing(),
    Verb.LEAVE: Leave(),
    Verb.DELETE: Delete(),
    Verb.HEARD: NotToday(),
}
TOPICS = {Verb.MORE: Topic.MORE, Verb.DEEPER: Topic.DEEPER, Verb.WHY: Topic.WHY, Verb.HOW: Topic.HOW}


def read(tokens: words.Phrase, asked: bool, context: Context) -> tuple[Part, ...]:
    """Return what the grammar makes of a message, nothing if it is unclear; a question logs nothing."""
    said, unread = clauses.statements(tokens, grounds.ground(context))
    if _shares_nothing(tokens, said, context):
        return (ShareNothing(),)
    rest = [token for clause in unread for token in clause]
    if unread and (not said or _doubtful(rest, said, context)):
        return ()
    if asked and any(one.act.verb not in HARMLESS_TO_ASK for one in said):
        return ()
    said = _without_needless(_together_by_day(said))
    named = {number for one in said for number in one.numbers}
    parts = tuple(part for one in said for part in _parts(one, named, context))
    return (*parts, Unread()) if unread and _asks_for_more(rest, context) else parts


def asks(said: str, context: Context) -> bool:
    """Say whether a folded message is a question, other than for something to be shown: "done. streak?"."""
    return "?" in said and any(
        "?" in sentence and not _shown_only(sentence, context) for sentence in SENTENCES.split(said)
    )


def _shown_only(sentence: str, context: Context) -> bool:
    tokens = words.tokens(sentence)
    if len(tokens) > LONGEST_COMMAND:
        return False
    said, unread = clauses.statements(tokens, grounds.ground(context))
    return bool(said) and not unread and all(one.act.verb in HARMLESS_TO_ASK for one in said)


def _shares_nothing(tokens: words.Phrase, said: Sequence[Statement], context: Context) -> bool:
    """Say whether a message is about sharing and has a negation: "share 1 but not 3" shares nothing."""
    if any(one.act.verb is Verb.SHARE_NOTHING for one in said):
        return True
    return _speaks_of("share", tokens, context) and _speaks_of("nays", tokens, context)


def _speaks_of(name: str, tokens: Sequence[str], context: Context) -> bool:
    phrases = words.phrases(name, context.language)
    return any(words.match(tokens, place, phrases) for place in range(len(tokens)))


def told_of_waiting(tokens: words.Phrase, context: Context) -> tuple[Part, ...]:
    """Return what a story of something done says of the nudge that waits; nothing if its day is unclear."""
    days = past.in_prose(tokens, grounds.ground(context))
    if len(days) > 1 or When(None) in days:
        return ()
    day = next(iter(days)).day if days else None
    others = grounds.named_in(tokens, context) - set(context.newest)
    if others:
        return (Which(tuple(sorted({*others, *context.newest}))),)
    match context.newest:
        case (number,):
            return (Done((number,), day),)
        case several if several:
            return (Which(several),)
    return ()


def _doubtful(rest: Sequence[str], said: Sequence[Statement], context: Context) -> bool:
    """Say whether what was not understood could undo what was, or mean another habit."""
    if all(one.named for one in said):
        return True  # A name and some words more: "empathy, is overrated".
    against = words.everywhere("against")
    return _speaks_of("doubts", rest, context) or any(
        (token.isdigit() and len(token) < 3)
        or (token.isascii() and not token.isalnum() and token != words.NOISE)
        or (token,) in against
        for token in rest
    )


def _asks_for_more(rest: Sequence[str], context: Context) -> bool:
    """Say whether what was not understood may have asked for something: chatter need not be named."""
    return _speaks_of("requests", rest, context) or any(
        token == words.NOISE or token.isdigit() for token in rest
    )


def _together_by_day(said: Sequence[Statement]) -> list[Statement]:
    """Return the statements with what is said twice of the same day as one."""
    merged: dict[tuple[object, ...], Statement] = {}
    for one in said:
        key = (one.act, one.when)
        before = merged.get(key)
        merged[key] = Statement(one.act, (*before.numbers, *one.numbers), one.when) if before else one
    return list(merged.values())


def _without_needless(said: list[Statement]) -> list[Statement]:
    """Return the statements without a "no" that only leads in something else: "no, skip"."""
    others = [one for one in said if one.act.verb is not Verb.HEARD]
    return others or said


def _parts(one: Statement, named: set[int], context: Context) -> Iterator[Part]:
    act = one.act
    match act.verb:
        case Verb.DONE | Verb.SKIP | Verb.AFFIRM:
            yield from _marked(one, named, context)
        case Verb.TOGETHER | Verb.APART:
            yield from _of_both(act.verb, one.numbers, context)
        case Verb.DROP:
            yield from _dropped(act.of or one.numbers, context)
        case Verb.LATER | Verb.LATER_IN:
            yield Later(act.delay, act.at, act.on)
        case Verb.PAUSE | Verb.PAUSE_WITH:
            yield Pause(act.days, act.until)
        case Verb.REST_WITH:
            yield Rest(act.of, act.days, act.until)
        case Verb.RESUME:
            mine = tuple(number for number in act.of if number in (*context.known, *context.dropped))
            yield Resume(mine) if mine or not act.of else UnknownNumber(act.of[0])
        case Verb.AT if act.at:
            yield from _known_only(act.of, context)
            yield At(act.at, tuple(number for number in act.of if number in context.known))
        case Verb.MORE | Verb.DEEPER | Verb.WHY | Verb.HOW:
            yield from _told(TOPICS[act.verb], act.of, context)
        case Verb.SHARE:
            yield Share(act.of)
        case verb:
            yield PLAIN[verb]


def _known_only(of: Sequence[int], context: Context) -> Iterator[Part]:
    yield from (UnknownNumber(number) for number in dict.fromkeys(of) if number not in context.known)


def _marked(one: Statement, named: set[int], context: Context) -> Iterator[Part]:
    """Say what was done or skipped, and when."""
    if one.when and one.when.day is None:
        yield BadDay()
        return
    day = one.when.day if one.when else None
    kind = Skip if one.act.verb is Verb.SKIP else Done
    if one.numbers:
        if mine := tuple(dict.fromkeys(number for number in one.numbers if number in context.known)):
            yield kind(mine, day)
        yield from _known_only(one.numbers, context)
        return
    newest = context.newest
    left = tuple(number for number in newest or context.known if number not in named)
    # A mere `yes` logs nothing while no nudge waits: it may have answered one of our answers.
    if len(left) == 1 and (newest or one.act.verb is not Verb.AFFIRM):
        yield kind(left, day)
    elif left:
        yield Which(left, About.SKIP if kind is Skip else About.DONE)


def _of_both(verb: Verb, of: tuple[int, ...], context: Context) -> Iterator[Part]:
    """Say which habits a `together` or `apart` is of: a bare one of the one asked about.

    "Together" alone may tell what was done, and it discloses: where nothing was asked it is asked back.
    """
    kind = Together if verb is Verb.TOGETHER else Apart
    if not of and context.question and context.question.about is Asked.TOGETHER:
        of = (context.question.number,)
    if of or (verb is Verb.APART and len(context.joint) == 1):
        of = of or context.joint
        if mine := tuple(dict.fromkeys(number for number in of if number in context.known)):
            yield kind(mine)
        yield from _known_only(of, context)
    elif context.joint:
        yield Which(context.joint, About(verb.value))


def _dropped(of: tuple[int, ...], context: Context) -> Iterator[Part]:
    """Say which habits are dropped; a bare "drop it" drops the only one, otherwise it is asked back."""
    known = context.known
    if not of and len(known) > 1:
        yield Which(known, About.DROP)
        return
    of = of or known
    if mine := tuple(dict.fromkeys(number for number in of if number in known)):
        yield Drop(mine)
    yield from _known_only(of, context)


def _told(topic: Topic, of: tuple[int, ...], context: Context) -> Iterator[Part]:
    left = of or context.newest or context.known
    mine = tuple(dict.fromkeys(number for number in left if number in context.known))
    if len(mine) == 1:
        yield Tell(topic, mine[0])
    elif mine:
        yield Which(mine, About(topic.value))
    else:
        yield from _known_only(of, context)
