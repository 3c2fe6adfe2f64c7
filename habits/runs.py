"""Runs: kept periods in an unbroken row, judged from the start on, oldest first."""

from dataclasses import dataclass, field

from habits.goals import SPARE_WINDOW, Unit
from habits.periods import Ledger, Span, done_and_target, period_of, periods
from habits.verdicts import HELD, KEPT, MISSED


@dataclass(slots=True)
class Tally:
    """What the judging has come to; it changes as days are judged. Days are counted from the start (0).

    `count` kept periods are in the current run, 0 without one; `since` is its first day. `broken` is the
    period that ended the newest run that a miss ended, first and last day. `forgiven` are all forgiven days.
    """

    unit: Unit
    count: int = 0
    since: int = -1
    longest: dict[Unit, int] = field(default_factory=dict)
    broken: tuple[int, int] | None = None
    forgiven: list[int] = field(default_factory=list)

    def copy(self) -> "Tally":
        """Return a tally that can be led on without changing this one."""
        return Tally(self.unit, self.count, self.since, dict(self.longest), self.broken, list(self.forgiven))

    def enter(self, unit: Unit) -> None:
        """Go on under this unit: a change of unit ends the run, without a miss."""
        if unit is not self.unit:
            self._close()
            self.unit = unit

    def add(self, count: int, first: int) -> None:
        """Count kept periods, of which the oldest begins on the day `first`."""
        if count and not self.count:
            self.since = first
        self.count += count

    def miss(self, first: int, last: int) -> None:
        """Break the run, if there is one, at a missed period."""
        if self.count:
            self.broken = first, last
            self._close()

    def spares(self, day: int, reserve: int) -> int:
        """Return how many missed days may still be forgiven among the 28 that end with `day`."""
        recent = self.forgiven[-reserve:] if reserve else []
        return reserve - sum(spent > day - SPARE_WINDOW for spent in recent)

    def settle(self) -> None:
        """Take the current run, as it is by now, into the longest."""
        if self.count > self.longest.get(self.unit, 0):
            self.longest[self.unit] = self.count

    def _close(self) -> None:
        self.settle()
        self.count, self.since = 0, -1


def advance(tally: Tally, book: Ledger, verdicts: bytearray, begin: int, end: int) -> None:
    """Judge every period whose last day is `begin` or later and before `end`: it is over, and may be missed.

    A tally that has come up to `begin` is led on to `end`.
    """
    for span in book.spans:
        if span.last < begin or span.first >= end:
            continue
        tally.enter(span.goal.unit)
        if span.goal.unit is Unit.DAY:
            _judge_days(tally, verdicts, max(begin, span.first), min(end, span.last + 1), span.goal.reserve)
        else:
            _judge_periods(tally, book, span, begin, end)


def _judge_days(tally: Tally, verdicts: bytearray, begin: int, end: int, reserve: int) -> None:
    while begin < end:
        miss = until_break(tally, verdicts, begin, end, reserve)
        if miss < end:
            tally.miss(miss, miss)
        begin = miss + 1


def until_break(tally: Tally, verdicts: bytearray, begin: int, end: int, reserve: int) -> int:
    """Judge the days of one goal, and return the first on which a run breaks: not judged yet, or `end`.

    Only a missed day takes thought, so that whole stretches between two of them are passed over at once.
    """
    if not tally.count:
        begin = verdicts.find(KEPT, begin, end)
        if begin < 0:
            return end
    while True:
        miss = verdicts.find(MISSED, begin, end)
        stop = end if miss < 0 else miss
        tally.add(verdicts.count(KEPT, begin, stop), begin)
        if miss < 0 or not tally.spares(miss, reserve):
            return stop
        tally.forgiven.append(miss)
        begin = miss + 1


def _judge_periods(tally: Tally, book: Ledger, span: Span, begin: int, end: int) -> None:
    for first, last in periods(book, span, begin):
        if last >= end:
            return
        done, target = done_and_target(book, first, last, span.goal.times)
        if target and done >= target:
            tally.add(1, first)
        elif target:
            tally.miss(first, last)


def count_today(tally: Tally, book: Ledger, verdicts: bytearray) -> None:
    """Add the current period if it is kept already. The tally has come up to today."""
    tally.enter(book.span_of(book.today).goal.unit)
    done, target = count_of(book, verdicts, book.today)
    if target and done >= target:
        tally.add(1, period_of(book, book.today)[0])
    tally.settle()


def count_of(book: Ledger, verdicts: bytearray, day: int) -> tuple[int, int]:
    """Return the count and the target of the period that holds `day`; a day counts 1 of 1 once it is kept.

    A target of 0 means that nothing is left to do: every day of the period is excused, or none is due.
    """
    goal = book.span_of(day).goal
    if goal.unit is Unit.DAY:
        return int(verdicts[day] == KEPT), int(verdicts[day] != HELD)
    return done_and_target(book, *period_of(book, day), goal.times)
