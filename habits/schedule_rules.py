"""What a schedule is: a rule that names calendar dates, and the time or the window on each of them."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta

from habits.days import DAY

MAX_DAYS = 365
MAX_WEEKS = 52
EVERY_WEEKDAY = (0, 1, 2, 3, 4, 5, 6)

# Each rule has `on_or_after(day, starts_on)`: its first date from `day` on, where `day` is not before
# `starts_on`, the date from which "every" counts. OverflowError when the calendar ends first.


@dataclass(frozen=True, slots=True)
class Weekly:
    """The same days of every week, in order, 0 = Monday to 6 = Sunday."""

    weekdays: tuple[int, ...]

    def __post_init__(self) -> None:
        known = tuple(day for day in EVERY_WEEKDAY if day in self.weekdays)
        if not known or known != self.weekdays:
            raise ValueError("A week needs at least one day, each once and in order, from 0 (Monday) to 6.")

    def on_or_after(self, day: date, _starts_on: date) -> date:
        """Return the first such day from `day` on."""
        while day.weekday() not in self.weekdays:
            day += DAY
        return day


@dataclass(frozen=True, slots=True)
class EveryDays:
    """Every so many days (2 to 365), counted from the start date, which is the first."""

    count: int

    def __post_init__(self) -> None:
        _check_range("The number of days", self.count, 2, MAX_DAYS)

    def on_or_after(self, day: date, starts_on: date) -> date:
        """Return the first such day from `day` on."""
        return day + timedelta((starts_on - day).days % self.count)


@dataclass(frozen=True, slots=True)
class EveryWeeks:
    """One weekday of every so many weeks (2 to 52), counted from the first one on or after the start date."""

    count: int
    weekday: int

    def __post_init__(self) -> None:
        _check_range("The number of weeks", self.count, 2, MAX_WEEKS)
        _check_range("The weekday", self.weekday, 0, 6)

    def on_or_after(self, day: date, starts_on: date) -> date:
        """Return the first such day from `day` on."""
        first = (self.weekday - starts_on.weekday()) % 7
        return day + timedelta(((starts_on - day).days + first) % (7 * self.count))


@dataclass(frozen=True, slots=True)
class MonthDay:
    """The same day of every month (1 to 31), or the last day of a month that is shorter."""

    day: int

    def __post_init__(self) -> None:
        _check_range("The day of the month", self.day, 1, 31)

    def on_or_after(self, day: date, _starts_on: date) -> date:
        """Return the first such day from `day` on."""
        return _monthly(day, lambda last: last.replace(day=min(self.day, last.day)))


@dataclass(frozen=True, slots=True)
class LastWeekday:
    """The last such weekday of every month, 0 = Monday to 6 = Sunday."""

    weekday: int

    def __post_init__(self) -> None:
        _check_range("The weekday", self.weekday, 0, 6)

    def on_or_after(self, day: date, _starts_on: date) -> date:
        """Return the first such day from `day` on."""
        return _monthly(day, lambda last: last - timedelta((last.weekday() - self.weekday) % 7))


Rule = Weekly | EveryDays | EveryWeeks | MonthDay | LastWeekday


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rule and the local time of day on its dates: one time if `opens` equals `closes`, else a window.

    Both ends of a window are part of it. Times are naive whole minutes. ValueError for any others.
    """

    rule: Rule
    opens: time
    closes: time

    def __post_init__(self) -> None:
        if any(end != time(end.hour, end.minute) or end.fold for end in (self.opens, self.closes)):
            raise ValueError("A schedule's time must be a whole minute without a time zone.")
        if self.opens > self.closes:
            raise ValueError("A schedule's window must end after it begins, on the same day.")


def _monthly(day: date, due: Callable[[date], date]) -> date:
    last = _last_of_month(day)
    if due(last) < day:
        last = _last_of_month(last + DAY)
    return due(last)


def _last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _check_range(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{what} must be from {low} to {high}.")
