"""One thing that a message says: an act, the habits that are meant by number or by name, or a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from rapidfuzz.distance import OSA

from habits import numbers, words

ONE_EDIT_FROM, TWO_EDITS_FROM = 5, 8
LONGEST_NAME = 4


class Verb(StrEnum):
    """What can be said; each value names the list of its phrases in `replies.toml`."""

    DONE = "done"
    AFFIRM = "affirm"
    SKIP = "skip"
    UNDO = "undo"
    LATER = "later"
    LATER_IN = "later_in"
    PAUSE = "pause"
    PAUSE_WITH = "pause_with"
    REST_WITH = "rest_with"
    RESUME = "resume"
    AT = "at"
    STREAKS = "streaks"
    HABITS = "habits"
    NEXT = "next"
    MORE = "more"
    DEEPER = "deeper"
    WHY = "why"
    HOW = "how"
    CALL = "call"
    RESULTS = "results"
    ACCESS = "access"
    SHARE = "share"
    SHARE_NOTHING = "share_nothing"
    TOGETHER = "together"
    APART = "apart"
    DROP = "drop"
    DROP_NAMED = "drop_named"
    LEAVE = "leave"
    DELETE = "delete"
    HEARD = "heard"


@dataclass(frozen=True, slots=True)
class Act:
    """A verb with what belongs to it: `delay`, `at` or `on` of a later, `days` or `until` of a pause."""

    verb: Verb
    of: tuple[int, ...] = ()
    """The habits that it names itself, as in "pause gratitude", or the items of a check-in."""
    delay: timedelta | None = None
    at: time | None = None
    on: date | None = None
    days: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Targets:
    """Numbers of habits, in the order they were written; `named` if it was by name."""

    numbers: tuple[int, ...]
    named: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """A day that has been; None: one that is out of reach."""

    day: date | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What a message is read against."""

    language: str
    now: datetime
    today: date
    names: Mapping[words.Phrase, frozenset[int]]
    """The numbers of the habits that go by a name."""
    known: tuple[int, ...]
    all: tuple[int, ...]
    """What "all" stands for, nothing where nobody could say."""
    both: tuple[int, ...]
    """What "both" stands for, two or nothing."""
    three: tuple[int, ...] = ()
    """What "all three" stands for, three or nothing."""


Item = Act | Targets | When
Read = tuple[Item, int]


def targets(tokens: Sequence[str], place: int, ground: Ground) -> tuple[Targets, int] | None:
    """Return the habits that are named at a place, by number or by name, with the place after them."""
    language = ground.language
    start = place
    while length := words.match(tokens, start, words.phrases("leads", language)):
        start += length
    length = words.match(tokens, start, words.phrases("number_leads", language))
    digits = start < len(tokens) and tokens[start].isdigit()
    # "The one" is no number: after "the" or "my" only digits are.
    if length or digits or start == place:
        found = numbers.numbers_or_range(tokens, start + length, ground.known, language)
        if found:
            return Targets(found[0]), found[1]
    return _all(tokens, start, ground) or named(tokens, start, ground)


def _all(tokens: Sequence[str], place: int, ground: Ground) -> tuple[Targets, int] | None:
    for name, of in (("three", ground.three), ("both", ground.both), ("all", ground.all)):
        if of and (length := words.match(tokens, place, words.phrases(name, ground.language))):
            return Targets(of), place + length
    return None


def named(tokens: Sequence[str], place: int, ground: Ground) -> tuple[Targets, int] | None:
    """Return the habit that is named at a place, exactly or nearly, if it is the only one."""
    lengths = range(min(LONGEST_NAME, len(tokens) - place), 0, -1)
    spellings = [(place + length, tuple(tokens[place : place + length])) for length in lengths]
    for after, spelling in spellings:
        if len(found := ground.names.get(spelling, frozenset())) == 1:
            return Targets(tuple(found), named=True), after
    for after, spelling in spellings:
        if len(found := _near(" ".join(spelling), ground.names)) == 1:
            return Targets(tuple(found), named=True), after
    return None


def _near(spelling: str, names: Mapping[words.Phrase, frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*(of for name, of in names.items() if _is_near(spelling, " ".join(name))))


def _is_near(spelling: str, name: str) -> bool:
    """Say whether a spelling is one edit from a name of 5 letters on, or two from 8 if it begins alike."""
    shorter = min(len(spelling), len(name))
    edits = 2 if shorter >= TWO_EDITS_FROM else 1 if shorter >= ONE_EDIT_FROM else 0
    distance = OSA.distance(spelling, name, score_cutoff=edits)
    return distance <= edits and (distance < 2 or spelling[0] == name[0])
