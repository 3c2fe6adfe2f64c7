"""An independent answer to "which instant is this clock time?", from a zone's stretches of constant offset.

It never gives the zone a local time, so it shares no arithmetic with `habits.days`: offsets are only ever
asked for instants, and a local time is found by walking along the stretches in order. A local time is
written here as if it were UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

ZONES = (
    "UTC",
    "America/New_York",
    "America/St_Johns",
    "America/Nuuk",
    "America/Santiago",
    "America/Asuncion",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Apia",
    "Pacific/Chatham",
)
# Longer, and a break of the summer time for Ramadan could fall between two looks.
LOOK = timedelta(days=20)


class Stretch(NamedTuple):
    """Instants from `begins` up to, without, `ends` at one offset."""

    begins: datetime
    ends: datetime
    offset: timedelta

    @property
    def opens(self) -> datetime:
        """Return the first local time."""
        return self.begins + self.offset

    @property
    def closes(self) -> datetime:
        """Return the end of the local times."""
        return self.ends + self.offset


@cache
def stretches(name: str, first: int, last: int) -> tuple[Stretch, ...]:
    """Return the stretches of a zone from the year `first` up to, without, `last`."""
    zone, found = ZoneInfo(name), []
    begins = known = datetime(first, 1, 1, tzinfo=UTC)
    end = datetime(last, 1, 1, tzinfo=UTC)
    offset = _offset(zone, begins)
    while known < end:
        until = min(known + LOOK, end)
        if _offset(zone, until) != offset:
            until = _change(zone, known, until)
            found.append(Stretch(begins, until, offset))
            begins, offset = until, _offset(zone, until)
        known = until
    return *found, Stretch(begins, end, offset)


def instant(name: str, local: datetime) -> datetime | None:
    """Return the instant of a local time: the first of two, moved on by a gap, None on a skipped date."""
    before: Stretch | None = None
    for stretch in stretches(name, local.year - 1, local.year + 2):
        if before and before.closes <= local < stretch.opens:
            return None if skipped(name, local.date()) else local - before.offset
        if stretch.opens <= local < stretch.closes:
            return local - stretch.offset
        before = stretch
    raise AssertionError("No stretch holds this time.")


def skipped(name: str, day: date) -> bool:
    """Say whether the clocks of a zone never showed this date."""
    begins = datetime.combine(day, time(), UTC)
    ends = begins + timedelta(days=1)
    near = stretches(name, day.year - 1, day.year + 2)
    return not any(each.opens < ends and begins < each.closes for each in near)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if _offset(zone, middle) == _offset(zone, low):
            low = middle
        else:
            high = middle
    return high
