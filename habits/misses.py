"""A missed period, and why it was missed, in words."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date

from habits.entries import DONE
from habits.goals import Kind, Unit, goal_text
from habits.periods import Ledger, done_and_target

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Miss:
    """A missed period: its first and last day, what was done of its (lowered) target, and that in words.

    For a rolling goal `done` is the most that a window holding the day, with a done on or before it, has.
    """

    first_on: date
    last_on: date
    done: int
    target: int
    words: str


def miss(book: Ledger, first: int, last: int) -> Miss:
    """Return a missed period with what was done of it, in words: `week of 3 Nov: 1 of 3`."""
    goal = book.span_of(first).goal
    if goal.kind is Kind.ROLLING:
        done, target = _most_in_window(book, first, goal.days), goal.times
        count = f"{done} of {goal_text(goal)}"
    elif goal.unit is Unit.DAY:
        done, target = 0, 1
        count = "not done"
    else:
        done, target = done_and_target(book, first, last, goal.times)
        count = f"{done} of {target}"
    words = f"{period_words(book, first)}: {count}"
    return Miss(book.date(first), book.date(last), done, target, words)


def period_words(book: Ledger, first: int) -> str:
    """Return the name of the period that begins on `first`: `Mon 3 Nov`, `week of 3 Nov` or `Nov`.

    The year is said if it is not today's.
    """
    day, unit = book.date(first), book.span_of(first).goal.unit
    year = "" if day.year == book.date(book.today).year else f" {day.year}"
    if unit is Unit.MONTH:
        return f"{MONTHS[day.month - 1]}{year}"
    words = f"{day.day} {MONTHS[day.month - 1]}{year}"
    return f"week of {words}" if unit is Unit.WEEK else f"{DAYS[day.weekday()]} {words}"


def _most_in_window(book: Ledger, day: int, days: int) -> int:
    """Return the most dones in any window of `days` that holds `day` and has one on or before it."""
    nearby = range(max(0, day - days + 1), min(day + days, book.today + 1))
    done = [near for near in nearby if book.marks[near] & DONE]
    counts = [bisect_left(done, first + days) - place for place, first in enumerate(done) if first <= day]
    return max(counts, default=0)
