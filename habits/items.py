"""One thing that a message says: a verb with its time, or the habits that are meant, by number or by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache

from rapidfuzz.distance import OSA

from habits import numbers, words

LONGEST_PAUSE = 366
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
    RESUME = "resume"
    STREAKS = "streaks"
    HABITS = "habits"
    TOGETHER = "together"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class Act:
    """A verb with its time: `delay` or `at` of a later, `days` or `until` of a pause."""

    verb: Verb
    delay: timedelta | None = None
    at: time | None = None
    days: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Targets:
    """Numbers of habits, in the order they were written."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a message is read against."""

    language: str
    now: datetime
    names: Mapping[words.Phrase, frozenset[int]]
    """The numbers of the habits that go by a name."""
    known: tuple[int, ...]
    all: tuple[int, ...]
    """What "all" stands for, nothing where nobody could say."""
    both: tuple[int, ...]
    """What "both" stands for, two or nothing."""


Item = Act | Targets
Read = tuple[Item, int]


def read(tokens: Sequence[str], place: int, ground: Ground) -> Read | None:
    """Return the verb or the habits at a place with the place after them, or None if there is neither."""
    return _act(tokens, place, ground) or _targets(tokens, place, ground)


@cache
def _verbs(language: str) -> Mapping[words.Phrase, Verb]:
    return {phrase: verb for verb in reversed(Verb) for phrase in words.phrases(verb.value, language)}


def _act(tokens: Sequence[str], place: int, ground: Ground) -> Read | None:
    verbs = _verbs(ground.language)
    length = words.match(tokens, place, verbs)
    # "Together time" is a name of quality time.
    if length <= words.match(tokens, place, ground.names):
        return None
    verb, after = verbs[tuple(tokens[place : place + length])], place + length
    given = after + int(after < len(tokens) and tokens[after] == words.SEPARATOR)
    match verb:
        case Verb.LATER:
            return _later(tokens, given, ground) or (Act(Verb.LATER), after)
        case Verb.LATER_IN:
            return _later(tokens, after, ground)
        case Verb.PAUSE:
            return _pause(tokens, given, ground) or (Act(Verb.PAUSE), after)
        case Verb.PAUSE_WITH:
            return _pause(tokens, after, ground)
    return Act(verb), after


def _later(tokens: Sequence[str], place: int, ground: Ground) -> Read | None:
    language = ground.language
    start = place + words.match(tokens, place, words.phrases("span_leads", language))
    if span := numbers.minutes(tokens, start, language):
        return Act(Verb.LATER, delay=span[0]), span[1]
    if days := numbers.days(tokens, start, language):
        return Act(Verb.LATER, delay=timedelta(days=days[0])), days[1]
    start = place + words.match(tokens, place, words.phrases("clock_leads", language))
    clock = numbers.clock(tokens, start, ground.now, language)
    # A number alone ("later 2") could as well be a habit or a span.
    if clock is None or (clock[1] == place + 1 and tokens[place].isdigit()):
        return None
    return Act(Verb.LATER, at=clock[0]), clock[1]


def _pause(tokens: Sequence[str], place: int, ground: Ground) -> Read | None:
    language, today = ground.language, ground.now.date()
    if length := words.match(tokens, place, words.phrases("today", language)):
        return Act(Verb.PAUSE, days=1), place + length
    start = place + words.match(tokens, place, words.phrases("span_leads", language))
    if (days := numbers.days(tokens, start, language)) and days[0] <= LONGEST_PAUSE:
        return Act(Verb.PAUSE, days=days[0]), days[1]
    lead = words.match(tokens, place, words.phrases("until", language))
    until = numbers.day(tokens, place + lead, today, language) if lead else None
    if until and (until[0] - today).days <= LONGEST_PAUSE:
        return Act(Verb.PAUSE, until=until[0]), until[1]
    return None


def _targets(tokens: Sequence[str], place: int, ground: Ground) -> Read | None:
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
    return _all(tokens, start, ground) or _named(tokens, start, ground)


def _all(tokens: Sequence[str], place: int, ground: Ground) -> Read | None:
    for name, of in (("all", ground.all), ("both", ground.both)):
        if of and (length := words.match(tokens, place, words.phrases(name, ground.language))):
            return Targets(of), place + length
    return None


def _named(tokens: Sequence[str], place: int, ground: Ground) -> Read | None:
    """Return the habit that is named here, exactly or nearly, if it is the only one."""
    lengths = range(min(LONGEST_NAME, len(tokens) - place), 0, -1)
    spellings = [(place + length, tuple(tokens[place : place + length])) for length in lengths]
    for after, spelling in spellings:
        if len(found := ground.names.get(spelling, frozenset())) == 1:
            return Targets(tuple(found)), after
    for after, spelling in spellings:
        if len(found := _near(" ".join(spelling), ground.names)) == 1:
            return Targets(tuple(found)), after
    return None


def _near(spelling: str, names: Mapping[words.Phrase, frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*(of for name, of in names.items() if _is_near(spelling, " ".join(name))))


def _is_near(spelling: str, name: str) -> bool:
    """Say whether a spelling is one edit from a name of 5 letters on, or two from 8 if it begins alike."""
    shorter = min(len(spelling), len(name))
    edits = 2 if shorter >= TWO_EDITS_FROM else 1 if shorter >= ONE_EDIT_FROM else 0
    distance = OSA.distance(spelling, name, score_cutoff=edits)
    return distance <= edits and (distance < 2 or spelling[0] == name[0])
