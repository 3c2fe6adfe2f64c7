"""A time zone as RFC 5545 wants it told beside each TZID (sections 3.2.19 and 3.6.5).

Most programs know the IANA names and go by their own data; but the standard wants each zone spelled out, and
validators and some programs refuse a calendar without. So every change of the clocks is listed, one by one,
from the first event to ten years after the export: the changes for Ramadan follow no rule that an RRULE could
say, and a list is the same few lines for every zone.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

AHEAD = timedelta(days=3653)
STEP = timedelta(days=7)
"""No zone changes its clocks twice within a week."""
SECOND = timedelta(seconds=1)


def time_zone(zone: ZoneInfo, since_at: datetime, now: datetime) -> list[str]:
    """Return the content lines of a VTIMEZONE, good from `since_at` to ten years after `now`, both in UTC."""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone.key}"]
    before = _offset(zone, since_at)
    for at in (since_at.replace(microsecond=0), *_changes(zone, since_at, now + AHEAD)):
        after = _offset(zone, at)
        kind = "DAYLIGHT" if at.astimezone(zone).dst() else "STANDARD"
        lines += [
            f"BEGIN:{kind}",
            f"DTSTART:{at + before:%Y%m%dT%H%M%S}",
            f"TZOFFSETFROM:{_written(before)}",
            f"TZOFFSETTO:{_written(after)}",
            f"END:{kind}",
        ]
        before = after
    return [*lines, "END:VTIMEZONE"]


def _changes(zone: ZoneInfo, since_at: datetime, until_at: datetime) -> Iterator[datetime]:
    """Yield the instants, whole seconds in UTC, from which the clocks of a zone are at another offset."""
    known = since_at.replace(microsecond=0)
    while known < until_at:
        later = known + STEP
        if _offset(zone, later) != _offset(zone, known):
            yield _change(zone, known, later)
        known = later


def _change(zone: ZoneInfo, known: datetime, later: datetime) -> datetime:
    while later - known > SECOND:
        middle = (known + (later - known) / 2).replace(microsecond=0)
        if _offset(zone, middle) == _offset(zone, known):
            known = middle
        else:
            later = middle
    return later


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _written(offset: timedelta) -> str:
    """Return an offset as +HHMM, with seconds if it has any."""
    minutes, seconds = divmod(abs(offset).seconds + abs(offset).days * 86400, 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")
