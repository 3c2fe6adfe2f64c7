"""Goals: how often a habit has to be done, as people write it and as a row keeps it.

Three kinds: `calendar` (`daily`, `3 a week`, `4 a month`), `weekdays` (`mon wed fri`) and `rolling`
(`2 in 10 days`). A day is done or it is not, so every goal counts different days.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

LONGEST_WINDOW = 366
"""Days that a rolling goal may look at: a year is the longest that anybody means."""
SPARE_WINDOW = 28
"""Spare days are counted in any 28 days in a row, so that more than 28 would mean the same as 28."""
USUAL_RESERVE = 2

SHORT_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONG_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS = {name: number for names in (SHORT_NAMES, LONG_NAMES) for number, name in enumerate(names)}
NAMED_DAYS = {"weekdays": "mon tue wed thu fri", "weekends": "sat sun"}
EXAMPLES = "daily, 3 a week, 4 a month, mon wed fri, or 2 in 10 days"
LONGEST_TEXT = 100


class Kind(StrEnum):
    """The three kinds of goal."""

    CALENDAR = "calendar"
    WEEKDAYS = "weekdays"
    ROLLING = "rolling"


class Unit(StrEnum):
    """What a streak counts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


UNITS = {1: Unit.DAY, 7: Unit.WEEK, 30: Unit.MONTH}
"""The unit of a calendar goal by its `days`, which is also the d of its strength."""
MOST_TIMES = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31}


class GoalError(ValueError):
    """A goal was not understood or cannot be kept: the message points at the word and gives an example."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal with the fields of its row. ValueError, one plain sentence, if nobody could keep it.

    `times` in `days`: for `calendar` days is 1, 7 or 30 and stands for the unit day, week or month; for
    `rolling` it is the length of the window, 1 to 366; for `weekdays` times is the number of `weekdays`
    (0 is Monday) and days is 7. `reserve` is the number of missed days forgiven in any 28, 0 to 28; weeks
    and months do not use it.
    """

    kind: Kind
    times: int
    days: int
    weekdays: frozenset[int] = frozenset()
    reserve: int = USUAL_RESERVE

    def __post_init__(self) -> None:
        wrong = _wrong_reserve(self) or _wrong_weekdays(self) or _wrong_times(self)
        if wrong:
            raise ValueError(wrong)

    @property
    def unit(self) -> Unit:
        """What a streak under this goal counts: days, except for calendar weeks and months."""
        return UNITS[self.days] if self.kind is Kind.CALENDAR else Unit.DAY


@dataclass(frozen=True, slots=True)
class DatedGoal:
    """A goal and the first day on which it is in force, until the next one."""

    effective_on: date
    goal: Goal


def goal_on(goals: Sequence[DatedGoal], day: date) -> Goal:
    """Return the goal in force on `day`; `goals` in any order, at least one.

    Before the first one it is the first: a habit has a goal from its start on, wherever that is.
    """
    ordered = sorted(goals, key=lambda dated: dated.effective_on)
    position = bisect_right([dated.effective_on for dated in ordered], day) - 1
    return ordered[max(0, position)].goal


def weekday_mask(goal: Goal) -> int:
    """Return the weekdays of a goal as a row keeps them: Monday 1, Tuesday 2, Wednesday 4 … Sunday 64."""
    return sum(1 << weekday for weekday in goal.weekdays)


@lru_cache(maxsize=1024)
def goal_of_row(kind: str, times: int, days: int, weekdays: int, reserve: int) -> Goal:
    """Return the goal that a row keeps, `weekdays` being a `weekday_mask`. ValueError if it is none."""
    return Goal(Kind(kind), times, days, frozenset(day for day in range(7) if weekdays >> day & 1), reserve)


def goal_text(goal: Goal) -> str:
    """Return the one canonical way to write a goal, without its reserve; `parse_goal` reads it back."""
    if goal.kind is Kind.WEEKDAYS:
        return " ".join(SHORT_NAMES[day] for day in sorted(goal.weekdays))
    if goal.kind is Kind.ROLLING:
        return f"{goal.times} in {goal.days} {'day' if goal.days == 1 else 'days'}"
    return "daily" if goal.unit is Unit.DAY else f"{goal.times} a {goal.unit}"


def parse_goal(text: str, reserve: int = USUAL_RESERVE) -> Goal:
    """Return the goal that a person wrote; capital letters, commas and long names of days are allowed.

    Besides the canonical forms: `every day`, `once a week`, `3 times a week`, `3x per week`, `weekly`,
    `monthly`, `weekdays` (Monday to Friday) and `weekends`. GoalError, fit to be shown to that person,
    if it is no goal or one that nobody can keep.
    """
    if len(text) > LONGEST_TEXT:
        raise _error("That is too long for a goal.")
    words = text.casefold().replace(",", " ").split()
    if not words:
        raise _error("The goal is empty.")
    parts = _parts(words)
    try:
        return Goal(*parts, reserve=reserve)
    except ValueError as wrong:
        raise _error(str(wrong)) from None


def _parts(words: list[str]) -> tuple[Kind, int, int, frozenset[int]]:
    """Return kind, times, days and weekdays; words of a known whole are written out first."""
    whole = {
        "daily": "1 a day",
        "every day": "1 a day",
        "weekly": "1 a week",
        "monthly": "1 a month",
        **NAMED_DAYS,
    }
    words = whole.get(" ".join(words), " ".join(words)).split()
    if words[0] in WEEKDAYS:
        return _weekdays(words)
    match = re.fullmatch("([0-9]+)x?", {"once": "1", "twice": "2"}.get(words[0], words[0]))
    if not match:
        raise _unknown(words[0])
    rest = words[2:] if words[1:2] in (["times"], ["time"]) else words[1:]
    return _counted(int(match[1]), words[0], rest)


def _counted(times: int, number: str, rest: list[str]) -> tuple[Kind, int, int, frozenset[int]]:
    """Return the parts of `3 a week` or `2 in 10 days`, given the words after the number."""
    if not rest:
        raise _error(f"Say in what time after {_shown(number)}.")
    if rest[0] == "in":
        days, length = _window(rest), 3
        parts = Kind.ROLLING, times, days
    elif rest[0] in ("a", "per", "each", "every"):
        days, length = _calendar_days(rest), 2
        parts = Kind.CALENDAR, times, days
    else:
        raise _unknown(rest[0])
    if len(rest) > length:
        raise _unknown(rest[length])
    return *parts, frozenset()


def _window(rest: list[str]) -> int:
    if len(rest) < 3:
        raise _error(f"Say in how many days after {_shown(rest[-1])}.")
    if not re.fullmatch("[0-9]+", rest[1]):
        raise _error(f"A number of days belongs where {_shown(rest[1])} stands.")
    if rest[2] not in ("day", "days"):
        raise _unknown(rest[2])
    return int(rest[1])


def _calendar_days(rest: list[str]) -> int:
    if len(rest) < 2:
        raise _error(f"Say day, week or month after {_shown(rest[0])}.")
    for days, unit in UNITS.items():
        if rest[1] == unit:
            return days
    raise _unknown(rest[1])


def _weekdays(words: list[str]) -> tuple[Kind, int, int, frozenset[int]]:
    named: set[int] = set()
    for word in words:
        if word == "and":
            continue
        if word not in WEEKDAYS:
            raise _unknown(word)
        if WEEKDAYS[word] in named:
            raise _error(f"The day {_shown(word)} is named twice.")
        named.add(WEEKDAYS[word])
    return Kind.WEEKDAYS, len(named), 7, frozenset(named)


def _wrong_reserve(goal: Goal) -> str | None:
    if not 0 <= goal.reserve <= SPARE_WINDOW:
        return f"A reserve of {goal.reserve} days is not possible: it is 0 to {SPARE_WINDOW}."
    return None


def _wrong_weekdays(goal: Goal) -> str | None:
    if goal.kind is not Kind.WEEKDAYS:
        return "Only a goal of weekdays can name them." if goal.weekdays else None
    if not goal.weekdays or not goal.weekdays <= set(range(7)):
        return "A goal of weekdays needs at least one of Monday (0) to Sunday (6)."
    if (goal.times, goal.days) != (len(goal.weekdays), 7):
        return "A goal of weekdays is due once on each of them, in 7 days."
    return None


def _wrong_times(goal: Goal) -> str | None:
    if goal.kind is Kind.CALENDAR and goal.days not in UNITS:
        return "A calendar goal counts in days (1), weeks (7) or months (30)."
    if goal.kind is Kind.ROLLING and not 1 <= goal.days <= LONGEST_WINDOW:
        return f"A goal in {_digits(goal.days)} days is not possible: it looks at 1 to {LONGEST_WINDOW} days."
    span = f"in {goal.days} days" if goal.kind is Kind.ROLLING else f"a {goal.unit}"
    most = goal.days if goal.kind is Kind.ROLLING else MOST_TIMES[goal.unit]
    if goal.times < 1:
        return f"{goal.times} {span} asks for nothing: the least is 1."
    if goal.kind is not Kind.WEEKDAYS and goal.times > most:
        why = f"and there are at most {most} of them" if most > 1 else "however often it is done"
        return f"{_digits(goal.times)} {span} cannot be kept: a day counts once, {why}."
    return None


def _digits(number: int) -> str:
    return str(number) if abs(number) < 10**6 else "So many"


def _unknown(word: str) -> GoalError:
    return _error(f"{_shown(word)} is not understood here.")


def _error(message: str) -> GoalError:
    return GoalError(f"{message} For example: {EXAMPLES}.")


def _shown(word: str) -> str:
    return repr(word if len(word) <= 20 else f"{word[:20]}…")
