"""Schedules as an RFC 5545 calendar, for calendar programs.

A reminder at a time of day is an event that ends as it begins. One with a window is an event as long as the
window: the minute in it changes with the date, which no recurrence rule can say, and a list of minutes would
be stale as soon as it is read. So the event says what is true for good: it comes at some time in here.

RFC 5545 resolves clock times as `habits.days` does: what does not exist moves on by the gap, and of what
exists twice the first counts (sections 3.3.5 and 3.3.10).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from habits.days import DAY
from habits.ics_zone import time_zone
from habits.schedule_rules import (
    EVERY_WEEKDAY,
    EveryDays,
    EveryWeeks,
    MonthDay,
    Rule,
    Schedule,
    Weekly,
)

DAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST_LINE = 75
"""Octets of a line without its end; what is longer goes on in the next, after a space."""
ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


@dataclass(frozen=True, slots=True)
class Event:
    """One reminder in a calendar; by its `uid` programs know it again in the next export."""

    uid: str
    summary: str
    schedule: Schedule
    starts_on: date


def calendar(events: Sequence[Event], zone: ZoneInfo, stamped_at: datetime) -> str:
    """Return a whole calendar in the person's zone, its lines folded and ended as RFC 5545 wants them.

    `stamped_at` is the aware instant at which it was made. OverflowError for a schedule without any date.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Attune//Reminders//EN", "CALSCALE:GREGORIAN"]
    # A day more: a first time that does not exist lies before the change of clocks that it moves to.
    since = min((_first(event).replace(tzinfo=zone) - DAY for event in events), default=stamped_at)
    lines += time_zone(zone, min(since, stamped_at).astimezone(UTC), stamped_at.astimezone(UTC))
    for event in events:
        lines += _event(event, zone, stamped_at)
    return "".join(f"{_folded(line)}\r\n" for line in (*lines, "END:VCALENDAR"))


def _event(event: Event, zone: ZoneInfo, stamped_at: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{stamped_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;TZID={zone.key}:{_first(event):%Y%m%dT%H%M%S}"
    if window := _window(event.schedule):
        yield f"DURATION:PT{window // timedelta(minutes=1)}M"
    yield f"RRULE:{rrule(event.schedule)}"
    yield f"SUMMARY:{event.summary.translate(ESCAPES)}"
    # A nudge blocks no meeting, and is nobody else's business.
    yield "TRANSP:TRANSPARENT"
    yield "CLASS:PRIVATE"
    yield "END:VEVENT"


def _first(event: Event) -> datetime:
    """Return the first local date and time of a reminder, naive; in a window, its opening."""
    day = event.schedule.rule.on_or_after(event.starts_on, event.starts_on)
    return datetime.combine(day, event.schedule.opens)


def _window(schedule: Schedule) -> timedelta:
    """Return how long a window is, by the clock.

    As a duration, not an end: then clocks that change on the first date do not shorten it for good.
    """
    day = date(2000, 1, 1)
    return datetime.combine(day, schedule.closes) - datetime.combine(day, schedule.opens)


def _folded(line: str) -> str:
    """Return a content line with breaks so that none has more than 75 octets, and no letter is cut."""
    size, parts = 0, [""]
    for letter in line:
        size += len(letter.encode())
        if size > LONGEST_LINE:
            size = 1 + len(letter.encode())
            parts.append(" ")
        parts[-1] += letter
    return "\r\n".join(parts)


def rrule(schedule: Schedule) -> str:
    """Return the RRULE value of a schedule's dates (RFC 5545, section 3.3.10), without the time of day.

    The event's DTSTART must be the schedule's first date and local time, with its TZID.
    """
    return _rrule(schedule.rule)


def _rrule(rule: Rule) -> str:
    match rule:
        case Weekly(weekdays) if weekdays == EVERY_WEEKDAY:
            return "FREQ=DAILY"
        case Weekly(weekdays):
            return f"FREQ=WEEKLY;BYDAY={','.join(DAY_CODES[day] for day in weekdays)}"
        case EveryDays(count):
            return f"FREQ=DAILY;INTERVAL={count}"
        case EveryWeeks(count, weekday):
            return f"FREQ=WEEKLY;INTERVAL={count};BYDAY={DAY_CODES[weekday]}"
        case MonthDay(day):
            return f"FREQ=MONTHLY;{_month_days(day)}"
        case _:
            return f"FREQ=MONTHLY;BYDAY=-1{DAY_CODES[rule.weekday]}"


def _month_days(day: int) -> str:
    if day <= 28:
        return f"BYMONTHDAY={day}"
    if day == 31:
        return "BYMONTHDAY=-1"
    # A month without the 29th or 30th would be left out, so the last of those from the 28th on is taken.
    return f"BYMONTHDAY={','.join(str(each) for each in range(28, day + 1))};BYSETPOS=-1"
