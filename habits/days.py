"""A person's days: when each begins, and which one an instant belongs to.

A day is a local date that begins once, at the instant of the person's `day_starts` (usually 03:00).
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """Return the UTC instant at which the clocks of `zone` show `at` (naive) on the date `day`.

    A time that does not exist moves forward by the gap (so 23:30 may fall on the next date), and one that
    exists twice is the first of the two, as in PEP 495. None if there is no such instant: the zone skipped
    that date, as Pacific/Apia skipped 2011-12-30, or it lies outside of the years 1 to 9999.
    """
    local = datetime.combine(day, at.replace(fold=0), zone)
    try:
        resolved = local.astimezone(UTC)
    except OverflowError:
        return None
    # Two times of one zone are subtracted as the clocks show them: this is the gap, or nothing.
    gap = resolved.astimezone(zone) - local
    return resolved if gap < DAY else None


def day_begins(day: date, zone: ZoneInfo, day_starts: time) -> datetime:
    """Return the UTC instant at which a person's day begins.

    A date that the zone skipped is empty: it begins together with the next one. OverflowError on the last
    days of year 9999.
    """
    while (begins := instant(day, day_starts, zone)) is None:
        day += DAY
    return begins


def day_of(at: datetime, zone: ZoneInfo, day_starts: time) -> date:
    """Return the person's day to which the aware instant `at` belongs: the latest one that has begun.

    It never goes back as `at` goes on, in no zone, and is never a date that the zone skipped. ValueError for
    a naive `at`; OverflowError within two days of the calendar's ends.
    """
    if at.tzinfo is None:
        raise ValueError("An instant must be aware: give it a time zone.")
    # Clocks set back over midnight show the old date again, although the next day has begun.
    day = at.astimezone(zone).date() + DAY
    while (begins := instant(day, day_starts, zone)) is None or begins > at:
        day -= DAY
    return day
