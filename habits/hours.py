"""A person's own limits in time: quiet hours, what is late, and what still goes into one message."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from habits.days import DAY, day_begins, day_of, instant

DIGEST = timedelta(minutes=10)
"""Reminders due this long after the first go into the same message."""
CATCH_UP = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Rules:
    """A person's own limits; local times in `zone`."""

    zone: ZoneInfo
    day_starts: time = time(3)
    quiet_from: time = time(21)
    quiet_to: time = time(8)
    daily_cap: int = 3
    catch_up: timedelta = CATCH_UP

    def day(self, at: datetime) -> date:
        """Return the person's day that an instant belongs to."""
        return day_of(at, self.zone, self.day_starts)


def is_late(due_at: datetime, rules: Rules, now: datetime) -> bool:
    """Say whether catch-up is over for what was due at `due_at`."""
    return now - due_at >= rules.catch_up and now - out_of_quiet(due_at, rules) >= rules.catch_up


def joins_until(first_at: datetime, rules: Rules) -> datetime:
    """Return until when what comes due joins the message of a reminder that is due at `first_at`.

    What is moved to the end of quiet hours takes along what is due then.
    """
    moved_at = out_of_quiet(first_at, rules)
    return (moved_at if rules.day(first_at) == rules.day(moved_at) else first_at) + DIGEST


def expiry(effective_at: datetime, not_before: datetime, rules: Rules) -> datetime:
    """Return when a message that may go from `not_before` on is of no use any more.

    That is the end of catch-up or the next quiet hours, whichever is first.
    """
    quiet = quiet_after(not_before, rules)
    late = effective_at + rules.catch_up
    return min(late, quiet) if quiet else late


@lru_cache(maxsize=8192)
def out_of_quiet(at: datetime, rules: Rules) -> datetime:
    """Return `at`, or the end of the quiet hours that it falls in; they include their beginning only."""
    for begins, ends in _quiet_around(at, rules):
        if begins <= at < ends:
            at = ends
    return at


def in_quiet(clock: time, rules: Rules) -> bool:
    """Say whether a time of day lies in the quiet hours of a day without a change of the clocks."""
    begins, ends = rules.quiet_from, rules.quiet_to
    if begins <= ends:
        return begins <= clock < ends
    return clock >= begins or clock < ends


@lru_cache(maxsize=8192)
def quiet_after(at: datetime, rules: Rules) -> datetime | None:
    """Return when the next quiet hours begin after `at`; None if the person has none."""
    return next((begins for begins, _ in _quiet_around(at, rules) if begins > at), None)


def _quiet_around(at: datetime, rules: Rules) -> list[tuple[datetime, datetime]]:
    """Return the quiet hours that may hold `at`, and the next ones, in order."""
    today = at.astimezone(rules.zone).date()
    found = (
        _quiet_on(today + DAY * ahead, rules.quiet_from, rules.quiet_to, rules.zone) for ahead in range(-2, 3)
    )
    return [hours for hours in found if hours]


@lru_cache(maxsize=4096)
def _quiet_on(
    day: date, quiet_from: time, quiet_to: time, zone: ZoneInfo
) -> tuple[datetime, datetime] | None:
    """Return when the quiet hours of a date begin and end; None if there are none.

    Both are resolved like a schedule's time and come once: clocks that go back do not begin them again.
    """
    begins = instant(day, quiet_from, zone)
    if begins is None or quiet_from == quiet_to:
        return None
    ends = day_begins(day if quiet_from < quiet_to else day + DAY, zone, quiet_to)
    return (begins, ends) if begins < ends else None
