"""Schedules as RFC 5545 recurrence rules, for calendar programs."""

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


def rrule(schedule: Schedule) -> str:
    """Return the RRULE value of a schedule's dates (RFC 5545, section 3.3.10), without the time of day.

    The event's DTSTART must be the schedule's first date and local time, with its TZID. A window has no form
    of its own there: use its opening as DTSTART and its end as DTEND.
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
