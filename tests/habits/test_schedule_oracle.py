"""When reminders come next, against dateutil's dates and the oracle's instants, in many zones."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule, weekday
from hypothesis import example, given, settings
from hypothesis import strategies as st

from habits.schedule import Schedule, fires_on, next_at, parse, time_on
from tests.habits import oracle
from tests.habits.oracle import ZONES

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_FORM = (
    "weekdays",
    "mon wed fri",
    "every 2 days",
    "every 3 days",
    "every 2 weeks sat",
    "monthly 1",
    "monthly 29",
    "monthly 30",
    "monthly 31",
    "monthly last sun",
)
"""Besides `daily`, which has a test of its own."""
YEARS = (2011, 2014, 2024)
MOMENT = timedelta.resolution
DAY = timedelta(days=1)


def dates(days: str, starts_on: date, until: date) -> Iterator[date]:
    """Yield what the words before the time mean, from dateutil's rules."""
    first, *rest = days.split()
    begins = datetime.combine(starts_on, time())
    if first == "daily":
        rule = rrule(DAILY, begins)
    elif first == "weekdays":
        rule = rrule(WEEKLY, begins, byweekday=range(5))
    elif first in NAMES:
        rule = rrule(WEEKLY, begins, byweekday=[NAMES.index(name) for name in days.split()])
    elif first == "every" and rest[1] == "days":
        rule = rrule(DAILY, begins, interval=int(rest[0]))
    elif first == "every":
        # Weeks that begin on the weekday of the start hold the first matching day in the first of them.
        week_starts = starts_on.weekday()
        rule = rrule(WEEKLY, begins, int(rest[0]), week_starts, byweekday=NAMES.index(rest[2]))
    elif rest[0] == "last":
        rule = rrule(MONTHLY, begins, byweekday=weekday(NAMES.index(rest[1]))(-1))
    else:
        shorter = range(min(int(rest[0]), 28), int(rest[0]) + 1)
        rule = rrule(MONTHLY, begins, bymonthday=shorter, bysetpos=-1)
    for each in rule:
        if each.date() > until:
            return
        yield each.date()


def expected(days: str, at: str, zone: str, starts_on: date, until: date, seed: int) -> dict[datetime, date]:
    """Return each instant that the oracle knows, in order, with its date: the later of two that meet."""
    drawn = parse(f"{days} {at}")
    found: dict[datetime, date] = {}
    for day in dates(days, starts_on, until):
        instant = oracle.instant(zone, datetime.combine(day, time_on(drawn, day, seed), UTC))
        if instant:
            found[instant] = day
    return dict(sorted(found.items()))


def actual(schedule: Schedule, zone: str, starts_on: date, last: datetime, seed: int) -> Iterator[datetime]:
    """Yield each instant up to and including `last`, by asking again and again."""
    after = datetime.combine(starts_on, time(), UTC) - 3 * DAY
    while (found := next_at(schedule, after, ZoneInfo(zone), starts_on, seed)) and found <= last:
        yield found
        after = found


def check(days: str, at: str, zone: str, starts_on: date, length: int, seed: int) -> None:
    schedule = parse(f"{days} {at}")
    known = expected(days, at, zone, starts_on, starts_on + timedelta(length), seed)
    # The very last may be overtaken by a date that was left out.
    last = max(list(known)[:-1], default=datetime.combine(starts_on, time(), UTC))
    assert list(actual(schedule, zone, starts_on, last, seed)) == [each for each in known if each <= last]
    for instant, day in list(known.items())[:40]:
        assert fires_on(schedule, instant, ZoneInfo(zone), starts_on, seed) == day


@pytest.mark.parametrize(
    ("zone", "year", "steps"),
    [
        ("Australia/Lord_Howe", 2024, [-30, 30]),  # Minutes by which its clocks change, in the year's order.
        ("Pacific/Apia", 2011, [-60, 60, 24 * 60]),  # The last, at the end of 29 December, skips the 30th.
        ("Africa/Casablanca", 2014, [60, -60, 60, -60]),  # Summer time, with Ramadan left out.
        ("Africa/Casablanca", 2024, [-60, 60]),  # Ramadan alone.
        ("Africa/Cairo", 2014, [60, -60, 60, -60]),
        ("Antarctica/Troll", 2024, [120, -120]),
    ],
)
def test_the_years_below_hold_what_is_hard(zone: str, year: int, steps: list[int]) -> None:
    assert zone in ZONES
    assert year in YEARS
    cuts = oracle.stretches(zone, year, year + 1)
    changes = [after.offset - before.offset for before, after in pairwise(cuts)]
    assert changes == [timedelta(minutes=step) for step in steps]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", YEARS)
def test_a_year_of_every_form_has_none_missing_and_none_extra(zone: str, year: int) -> None:
    for days in EVERY_FORM:
        for at in ("00:00", "02:15", "17:00-20:00", "00:00-23:59"):
            check(days, at, zone, date(year, 1, 1), 366, seed=year)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", YEARS)
def test_a_year_of_days_has_none_missing_and_none_extra(zone: str, year: int) -> None:
    for at in ("00:00", "00:30", "01:30", "02:15", "02:30", "03:00", "12:00", "23:30"):
        check("daily", at, zone, date(year, 1, 1), 366, seed=0)
    check("daily", "00:00-23:59", zone, date(year, 1, 1), 366, seed=year)


day_words = st.one_of(
    st.sampled_from(["daily", "weekdays"]),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True).map(" ".join),
    st.integers(2, 20).map("every {} days".format),
    st.builds("every {} weeks {}".format, st.integers(2, 6), st.sampled_from(NAMES)),
    st.integers(1, 31).map("monthly {}".format),
    st.sampled_from(NAMES).map("monthly last {}".format),
)
clock = st.times().map("{:%H:%M}".format)
window = st.lists(clock, min_size=2, max_size=2, unique=True).map(lambda ends: "-".join(sorted(ends)))


@settings(max_examples=150)
@given(
    days=day_words,
    at=clock | window,
    zone=st.sampled_from(ZONES),
    starts_on=st.dates(date(1972, 1, 1), date(2036, 1, 1)),
    seed=st.integers(-(2**63), 2**63 - 1),
)
@example("daily", "23:30", "America/Nuuk", date(2025, 1, 1), 0)
@example("daily", "00:00-23:59", "America/Nuuk", date(2025, 1, 1), 59)  # One date overtakes the other.
@example("daily", "00:00-23:59", "America/Nuuk", date(2025, 1, 1), 3225)  # Two dates meet.
@example("fri", "10:00", "Pacific/Apia", date(2011, 12, 1), 0)
@example("every 2 days", "10:00", "Pacific/Apia", date(2011, 12, 2), 0)
@example("monthly 30", "10:00", "Pacific/Apia", date(2011, 10, 31), 0)
@example("monthly 29", "02:30", "Europe/Dublin", date(2023, 12, 30), 0)
def test_no_occurrence_is_missing_and_none_extra(
    days: str, at: str, zone: str, starts_on: date, seed: int
) -> None:
    check(days, at, zone, starts_on, 400, seed)


@given(
    days=day_words,
    at=clock | window,
    zone=st.sampled_from(ZONES),
    after=st.datetimes(datetime(1975, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    starts_on=st.dates(date(1972, 1, 1), date(2036, 1, 1)),
    fired_on=st.none() | st.dates(date(1972, 1, 1), date(2036, 1, 1)),
    seed=st.integers(0, 2**31),
)
def test_next_is_strictly_later_and_on_an_unused_date(
    days: str, at: str, zone: str, after: datetime, starts_on: date, fired_on: date | None, seed: int
) -> None:
    there, schedule = ZoneInfo(zone), parse(f"{days} {at}")
    found = next_at(schedule, after, there, starts_on, seed, fired_on)

    assert found is not None
    assert found > after
    assert found.tzinfo is UTC
    assert fires_on(schedule, found, there, starts_on, seed) >= starts_on
    assert fired_on is None or fires_on(schedule, found, there, starts_on, seed) > fired_on
    assert next_at(schedule, found - MOMENT, there, starts_on, seed, fired_on) == found
