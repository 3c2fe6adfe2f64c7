"""A person's days: when each begins, and which one an instant belongs to.

A day is a local date that begins once, at the instant of the person's `day_starts` (usually 03:00).
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
HALF_A_DAY = timedelta(hours=12)
KNOWN = range(1970, 2038)
"""Years in which a zone may skip a date: the time zone database lists single changes up to 2037."""


# Most people of a batch are due at the same time of the same day.
@lru_cache(maxsize=8192)
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


@lru_cache(maxsize=8192)
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


@lru_cache(maxsize=1024)
def skipped_dates(zone: ZoneInfo) -> tuple[date, ...]:
    """Return the dates from 1970 on that never were in `zone`, in order: nearly always none.

    Asked once a zone, it costs a look at each year; after that next to nothing.
    """
    # A zone that moves across the date line gains about a day of offset, which no summer time does.
    crossed = (year for year in KNOWN if _offset(zone, year + 1) - _offset(zone, year) > HALF_A_DAY)
    days = (date(year, 1, 1) + DAY * ahead for year in crossed for ahead in range(366))
    return tuple(day for day in days if instant(day, time(12), zone) is None)


def _offset(zone: ZoneInfo, year: int) -> timedelta:
    """Return how far the clocks of `zone` are ahead of UTC when a year begins in UTC."""
    return datetime(year, 1, 1, tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()
