"""When a reminder is due next: a schedule's calendar dates, resolved in the person's zone.

Times are compared in UTC and resolved by `days.instant`. Dates are plain calendar dates, so `mon 01:00` is
calendar Monday although the person's day may still be Sunday. A date that the zone skipped has no occurrence.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from habits.days import DAY, instant
from habits.schedule_rules import Schedule
from habits.schedule_text import ScheduleError, parse, text

__all__ = ["Schedule", "ScheduleError", "fires_on", "next_at", "parse", "text", "time_on"]


def next_at(
    schedule: Schedule,
    after: datetime,
    zone: ZoneInfo,
    starts_on: date,
    seed: int,
    not_on_or_before: date | None = None,
) -> datetime | None:
    """Return the UTC instant of the first occurrence strictly after the aware instant `after`.

    Only dates from `starts_on` on count, and only those later than `not_on_or_before`, the last that fired
    (see `fires_on`), so that a change of zone or schedule repeats no date. `seed` draws the minute of a
    window. None if the calendar ends first, in year 9999. ValueError for a naive `after`.
    """
    found = _next(schedule, after, zone, starts_on, seed, not_on_or_before)
    return found[0] if found else None


def fires_on(schedule: Schedule, at: datetime, zone: ZoneInfo, starts_on: date, seed: int) -> date:
    """Return the calendar date whose occurrence is at the aware instant `at`, as `next_at` gave it.

    It can differ from the date that clocks show: on the night when Nuuk skips 23:00 to 24:00, 23:30 fires at
    00:30 of the next date. If two dates meet in one instant it is the later; if the schedule does not fire at
    `at`, it is the date that clocks show.
    """
    found = _next(schedule, at - timedelta.resolution, zone, starts_on, seed, None)
    return found[1] if found and found[0] == at else at.astimezone(zone).date()


def time_on(schedule: Schedule, day: date, seed: int) -> time:
    """Return the local time of day at which the schedule is due on `day`, one of its dates.

    In a window it is a minute between `opens` and `closes`, both included, drawn evenly from seed and date
    alone: the same on every machine and each time asked. Where that minute does not exist, the occurrence
    moves forward by the gap, even past the window's end.
    """
    if schedule.opens == schedule.closes:
        return schedule.opens
    first, last = _minute(schedule.opens), _minute(schedule.closes)
    drawn = int.from_bytes(sha256(f"{seed} {day.toordinal()}".encode()).digest()[:8])
    return time(*divmod(first + drawn % (last - first + 1), 60))


def _next(
    schedule: Schedule,
    after: datetime,
    zone: ZoneInfo,
    starts_on: date,
    seed: int,
    not_on_or_before: date | None,
) -> tuple[datetime, date] | None:
    soonest: tuple[datetime, date] | None = None
    day = max(starts_on, _earliest(after, zone))
    try:
        if not_on_or_before is not None and not_on_or_before >= day:
            day = not_on_or_before + DAY
        while True:
            day = schedule.rule.on_or_after(day, starts_on)
            at = instant(day, time_on(schedule, day, seed), zone)
            if at is not None and at > after:
                if soonest is None or at <= soonest[0]:
                    soonest = at, day
                # A minute that a gap pushed past midnight may come after that of the next date.
                if at.astimezone(zone).date() == day:
                    return soonest
            day += DAY
    except OverflowError:
        return soonest


@lru_cache(maxsize=1024)
def _earliest(at: datetime, zone: ZoneInfo) -> date:
    """Return the earliest date that can still be due: a gap can push yesterday's time past midnight."""
    if at.tzinfo is None:
        raise ValueError("An instant must be aware: give it a time zone.")
    try:
        local, day_ago = at.astimezone(zone), (at - DAY).astimezone(zone)
        return local.date() if local.utcoffset() == day_ago.utcoffset() else local.date() - DAY
    except OverflowError:  # In the first or the last day of the calendar.
        return at.date()


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute
