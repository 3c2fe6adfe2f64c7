"""The facts of one habit, and the periods into which its dated goals divide its days.

Every day belongs to exactly one period, judged by the goal in force on the period's first day. A change of
goal takes hold with the next period: of a week begun under `3 a week`, Sunday is the last day under it. Where
the unit changes in the middle of a week or month, what is left of it is the new goal's first period, as at
the habit's start: its target is lowered to the days left, and it is never a miss.
"""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from habits.entries import EXCUSED, NOTHING, NOTHING_SAID, Entry, Pause, Said, fold
from habits.goals import DatedGoal, Goal, Unit

AHEAD = 800
"""Days after today that are looked at for slack: two of the longest windows, and then some."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one habit of one person; everything shown is derived from it.

    `started_on` and `ended_on` are its first and its last day (None: it goes on). `goals`, `entries` and
    `pauses` in any order. A date that the person's zone skipped is given as a pause of that day.
    `week_starts` is 0 (Monday) to 6. `said` stands beside entries, or in their place where nothing was taken
    back. ValueError without a goal or with two from the same day.
    """

    started_on: date
    goals: Sequence[DatedGoal]
    entries: Sequence[Entry] = ()
    pauses: Sequence[Pause] = ()
    ended_on: date | None = None
    week_starts: int = 0
    said: Said = NOTHING_SAID

    def __post_init__(self) -> None:
        if not self.goals:
            raise ValueError("A habit needs a goal.")
        if len(self.goals) > 1 and len({dated.effective_on for dated in self.goals}) < len(self.goals):
            raise ValueError("Two goals of a habit cannot begin on the same day.")
        if not 0 <= self.week_starts < 7:
            raise ValueError("A week starts on one of Monday (0) to Sunday (6).")

    def judged_on(self, today: date) -> date:
        """Return the day that counts as today: the last day of an archived habit, once that is past."""
        return min(today, self.ended_on) if self.ended_on else today


class Span(NamedTuple):
    """Days in a row, both ends included and counted from the start (0), that one goal judges."""

    first: int
    last: int
    goal: Goal


@dataclass(frozen=True, slots=True)
class Ledger:
    """The facts in days counted from the start (0): `marks` as of `entries.fold`, `spans` without a gap.

    Both reach `AHEAD` days beyond `today`; the last span may end later, with its week or month.
    """

    started_on: date
    today: int
    marks: bytearray
    spans: list[Span]
    week_starts: int

    def date(self, day: int) -> date:
        """Return the date of a day counted from the start."""
        return date.fromordinal(self.started_on.toordinal() + day)

    def span_of(self, day: int) -> Span:
        """Return the span that holds `day`, from the start to the last day looked at."""
        return self.spans[bisect_right(self.spans, day, key=lambda span: span.first) - 1]


def ledger(facts: Facts, today: date) -> Ledger | None:
    """Return the facts as they stand on `today`; None if the habit has not begun by then."""
    today = facts.judged_on(today)
    if today < facts.started_on:
        return None
    now = (today - facts.started_on).days
    ahead = min(AHEAD, (date.max - today).days)
    marks = fold(facts.entries, facts.pauses, facts.started_on, today, ahead, facts.said)
    return Ledger(facts.started_on, now, marks, _spans(facts, now + ahead), facts.week_starts)


def _spans(facts: Facts, until: int) -> list[Span]:
    origin = facts.started_on.toordinal()
    goals = sorted(facts.goals, key=lambda dated: dated.effective_on)
    changes = [dated.effective_on.toordinal() - origin for dated in goals]
    spans: list[Span] = []
    first = 0
    while first <= until:
        position = max(0, bisect_right(changes, first) - 1)
        goal = goals[position].goal
        last = min(until, changes[position + 1] - 1) if position + 1 < len(goals) else until
        if goal.unit is not Unit.DAY:
            last = period_end(origin + last, goal.unit, facts.week_starts) - origin
        spans.append(Span(first, last, goal))
        first = last + 1
    return spans


def period_start(ordinal: int, unit: Unit, week_starts: int) -> int:
    """Return the ordinal of the first day of the calendar week or month that holds the day `ordinal`."""
    if unit is Unit.WEEK:
        # Ordinal 1, the first of January of the year 1, is a Monday.
        return ordinal - (ordinal - 1 - week_starts) % 7
    return ordinal + 1 - date.fromordinal(ordinal).day


def period_end(ordinal: int, unit: Unit, week_starts: int) -> int:
    """Return the ordinal of the last day of the calendar week or month that holds the day `ordinal`."""
    first = period_start(ordinal, unit, week_starts)
    if unit is Unit.WEEK:
        return first + 6
    day = date.fromordinal(ordinal)
    return first + monthrange(day.year, day.month)[1] - 1


def periods(book: Ledger, span: Span, since: int = 0) -> Iterator[tuple[int, int]]:
    """Yield first and last day of each week or month of a span that ends on or after the day `since`."""
    origin, unit = book.started_on.toordinal(), span.goal.unit
    first = max(span.first, period_start(origin + since, unit, book.week_starts) - origin)
    while first <= span.last:
        last = period_end(origin + first, unit, book.week_starts) - origin
        yield first, last
        first = last + 1


def period_of(book: Ledger, day: int) -> tuple[int, int]:
    """Return first and last day of the period that holds `day`; a goal counted in days has one each day."""
    span = book.span_of(day)
    return (day, day) if span.goal.unit is Unit.DAY else next(periods(book, span, day))


def done_and_left(book: Ledger, first: int, last: int) -> tuple[int, int]:
    """Return the days done in a period and the days of it that are not excused."""
    marks = book.marks[first : last + 1]
    left = len(marks) - marks.count(EXCUSED)
    return left - marks.count(NOTHING), left


def done_and_target(book: Ledger, first: int, last: int, times: int) -> tuple[int, int]:
    """Return the days done in a period and its target, which excused days lower to the days left.

    A target of 0 means that none were left: the period holds.
    """
    done, left = done_and_left(book, first, last)
    return done, min(times, left)
