"""The verdict on each day of the goals that are counted in days: kept, held or missed.

The same rules for `daily`, `weekdays` and `rolling`, written as bytes so that ten years cost little.
"""

from collections.abc import Iterable, Sequence

from habits.entries import DONE
from habits.goals import Goal, Kind, Unit
from habits.periods import Ledger, Span

MISSED, HELD, KEPT = 0, 1, 2
"""Held days neither count nor break: excused ones, and days on which nothing is due."""

_DUE = bytes([MISSED, HELD, KEPT, KEPT]).ljust(256)
# A done day that no window keeps yet, but that was excused, holds: otherwise its done would do harm.
_OUTSIDE_WINDOWS = bytes([MISSED, HELD, MISSED, HELD]).ljust(256)


def day_verdicts(book: Ledger) -> bytearray:
    """Return a verdict for each day of the ledger; 0 where weeks or months are counted.

    Days after today are judged as if nothing more was ever added.
    """
    verdicts = bytearray(len(book.marks))
    done = done_days(book) if any(span.goal.kind is Kind.ROLLING for span in book.spans) else []
    for span in book.spans:
        if span.goal.kind is Kind.ROLLING:
            verdicts[span.first : span.last + 1] = _told(book, span, _OUTSIDE_WINDOWS)
            for begins, ends in kept_stretches(done, span.goal):
                keep(verdicts, span, begins, ends)
        elif span.goal.unit is Unit.DAY:
            verdicts[span.first : span.last + 1] = _told(book, span, _DUE)
            if span.goal.kind is Kind.WEEKDAYS:
                _hold_days_off(book, verdicts, span)
    return verdicts


def done_days(book: Ledger) -> list[int]:
    """Return the done days in order, counted from the start."""
    return [day for day, mark in enumerate(book.marks) if mark & DONE]


def kept_stretches(done: Sequence[int], goal: Goal) -> Iterable[tuple[int, int]]:
    """Yield the days that a rolling goal keeps, as stretches from the first up to, not with, the second.

    The rule keeps a day if a window of d days that holds it has n dones, one of them on or before that day.
    The widest such window for n dones in a row begins with the first of them. So: wherever n dones in a row
    lie within d days, the d days from the first of them are kept, and no others.
    """
    begins = ends = -1
    for first, nth in zip(done, done[goal.times - 1 :], strict=False):
        if nth - first < goal.days:
            if first > ends:
                yield begins, ends
                begins = first
            ends = first + goal.days
    yield begins, ends


def keep(verdicts: bytearray, span: Span, begins: int, ends: int) -> None:
    """Mark the days from `begins` up to, not with, `ends` as kept, as far as they belong to the span."""
    begins, ends = max(begins, span.first), min(ends, span.last + 1)
    if begins < ends:
        verdicts[begins:ends] = bytes([KEPT]) * (ends - begins)


def verdict_if_done(book: Ledger, verdicts: bytearray, day: int) -> int:
    """Return the verdict on a day of these goals if it were done, as far as the day alone decides that."""
    goal = book.span_of(day).goal
    if goal.kind is Kind.ROLLING or (goal.kind is Kind.WEEKDAYS and not is_due(book, goal, day)):
        return verdicts[day]
    return KEPT


def is_due(book: Ledger, goal: Goal, day: int) -> bool:
    """Return whether a goal of weekdays names this day."""
    return book.date(day).weekday() in goal.weekdays


def _told(book: Ledger, span: Span, table: bytes) -> bytearray:
    return book.marks[span.first : span.last + 1].translate(table)


def _hold_days_off(book: Ledger, verdicts: bytearray, span: Span) -> None:
    for first in range(span.first, min(span.first + 7, span.last + 1)):
        if not is_due(book, span.goal, first):
            days = range(first, span.last + 1, 7)
            verdicts[first : span.last + 1 : 7] = bytes([HELD]) * len(days)
