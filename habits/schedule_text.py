"""Schedules as people write them: `daily 20:30`, `every 2 weeks sat 10:00`, `monthly 1 17:00-20:00`."""

import re
from collections.abc import Iterable
from datetime import time
from difflib import get_close_matches

from habits.schedule_rules import (
    EVERY_WEEKDAY,
    MAX_DAYS,
    MAX_WEEKS,
    EveryDays,
    EveryWeeks,
    LastWeekday,
    MonthDay,
    Rule,
    Schedule,
    Weekly,
)

LONGEST_TEXT = 100
SHORT_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONG_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS = {name: number for names in (SHORT_NAMES, LONG_NAMES) for number, name in enumerate(names)}
NAMED_DAYS = {"daily": EVERY_WEEKDAY, "weekdays": (0, 1, 2, 3, 4), "weekends": (5, 6)}
FIRST_WORDS = (*NAMED_DAYS, "every", "monthly", *WEEKDAYS)

DAILY = "daily 20:30"
WINDOW = "daily 17:00-20:00"
WEEKLY = "mon wed fri 19:00"
EVERY = "every 3 days 18:00, every 2 weeks sat 10:00, or daily 20:30"
MONTHLY = "monthly 1 09:00, or monthly last sun 17:00, or monthly 31 09:00 for the last day of each month"


class ScheduleError(ValueError):
    """A schedule was not understood: the message names the word at fault and gives an example."""


def parse(text: str) -> Schedule:
    """Return the schedule that a person wrote; capital letters, commas and long names of days are allowed.

    ScheduleError, fit to be shown to that person, if it is none.
    """
    if len(text) > LONGEST_TEXT:
        raise _error("That is too long for a schedule.", DAILY)
    joined = re.sub(r"(?<=[0-9])\s*[-–]\s*(?=[0-9])", "-", text.casefold().replace(",", " "))
    words = joined.split()
    if not words:
        raise _error("The schedule is empty.", DAILY)
    rule, rest, example = _rule(words)
    if not rest:
        raise _error(f"A time is missing after {_shown(words[-1])}.", example)
    opens, closes = _times(rest[0], example)
    if len(rest) > 1:
        raise _error(f"The time {_shown(rest[0])} comes last: leave out {_shown(rest[1])}.", WINDOW)
    return Schedule(rule, opens, closes)


def text(schedule: Schedule) -> str:
    """Return the one canonical way to write a schedule; `parse` reads it back to an equal value."""
    times = f"{schedule.opens:%H:%M}"
    if schedule.closes > schedule.opens:
        times += f"-{schedule.closes:%H:%M}"
    return f"{_rule_text(schedule.rule)} {times}"


def _rule_text(rule: Rule) -> str:
    match rule:
        case Weekly(weekdays):
            named = next((name for name in ("daily", "weekdays") if NAMED_DAYS[name] == weekdays), None)
            return named or " ".join(SHORT_NAMES[day] for day in weekdays)
        case EveryDays(count):
            return f"every {count} days"
        case EveryWeeks(count, weekday):
            return f"every {count} weeks {SHORT_NAMES[weekday]}"
        case MonthDay(day):
            return f"monthly {day}"
        case _:
            return f"monthly last {SHORT_NAMES[rule.weekday]}"


def _rule(words: list[str]) -> tuple[Rule, list[str], str]:
    """Return the rule, the words after it, and an example to show should those be wrong."""
    first = words[0]
    if first in NAMED_DAYS:
        return Weekly(NAMED_DAYS[first]), words[1:], f"{first} 20:30"
    if first == "every":
        return *_every(words), EVERY
    if first == "monthly":
        return *_monthly(words), MONTHLY
    if first in WEEKDAYS:
        return *_weekly(words), WEEKLY
    if first[0].isdigit():
        raise _error(f"Say on which days before {_shown(first)}: the time comes last.", DAILY)
    raise _unknown(first, FIRST_WORDS, f"{DAILY}, or {WEEKLY}")


def _weekly(words: list[str]) -> tuple[Rule, list[str]]:
    weekdays: set[int] = set()
    for position, word in enumerate(words):
        if word[0].isdigit():
            return Weekly(tuple(sorted(weekdays))), words[position:]
        if word not in WEEKDAYS:
            raise _unknown(word, WEEKDAYS, WEEKLY)
        if WEEKDAYS[word] in weekdays:
            raise _error(f"The day {_shown(word)} is named twice.", WEEKLY)
        weekdays.add(WEEKDAYS[word])
    return Weekly(tuple(sorted(weekdays))), []


def _every(words: list[str]) -> tuple[Rule, list[str]]:
    count = _number(_word(words, 1, "A number", EVERY), MAX_DAYS, EVERY)
    unit = _word(words, 2, "The word days or weeks", EVERY)
    if unit in ("day", "days"):
        return Weekly(EVERY_WEEKDAY) if count == 1 else EveryDays(count), words[3:]
    if unit not in ("week", "weeks"):
        raise _unknown(unit, ("days", "weeks"), EVERY)
    _number(words[1], MAX_WEEKS, EVERY)
    weekday = _weekday(words, 3, EVERY)
    return Weekly((weekday,)) if count == 1 else EveryWeeks(count, weekday), words[4:]


def _monthly(words: list[str]) -> tuple[Rule, list[str]]:
    day = _word(words, 1, "A day of the month", MONTHLY)
    if day == "last":
        return LastWeekday(_weekday(words, 2, MONTHLY)), words[3:]
    if not day[0].isdigit():
        raise _unknown(day, ("last",), MONTHLY)
    return MonthDay(_number(day, 31, MONTHLY)), words[2:]


def _word(words: list[str], position: int, what: str, example: str) -> str:
    if position >= len(words):
        raise _error(f"{what} is missing after {_shown(words[-1])}.", example)
    return words[position]


def _weekday(words: list[str], position: int, example: str) -> int:
    word = _word(words, position, "A day of the week", example)
    if word[0].isdigit():
        raise _error(f"A day of the week is missing before {_shown(word)}.", example)
    if word not in WEEKDAYS:
        raise _unknown(word, WEEKDAYS, example)
    return WEEKDAYS[word]


def _number(word: str, high: int, example: str) -> int:
    if not re.fullmatch("[0-9]+", word) or not 1 <= int(word) <= high:
        raise _error(f"A number from 1 to {high} belongs where {_shown(word)} stands.", example)
    return int(word)


def _times(word: str, example: str) -> tuple[time, time]:
    if not word[0].isdigit():
        raise _unknown(word, (), example)
    ends = [_time(end or word, example) for end in word.split("-", maxsplit=1)]
    if len(ends) == 2 and ends[0] >= ends[1]:
        raise _error(f"The window {_shown(word)} must end after it begins, on the same day.", WINDOW)
    return ends[0], ends[-1]


def _time(word: str, example: str) -> time:
    match = re.fullmatch("([0-9]{1,2}):([0-9]{2})", word)
    if match and int(match[1]) < 24 and int(match[2]) < 60:
        return time(int(match[1]), int(match[2]))
    hint = _did_you_mean(_nearest_time(word))
    raise _error(f"{_shown(word)} is not a time from 00:00 to 23:59.{hint}", example)


def _nearest_time(word: str) -> str | None:
    """Return the time that somebody meant by `8pm`, `8.30`, `830` or `20h30`, if it is plain."""
    match = re.fullmatch("([0-9]{1,2}?)[:.;h]?([0-9]{2})?(am|pm)?", word)
    if not match:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3]:
        hour = hour % 12 + (12 if match[3] == "pm" else 0)
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None


def _unknown(word: str, known: Iterable[str], example: str) -> ScheduleError:
    hint = _did_you_mean(next(iter(get_close_matches(word, list(known), n=1)), None))
    return _error(f"{_shown(word)} is not understood here.{hint}", example)


def _did_you_mean(word: str | None) -> str:
    return f" Did you mean {word!r}?" if word else ""


def _error(message: str, example: str) -> ScheduleError:
    return ScheduleError(f"{message} For example: {example}.")


def _shown(word: str) -> str:
    return repr(word if len(word) <= 20 else f"{word[:20]}…")
