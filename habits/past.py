"""Days that have been, as people name them: "yesterday", "last night", "on mon", "3 days ago", "20 nov"."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from habits import numbers, words
from habits.items import Ground, When

BACKFILL = timedelta(days=7)
"""A day can be logged by a message for this long after it."""
_WEEK = 7
_LONGEST_SHORT_NAME = 4
_NUMERIC = re.compile(r"(\d{1,2})\.(\d{1,2})")


def day(tokens: Sequence[str], place: int, ground: Ground) -> tuple[When, int] | None:
    """Return the day named at a place with the place after it; without a date where it is out of reach.

    Weekdays look back. What is said by the night ("yesterday") counts from the calendar's date: after
    midnight it is the day that the person still lives in.
    """
    found = _named(tokens, place, ground) or _ago(tokens, place, ground) or _dated(tokens, place, ground)
    if found is None:
        return None
    when, after = found
    within = timedelta() <= ground.today - when <= BACKFILL
    return When(when if within else None), after


def in_prose(tokens: Sequence[str], ground: Ground) -> set[When]:
    """Return the days that a story names; short names of weekdays are words of their own there ("sat")."""
    found: set[When] = set()
    place = 0
    while place < len(tokens):
        read = day(tokens, place, ground)
        if read and (read[1] > place + 1 or len(tokens[place]) > _LONGEST_SHORT_NAME):
            found.add(read[0])
        place = read[1] if read else place + 1
    return found


def _named(tokens: Sequence[str], place: int, ground: Ground) -> tuple[date, int] | None:
    language, calendar = ground.language, ground.now.date()
    phrases = words.amounts("past_days", language)
    if length := words.match(tokens, place, phrases):
        back = phrases[tuple(tokens[place : place + length])]
        return (calendar - timedelta(days=back) if back else ground.today), place + length
    for coming in ("tomorrow", "future_days"):
        if length := words.match(tokens, place, words.phrases(coming, language)):
            return calendar + timedelta(days=1), place + length
    start = place + words.match(tokens, place, words.phrases("day_leads", language))
    weekday = words.ranks("weekdays", language).get(tokens[start]) if start < len(tokens) else None
    if weekday is None:
        return None
    back = (calendar.weekday() - weekday) % _WEEK
    if back == 0 and words.match(tokens, place, words.phrases("last_leads", language)):
        back = _WEEK
    after = start + 1
    return calendar - timedelta(days=back), after + words.match(
        tokens, after, words.phrases("of_day", language)
    )


def _ago(tokens: Sequence[str], place: int, ground: Ground) -> tuple[date, int] | None:
    language = ground.language
    before = words.match(tokens, place, words.phrases("ago_before", language))
    span = numbers.days(tokens, place + before, language)
    if span is None:
        return None
    after = 0 if before else words.match(tokens, span[1], words.phrases("ago_after", language))
    if not before and not after:
        return None
    return ground.now.date() - timedelta(days=min(span[0], 9999)), span[1] + after


def _dated(tokens: Sequence[str], place: int, ground: Ground) -> tuple[date, int] | None:
    """Return a date in digits or with the name of its month, in the year that brings it nearest."""
    start = place + words.match(tokens, place, words.phrases("day_leads", ground.language))
    if start >= len(tokens):
        return None
    if exact := numbers.iso_date(tokens[start]):
        return exact, start + 1
    today = ground.today
    if found := numbers.day_and_month(tokens, start, ground.language):
        return _nearest(found[0], found[1], today, found[2])
    # "15.11." is a date only after "on": it could be a time.
    if start > place and (parts := _NUMERIC.fullmatch(tokens[start])) and int(parts[2]) <= 12:
        return _nearest(int(parts[1]), int(parts[2]), today, start + 1)
    return None


def _nearest(number: int, month: int, today: date, after: int) -> tuple[date, int] | None:
    known = (numbers.date_of(year, month, number) for year in (today.year - 1, today.year, today.year + 1))
    dates = [when for when in known if when]
    return (min(dates, key=lambda when: abs(when - today)), after) if dates else None
