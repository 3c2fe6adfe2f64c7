"""When reminders come next: answers worked out by hand, moves, edits, and the ends of the calendar."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from habits.schedule import Schedule, fires_on, next_at, parse, time_on
from habits.schedule_rules import EveryDays, EveryWeeks, LastWeekday, MonthDay, Weekly

NEW_YEAR = date(2025, 1, 1)
BERLIN = ZoneInfo("Europe/Berlin")
NUUK = ZoneInfo("America/Nuuk")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("daily 20:30", "2025-06-03T18:29:59", "2025-06-03T18:30"),
        ("daily 20:30", "2025-06-03T18:30", "2025-06-04T18:30"),
        ("weekdays 08:00", "2025-06-06T06:00", "2025-06-09T06:00"),
        ("mon wed fri 19:00", "2025-06-02T17:00", "2025-06-04T17:00"),
        ("mon 01:00", "2025-06-01T12:00", "2025-06-01T23:00"),
        ("every 3 days 18:00", "2025-01-01T17:00", "2025-01-04T17:00"),
        ("every 2 weeks sat 10:00", "2024-12-01T00:00", "2025-01-04T09:00"),
        ("every 2 weeks sat 10:00", "2025-01-04T09:00", "2025-01-18T09:00"),
        ("every 2 weeks wed 10:00", "2024-12-01T00:00", "2025-01-01T09:00"),
        ("monthly 1 09:00", "2025-01-01T08:00", "2025-02-01T08:00"),
        ("monthly last sun 17:00", "2025-01-26T16:00", "2025-02-23T16:00"),
        ("monthly 29 09:00", "2025-01-29T08:00", "2025-02-28T08:00"),
        ("monthly 30 09:00", "2028-01-30T08:00", "2028-02-29T08:00"),
        ("monthly 31 09:00", "2025-03-31T07:00", "2025-04-30T07:00"),
        ("monthly 31 09:00", "2025-11-30T08:00", "2025-12-31T08:00"),
        ("monthly 31 09:00", "2025-12-31T08:00", "2026-01-31T08:00"),
    ],
)
def test_next_in_berlin(text: str, after: str, expected: str) -> None:
    assert next_at(parse(text), utc(after), BERLIN, NEW_YEAR, 0) == utc(expected)


def test_nothing_fires_before_the_start() -> None:
    long_ago = utc("2001-01-01T00:00")

    assert next_at(parse("daily 20:30"), long_ago, BERLIN, NEW_YEAR, 0) == utc("2025-01-01T19:30")
    assert next_at(parse("monthly 31 09:00"), long_ago, BERLIN, NEW_YEAR, 0) == utc("2025-01-31T08:00")


def test_a_move_west_repeats_no_date() -> None:
    # Fired in Auckland at 08:00 on the 10th; the person lands in Los Angeles, where it is still the 9th.
    auckland, angeles, morning = (
        ZoneInfo("Pacific/Auckland"),
        ZoneInfo("America/Los_Angeles"),
        parse("daily 08:00"),
    )
    fired = next_at(morning, utc("2025-03-09T12:00"), auckland, NEW_YEAR, 0)
    assert fired == utc("2025-03-09T19:00")
    fired_on = fires_on(morning, fired, auckland, NEW_YEAR, 0)

    assert fired_on == date(2025, 3, 10)
    assert next_at(morning, fired, angeles, NEW_YEAR, 0) == utc("2025-03-10T15:00")
    assert next_at(morning, fired, angeles, NEW_YEAR, 0, fired_on) == utc("2025-03-11T15:00")


def test_an_edit_to_a_later_hour_does_not_fire_again_that_date() -> None:
    later = parse("daily 21:00")
    now = utc("2025-06-03T18:30")

    assert next_at(later, now, BERLIN, NEW_YEAR, 0) == utc("2025-06-03T19:00")
    assert next_at(later, now, BERLIN, NEW_YEAR, 0, date(2025, 6, 3)) == utc("2025-06-04T19:00")


def test_a_time_pushed_past_midnight_keeps_its_date() -> None:
    late = parse("daily 23:30")
    pushed = next_at(late, utc("2025-03-30T01:00"), NUUK, NEW_YEAR, 0)

    assert pushed == utc("2025-03-30T01:30")
    assert pushed.astimezone(NUUK).date() == date(2025, 3, 30)
    assert fires_on(late, pushed, NUUK, NEW_YEAR, 0) == date(2025, 3, 29)
    assert next_at(late, pushed, NUUK, NEW_YEAR, 0, date(2025, 3, 29)) == utc("2025-03-31T00:30")


def test_two_dates_that_meet_fire_once() -> None:
    # This seed draws 23:52 on the 29th, which moves to 00:52, and 00:52 on the 30th.
    anytime, seed = parse("daily 00:00-23:59"), 3225
    met = next_at(anytime, utc("2025-03-30T01:00"), NUUK, NEW_YEAR, seed)

    assert met == utc("2025-03-30T01:52")
    assert fires_on(anytime, met, NUUK, NEW_YEAR, seed) == date(2025, 3, 30)
    following = next_at(anytime, met, NUUK, NEW_YEAR, seed)
    assert following
    assert fires_on(anytime, following, NUUK, NEW_YEAR, seed) == date(2025, 3, 31)


def test_another_instant_has_the_date_on_the_clock() -> None:
    assert fires_on(parse("daily 20:30"), utc("2025-06-03T22:30"), BERLIN, NEW_YEAR, 0) == date(2025, 6, 4)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "UTC"])
@pytest.mark.parametrize(
    "text",
    ["daily 20:30", "mon 20:30", "every 365 days 20:30", "every 52 weeks tue 20:30", "monthly 31 20:30"],
)
def test_the_calendar_ends(text: str, zone: str) -> None:
    schedule, there, end = parse(text), ZoneInfo(zone), datetime.max.replace(tzinfo=UTC)

    assert next_at(schedule, end, there, NEW_YEAR, 0) is None
    assert next_at(schedule, end - timedelta(hours=2), there, date.max, 0) is None
    assert next_at(schedule, utc("2025-01-01T00:00"), there, NEW_YEAR, 0, date.max) is None
    assert next_at(schedule, datetime.min.replace(tzinfo=UTC), there, NEW_YEAR, 0) is not None


def test_the_last_dates_of_all_are_due() -> None:
    last = next_at(parse("daily 20:30"), utc("9999-12-31T00:00"), BERLIN, NEW_YEAR, 0)

    assert last == utc("9999-12-31T19:30")
    pushed = next_at(parse("every 365 days 23:30"), utc("9999-01-01T00:00"), NUUK, date(9999, 3, 27), 0)
    assert pushed == utc("9999-03-28T01:30")
    assert (
        next_at(parse("daily 23:30"), utc("9999-12-30T00:00"), ZoneInfo("America/Lima"), date.max, 0) is None
    )


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        next_at(parse("daily 20:30"), datetime(2025, 6, 3), BERLIN, NEW_YEAR, 0)  # noqa: DTZ001


def test_the_minute_of_a_window_is_known_for_good() -> None:
    evening = parse("daily 17:00-20:00")

    # Another draw, or one that differs between processes, would move every reminder that is already due.
    assert [time_on(evening, NEW_YEAR, seed) for seed in (0, 1, -5, 2**63)] == [
        time(18, 28),
        time(18, 52),
        time(18, 43),
        time(19, 20),
    ]


def test_a_window_is_drawn_evenly_with_both_ends() -> None:
    short = parse("daily 08:58-09:01")
    drawn = [
        time_on(short, date(2025, 1, 1) + timedelta(day), seed) for day in range(100) for seed in range(10)
    ]
    counts = {minute: drawn.count(minute) for minute in set(drawn)}

    assert set(counts) == {time(8, 58), time(8, 59), time(9, 0), time(9, 1)}
    assert min(counts.values()) > 200


@pytest.mark.parametrize(
    "build",
    [
        lambda: Weekly(()),
        lambda: Weekly((2, 1)),
        lambda: Weekly((1, 1)),
        lambda: Weekly((7,)),
        lambda: EveryDays(1),
        lambda: EveryDays(366),
        lambda: EveryWeeks(1, 0),
        lambda: EveryWeeks(2, 7),
        lambda: MonthDay(0),
        lambda: MonthDay(32),
        lambda: LastWeekday(-1),
        lambda: Schedule(MonthDay(1), time(9), time(8, 59)),
        lambda: Schedule(MonthDay(1), time(9, 0, 1), time(10)),
        lambda: Schedule(MonthDay(1), time(9, tzinfo=UTC), time(9, tzinfo=UTC)),
        lambda: Schedule(MonthDay(1), time(9, fold=1), time(9, fold=1)),
    ],
)
def test_an_impossible_schedule_cannot_be_built(build: object) -> None:
    assert callable(build)
    with pytest.raises(ValueError, match=r"must|needs"):
        build()
