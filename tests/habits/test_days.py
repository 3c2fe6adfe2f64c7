"""When days begin, and which day an instant belongs to, in every zone there is."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from habits.days import DAY, day_begins, day_of, instant, skipped_dates
from tests.habits import oracle
from tests.habits.oracle import ZONES

THREE = time(3)
STARTS = (time(0), time(0, 20), time(3), time(23, 30))
MOMENT = timedelta.resolution


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        ("Europe/Berlin", "2025-06-01T08:00", "2025-06-01T06:00"),
        ("Europe/Berlin", "2025-03-30T02:30", "2025-03-30T01:30"),  # Does not exist: 03:30.
        ("Europe/Berlin", "2025-10-26T02:30", "2025-10-26T00:30"),  # Twice: the first.
        ("Australia/Lord_Howe", "2025-10-05T02:15", "2025-10-04T15:45"),  # Half an hour's gap: 02:45.
        ("Australia/Lord_Howe", "2025-04-06T01:45", "2025-04-05T14:45"),
        ("Africa/Cairo", "2025-04-25T00:00", "2025-04-24T22:00"),  # The date begins at 01:00.
        ("Antarctica/Troll", "2025-03-30T01:30", "2025-03-30T01:30"),  # Two hours' gap: 03:30.
        ("America/Nuuk", "2025-03-29T23:30", "2025-03-30T01:30"),  # Shown as 00:30 of the 30th.
        ("Europe/Dublin", "2025-03-30T01:30", "2025-03-30T01:30"),  # Ireland's winter is its daylight saving.
        ("Africa/Casablanca", "2025-02-23T02:30", "2025-02-23T01:30"),  # Ramadan begins: twice.
        ("Africa/Casablanca", "2025-04-06T02:30", "2025-04-06T02:30"),  # Ramadan ends: 03:30.
    ],
)
def test_a_clock_time_is_resolved(zone: str, local: str, expected: str) -> None:
    at = datetime.fromisoformat(local)

    assert instant(at.date(), at.time(), ZoneInfo(zone)) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Pacific/Apia", date(2011, 12, 30)),
        ("Pacific/Fakaofo", date(2011, 12, 30)),
        ("Pacific/Kwajalein", date(1993, 8, 21)),
        ("Pacific/Kiritimati", date(1994, 12, 31)),
    ],
)
def test_a_skipped_date_is_empty(zone: str, day: date) -> None:
    there = ZoneInfo(zone)
    dawn = day_begins(day, there, THREE)

    assert instant(day, time(12), there) is None
    assert dawn == day_begins(day + DAY, there, THREE)
    assert day_of(dawn, there, THREE) == day + DAY
    assert day_of(dawn - MOMENT, there, THREE) == day - DAY


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("Pacific/Apia", (date(2011, 12, 30),)),
        ("Pacific/Kwajalein", (date(1993, 8, 21),)),
        ("Pacific/Kiritimati", (date(1994, 12, 31),)),
        ("Europe/Berlin", ()),
        ("America/Nuuk", ()),
        ("UTC", ()),
    ],
)
def test_dates_that_never_were_are_known(zone: str, days: tuple[date, ...]) -> None:
    assert skipped_dates(ZoneInfo(zone)) == days


def test_no_date_is_missed_and_none_is_made_up() -> None:
    """In the zones at the date line, which alone skip dates, and in all that are odd."""
    pacific = [name for name in available_timezones() if name.startswith("Pacific/")]
    for name in sorted({*pacific, *ZONES}):
        cuts = oracle.stretches(name, 1990, 2014)
        never = {
            before.closes.date() + DAY * ahead
            for before, after in pairwise(cuts)
            for ahead in range((after.opens.date() - before.closes.date()).days)
            if oracle.skipped(name, before.closes.date() + DAY * ahead)
        }
        assert {day for day in skipped_dates(ZoneInfo(name)) if day.year >= 1990} == never, name


def test_an_instant_beyond_the_calendar_does_not_exist() -> None:
    assert instant(date.max, time(23), ZoneInfo("America/New_York")) is None
    assert instant(date.min, time(1), ZoneInfo("Asia/Tokyo")) is None


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2025-06-05T01:30", date(2025, 6, 4)),
        ("2025-06-05T02:59:59.999999", date(2025, 6, 4)),
        ("2025-06-05T03:00", date(2025, 6, 5)),
        ("2025-06-05T23:59", date(2025, 6, 5)),
    ],
)
def test_a_day_begins_at_its_start(at: str, day: date) -> None:
    zone = ZoneInfo("America/New_York")
    local = datetime.fromisoformat(at).replace(tzinfo=zone)

    assert day_of(local, zone, THREE) == day
    assert day_of(local.astimezone(timezone(timedelta(hours=9))), zone, THREE) == day


def test_a_day_that_has_begun_stays_when_clocks_go_back_over_midnight() -> None:
    # One minute past midnight on 7 November 2010, St. John's set its clocks back to 23:01 of the 6th.
    zone = ZoneInfo("America/St_Johns")
    second_evening = utc("2010-11-07T02:45")

    assert second_evening.astimezone(zone).date() == date(2010, 11, 6)
    assert day_of(second_evening, zone, time(0)) == date(2010, 11, 7)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        day_of(datetime(2025, 6, 5, 12), ZoneInfo("Europe/Berlin"), THREE)  # noqa: DTZ001


@cache
def changes() -> tuple[tuple[str, datetime], ...]:
    """Return every zone's every change of offset from 2005 to 2030, each set of equal changes once."""
    seen, found = set(), []
    for name in sorted(available_timezones()):
        cuts = oracle.stretches(name, 2005, 2031)[1:]
        if cuts not in seen:
            seen.add(cuts)
            found += [(name, cut.begins) for cut in cuts]
    return tuple(found)


@pytest.mark.parametrize("day_starts", STARTS)
def test_days_never_run_backwards_at_any_change_in_any_zone(day_starts: time) -> None:
    assert len(changes()) > 3_000
    for name, change in changes():
        zone = ZoneInfo(name)
        moments = [change + timedelta(minutes=15 * step) - MOMENT * (step % 2) for step in range(-8, 9)]
        days = [day_of(at, zone, day_starts) for at in moments]
        assert days == sorted(days), (name, change)
        assert days[-1] - days[0] <= 2 * DAY


@pytest.mark.parametrize("day_starts", STARTS)
def test_each_day_begins_once_around_any_change_in_any_zone(day_starts: time) -> None:
    for name, change in changes():
        zone = ZoneInfo(name)
        around = change.astimezone(zone).date()
        for day in (around - DAY, around, around + DAY):
            begins = day_begins(day, zone, day_starts)
            if instant(day, day_starts, zone) is None:
                assert begins == day_begins(day + DAY, zone, day_starts), (name, day)
            else:
                assert day_of(begins, zone, day_starts) == day, (name, day)
                assert day_of(begins - MOMENT, zone, day_starts) < day, (name, day)


@given(
    name=st.sampled_from(ZONES),
    local=st.datetimes(datetime(1975, 1, 1), datetime(2036, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
@example(name="Pacific/Apia", local=datetime(2011, 12, 30, 0, 0, tzinfo=UTC))
@example(name="Pacific/Apia", local=datetime(2011, 12, 31, 0, 0, tzinfo=UTC))
@example(name="Antarctica/Troll", local=datetime(2025, 3, 30, 2, 59, tzinfo=UTC))
@example(name="America/New_York", local=datetime(2000, 10, 29, 1, 0, fold=1, tzinfo=UTC))
def test_an_instant_is_what_the_oracle_says(name: str, local: datetime) -> None:
    assert instant(local.date(), local.time(), ZoneInfo(name)) == oracle.instant(name, local)


@given(
    name=st.sampled_from(sorted(available_timezones())),
    first=st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    later=st.timedeltas(timedelta(), timedelta(days=3)),
    day_starts=st.times(),
)
@example("Pacific/Kwajalein", datetime(1969, 9, 30, 12, tzinfo=UTC), timedelta(hours=5), time(1))
@example("America/Nuuk", datetime(2025, 3, 30, 0, 45, tzinfo=UTC), timedelta(hours=1), time(23, 30))
def test_days_never_run_backwards(name: str, first: datetime, later: timedelta, day_starts: time) -> None:
    zone = ZoneInfo(name)

    assert day_of(first, zone, day_starts) <= day_of(first + later, zone, day_starts)
    assert day_begins(day_of(first, zone, day_starts), zone, day_starts) <= first
