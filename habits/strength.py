"""Strength: how well established a habit is, a number in [0, 1] that grows and fades slowly.

Source: the score of Loop Habit Tracker (uhabits). For n times in d days, each day from the start on:
m = 0.5 ** (sqrt(n / d) / 13) and s = s * m + c * (1 - m), where c is the share of the goal that was done
in the last D days: min(1, dones / N). N and D are n and d, doubled when n / d < 1. Example: a daily habit
done on its first day has 0.051922, after twenty days in a row 0.655747.
"""

from datetime import date
from itertools import accumulate
from math import sqrt

from habits.entries import DONE, EXCUSED
from habits.goals import Goal, Kind
from habits.periods import Facts, Ledger, Span, ledger


def strength(facts: Facts, today: date) -> float:
    """Return the strength as of `today`, in [0, 1]; 0 before the start.

    An excused day carries it over; a forgiven miss does not. Each day is judged by the goal of its period.
    """
    book = ledger(facts, today)
    value = 0.0
    if book:
        for span in book.spans:
            if span.first <= book.today:
                value = _through(book, span, value)
    return value


def times_and_days(goal: Goal) -> tuple[int, int]:
    """Return n and d of a goal; as often as there are days is 1 and 1, whatever they are."""
    times = min(goal.times, goal.days)
    return (1, 1) if times == goal.days else (times, goal.days)


def carried(frequency: float) -> float:
    """Return m, the part of the strength that a day without anything leaves; `frequency` is n / d, to 1."""
    return float(0.5 ** (sqrt(frequency) / 13))


def _through(book: Ledger, span: Span, value: float) -> float:
    """Return the strength after the days of a span up to today."""
    times, days = times_and_days(span.goal)
    target, window = (times, days) if times == days else (2 * times, 2 * days)
    keep = carried(times / days)
    gains = [min(1.0, done / target) * (1 - keep) for done in range(window + 1)]
    end = min(span.last, book.today) + 1
    for mark, done in zip(book.marks[span.first : end], _done_lately(book, span, end, window), strict=True):
        if mark != EXCUSED:
            value = value * keep + gains[done]
    return value


def _done_lately(book: Ledger, span: Span, end: int, window: int) -> list[int]:
    """Return for each day of the span before `end` the days done in the `window` days that end with it."""
    before = max(0, span.first - window)
    counts = [mark // DONE for mark in book.marks[before:end]]
    if span.goal.kind is Kind.WEEKDAYS:
        weekday = book.date(before).weekday()
        due = [(weekday + day) % 7 in span.goal.weekdays for day in range(7)]
        counts = [done & due[day % 7] for day, done in enumerate(counts)]
    sums = [0] * (window - (span.first - before)) + list(accumulate(counts, initial=0))
    return [late - early for early, late in zip(sums[1:], sums[window + 1 :], strict=False)]
