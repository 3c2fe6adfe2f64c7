"""Numbers, spans, times and dates as people write them, read from tokens.

Each reader takes tokens and a place, and returns what it read with the place after it, or None.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from habits import words

MOST_DIGITS = 3
_DIGITS = re.compile(r"\d{1,4}")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")
_SCORE_LABELS = frozenset("abc")
_NOON = 12
_FORESEEN = timedelta(days=300)


def number(tokens: Sequence[str], place: int, language: str) -> tuple[int, int] | None:
    """Return a habit's number, in up to three digits or as a word."""
    token = _at(tokens, place)
    if token.isdigit():
        return (int(token), place + 1) if len(token) <= MOST_DIGITS else None
    value = words.values("numbers", language).get(token)
    return None if value is None else (value, place + 1)


def numbers_or_range(
    tokens: Sequence[str], place: int, known: Sequence[int], language: str
) -> tuple[tuple[int, ...], int] | None:
    """Return a number, or those of `known` in a range such as `1-3`; its ends count even if unknown.

    Three or more numbers joined by dashes are a list.
    """
    found: list[int] = []
    while read := number(tokens, place, language):
        found.append(read[0])
        place = read[1]
        if place >= len(tokens) or tokens[place] != words.RANGE:
            break
        place += 1
    if len(found) != 2:
        return (tuple(found), place) if found else None
    low, high = found
    between = (n for n in known if low < n < high)
    return ((low, *between, high), place) if low < high else None


def scores(tokens: Sequence[str], count: int, language: str) -> tuple[int, ...]:
    """Return the numbers of a message that holds nothing else; none if it holds more than numbers.

    `count` digits in one piece are as many scores; labels `a`, `b`, `c` and courtesies change nothing.
    """
    ignored = frozenset().union(
        *(words.phrases(name, language) for name in ("joins", "courtesies", "fillers", "score_fillers"))
    )
    spelled = words.values("numbers", language)
    found: list[str] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if _DIGITS.fullmatch(token):
            found.append(token)
        elif token in spelled:
            found.append(str(spelled[token]))
        elif skipped := words.match(tokens, place, ignored):
            place += skipped - 1
        elif not (token == words.RANGE or token in _SCORE_LABELS or words.is_decoration(token)):
            return ()
        place += 1
    if len(found) == 1 and len(found[0]) == count:
        return tuple(map(int, found[0]))
    return tuple(map(int, found))


def minutes(tokens: Sequence[str], place: int, language: str) -> tuple[timedelta, int] | None:
    """Return a span of minutes, hours or both, more than none: `30m`, `2 hours`, `1h30`, `half an hour`."""
    units = words.values("minutes", language)
    if half := words.match(tokens, place, words.phrases("half", language)):
        unit = units.get(_at(tokens, place + half), 0)
        return (timedelta(minutes=unit / 2), place + half + 1) if unit > 1 else None
    first = _amount(tokens, place, units, language)
    if first is None:
        return None
    total, place, unit = first
    if unit > 1:
        join = words.match(tokens, place, words.phrases("joins", language))
        if second := _amount(tokens, place + join, units, language):
            total, place = total + second[0], second[1]
        elif (bare := _at(tokens, place)).isdigit() and len(bare) == 2:
            total, place = total + int(bare), place + 1
    return (timedelta(minutes=total), place) if total else None


def days(tokens: Sequence[str], place: int, language: str) -> tuple[int, int] | None:
    """Return a span of whole days, 1 or more: `3 days`, `a week`, `2 months` (of 30 days)."""
    read = _amount(tokens, place, words.values("days", language), language)
    return (read[0], read[1]) if read and read[0] else None


def _amount(
    tokens: Sequence[str], place: int, units: Mapping[str, int], language: str
) -> tuple[int, int, int] | None:
    """Return a quantity times its unit, the place after it, and the unit."""
    token, unit = _at(tokens, place), units.get(_at(tokens, place + 1))
    if unit is None:
        return None
    if _DIGITS.fullmatch(token):
        return int(token) * unit, place + 2, unit
    known = {**words.values("numbers", language), **words.values("articles", language)}
    return (known[token] * unit, place + 2, unit) if token in known else None


def clock(tokens: Sequence[str], place: int, now: datetime, language: str) -> tuple[time, int] | None:
    """Return a time of day: `20:30`, `8:30 pm`, `8pm`, `8 oclock`, `half past 8`, `noon`.

    An hour below 12 without `am`, `pm` or a leading zero is taken as whichever of the two comes next.
    """
    if length := words.match(tokens, place, words.phrases("noon", language)):
        return time(_NOON), place + length
    offsets = words.amounts("clock_before", language)
    lead = words.match(tokens, place, offsets)
    offset = offsets[tuple(tokens[place : place + lead])] if lead else 0
    read = _hour(_at(tokens, place + lead), language)
    if read is None:
        return None
    (hour, minute), after = read, place + lead + 1
    tails = words.amounts("clock_after", language)
    if tail := words.match(tokens, after, tails):
        offset, after = tails[tuple(tokens[after : after + tail])], after + tail
    if offset:
        if minute or not 1 <= hour <= 24:
            return None
        hour, minute = divmod(hour * 60 + offset, 60)
    for name, earliest in (("morning", 0), ("evening", _NOON)):
        if length := words.match(tokens, after, words.phrases(name, language)):
            whole = 1 <= hour <= _NOON and minute < 60
            return (time(earliest + hour % _NOON, minute), after + length) if whole else None
    after += words.match(tokens, after, words.phrases("oclock", language))
    if hour >= 24 or minute >= 60:
        return None
    return (time(hour, minute) if tokens[place].startswith("0") else _next(time(hour, minute), now)), after


def _hour(token: str, language: str) -> tuple[int, int] | None:
    """Return the hour and minute of `20:30`, `8` or `eight`."""
    if parts := _TIME.fullmatch(token):
        return int(parts[1]), int(parts[2])
    if token.isdigit():
        return (int(token), 0) if len(token) <= 2 else None
    spelled = words.values("numbers", language).get(token)
    return None if spelled is None else (spelled, 0)


def _next(at: time, now: datetime) -> time:
    """Return `at`, or 12 hours later if that comes sooner and `at` could be of either half of the day."""
    if not 1 <= at.hour < _NOON:
        return at
    other = at.replace(hour=at.hour + _NOON)
    return min(at, other, key=lambda candidate: (candidate <= now.time(), candidate))


def day(tokens: Sequence[str], place: int, today: date, language: str) -> tuple[date, int] | None:
    """Return a coming day, after today: `monday`, `tomorrow`, `24 dec`, `dec 24`, `2026-12-24`."""
    if length := words.match(tokens, place, words.phrases("tomorrow", language)):
        return today + timedelta(days=1), place + length
    token = _at(tokens, place)
    weekday = words.ranks("weekdays", language).get(token)
    if weekday is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1), place + 1
    if exact := iso_date(token):
        return (exact, place + 1) if exact > today else None
    return _coming_day_of_month(tokens, place, today, language)


def _coming_day_of_month(
    tokens: Sequence[str], place: int, today: date, language: str
) -> tuple[date, int] | None:
    read = day_and_month(tokens, place, language)
    if read is None:
        return None
    coming = (date_of(year, read[1], read[0]) for year in (today.year, today.year + 1))
    found = next((when for when in coming if when and when > today), None)
    # A date that has just gone is a slip, not the same date a year from now.
    return (found, read[2]) if found and found - today <= _FORESEEN else None


def day_and_month(tokens: Sequence[str], place: int, language: str) -> tuple[int, int, int] | None:
    """Return the day and the month of `24 dec`, `dec 24` or `24 de diciembre`, and the place after them."""
    months = words.ranks("months", language)
    first = _at(tokens, place)
    # "1. Dezember": the mark belongs to the number.
    between = int(_at(tokens, place + 1) == words.SEPARATOR and _at(tokens, place + 2) in months)
    second_at = place + 1 + (between or words.match(tokens, place + 1, words.phrases("of_month", language)))
    second = _at(tokens, second_at)
    if first in months:
        first, second = second, first
    if second not in months or not _DIGITS.fullmatch(first):
        return None
    return int(first), months[second] + 1, second_at + 1


def coming_in_digits(token: str, today: date) -> date | None:
    """Return the next date that a token such as `24.12` names, or None; it could as well be a time."""
    parts = _TIME.fullmatch(token)
    if parts is None or ":" in token:
        return None
    coming = (date_of(year, int(parts[2]), int(parts[1])) for year in (today.year, today.year + 1))
    found = next((when for when in coming if when and when > today), None)
    return found if found and found - today <= _FORESEEN else None


def iso_date(token: str) -> date | None:
    """Return the date that a token such as `2026-12-24` names, or None."""
    parts = _DATE.fullmatch(token)
    return date_of(int(parts[1]), int(parts[2]), int(parts[3])) if parts else None


def date_of(year: int, month: int, day_of_month: int) -> date | None:
    """Return a date, or None where the calendar has none."""
    try:
        return date(year, month, day_of_month)
    except ValueError:
        return None


def _at(tokens: Sequence[str], place: int) -> str:
    """Return the token at a place, or an empty one after the last."""
    return tokens[place] if place < len(tokens) else ""
