"""Schedules as people write them, and what they are told when they slip."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habits.schedule import Schedule, ScheduleError, parse, text
from habits.schedule_rules import EveryDays, EveryWeeks, LastWeekday, MonthDay, Weekly

weekdays = st.integers(0, 6)
rules = st.one_of(
    st.sets(weekdays, min_size=1).map(lambda days: Weekly(tuple(sorted(days)))),
    st.integers(2, 365).map(EveryDays),
    st.builds(EveryWeeks, st.integers(2, 52), weekdays),
    st.integers(1, 31).map(MonthDay),
    weekdays.map(LastWeekday),
)
minutes = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@given(rule=rules, ends=st.tuples(minutes, minutes).map(sorted))
def test_what_is_written_is_read_back(rule: Weekly, ends: list[time]) -> None:
    schedule = Schedule(rule, *ends)

    assert parse(text(schedule)) == schedule


@pytest.mark.parametrize(
    "written",
    [
        "daily 20:30",
        "weekdays 08:00",
        "mon wed fri 19:00",
        "sat sun 10:00",
        "every 3 days 18:00",
        "every 2 weeks sat 10:00",
        "monthly 1 09:00",
        "monthly 31 09:00",
        "monthly last sun 17:00",
        "daily 17:00-20:00",
        "every 2 weeks sat 00:00-23:59",
    ],
)
def test_every_form_is_its_own_canonical_text(written: str) -> None:
    assert text(parse(written)) == written


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("  DAILY   8:05 ", "daily 08:05"),
        ("Friday, Monday 19:00", "mon fri 19:00"),
        ("mon tue wed thu fri 19:00", "weekdays 19:00"),
        ("mon tue wed thu fri sat sun 19:00", "daily 19:00"),
        ("weekends 10:00", "sat sun 10:00"),
        ("daily 17:00 – 20:00", "daily 17:00-20:00"),
        ("every 1 day 18:00", "daily 18:00"),
        ("every 1 week sat 10:00", "sat 10:00"),
        ("every 03 days 18:00", "every 3 days 18:00"),
        ("monthly last sunday 17:00", "monthly last sun 17:00"),
    ],
)
def test_other_ways_to_write_it_are_understood(written: str, canonical: str) -> None:
    assert text(parse(written)) == canonical


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "The schedule is empty. For example: daily 20:30."),
        (" , ", "The schedule is empty. For example: daily 20:30."),
        ("daily " * 20, "That is too long for a schedule. For example: daily 20:30."),
        (
            "dialy 20:30",
            "'dialy' is not understood here. Did you mean 'daily'? For example: daily 20:30, or mon",
        ),
        ("weekdys 08:00", "'weekdys' is not understood here. Did you mean 'weekdays'? For example: "),
        ("mondy 08:00", "Did you mean 'monday'?"),
        ("\x1b[31mred 20:30", r"'\x1b[31mred' is not understood here."),
        ("A" * 60 + " 20:30", "'aaaaaaaaaaaaaaaaaaaa…' is not understood here. For example: "),
        ("20:30 daily", "Say on which days before '20:30': the time comes last. For example: daily 20:30."),
        ("daily", "A time is missing after 'daily'. For example: daily 20:30."),
        ("mon wed", "A time is missing after 'wed'. For example: mon wed fri 19:00."),
        ("every 3 days", "A time is missing after 'days'. For example: every 3 days 18:00"),
        ("daily at 20:30", "'at' is not understood here. For example: daily 20:30."),
        (
            "daily 20:30 21:30",
            "The time '20:30' comes last: leave out '21:30'. For example: daily 17:00-20:00.",
        ),
        (
            "mon wde 19:00",
            "'wde' is not understood here. Did you mean 'wed'? For example: mon wed fri 19:00.",
        ),
        ("mon monday 19:00", "The day 'monday' is named twice."),
        ("every", "A number is missing after 'every'."),
        ("every monday 10:00", "A number from 1 to 365 belongs where 'monday' stands."),
        ("every 0 days 10:00", "A number from 1 to 365 belongs where '0' stands."),
        ("every 366 days 10:00", "A number from 1 to 365 belongs where '366' stands."),
        ("every ² days 10:00", "A number from 1 to 365 belongs where"),
        ("every 3", "The word days or weeks is missing after '3'."),
        ("every 3 dys 10:00", "'dys' is not understood here. Did you mean 'days'?"),
        ("every 53 weeks sat 10:00", "A number from 1 to 52 belongs where '53' stands."),
        ("every 2 weeks", "A day of the week is missing after 'weeks'."),
        ("every 2 weeks 10:00", "A day of the week is missing before '10:00'."),
        ("every 2 weeks stat 10:00", "'stat' is not understood here. Did you mean 'sat'?"),
        ("every 2 weeks sat sun 10:00", "'sun' is not understood here."),
        ("monthly", "A day of the month is missing after 'monthly'. For example: monthly 1 09:00, or "),
        ("monthly 0 09:00", "A number from 1 to 31 belongs where '0' stands."),
        ("monthly 32 09:00", "A number from 1 to 31 belongs where '32' stands."),
        ("monthly 09:00", "A number from 1 to 31 belongs where '09:00' stands."),
        ("monthly lst sun 09:00", "'lst' is not understood here. Did you mean 'last'?"),
        ("monthly last", "A day of the week is missing after 'last'."),
        ("daily 25:00", "'25:00' is not a time from 00:00 to 23:59. For example: daily 20:30."),
        ("daily 12:60", "'12:60' is not a time from 00:00 to 23:59. For example: daily 20:30."),
        ("daily 20.30", "'20.30' is not a time from 00:00 to 23:59. Did you mean '20:30'? For example: "),
        ("daily 830", "Did you mean '08:30'?"),
        ("daily 20h30", "Did you mean '20:30'?"),
        ("daily 8pm", "Did you mean '20:00'?"),
        ("daily 12:15am", "Did you mean '00:15'?"),
        ("daily 17-20", "'17' is not a time from 00:00 to 23:59. Did you mean '17:00'?"),
        ("daily 20:30-", "'20:30-' is not a time"),
        ("daily 10:00-11:00-12:00", "'11:00-12:00' is not a time"),
        ("daily 22:00-24:00", "'24:00' is not a time"),
        (
            "daily 20:00-17:00",
            "The window '20:00-17:00' must end after it begins, on the same day. For example: ",
        ),
        ("daily 17:00-", "'17:00-' is not a time from 00:00 to 23:59."),
        ("daily 17:00 -", "The time '17:00' comes last: leave out '-'."),
        ("daily -17:00", "'-17:00' is not understood here. For example: daily 20:30."),
        ("daily -", "'-' is not understood here."),
        ("every -2 days 10:00", "A number from 1 to 365 belongs where '-2' stands."),
        ("monthly -1 10:00", "'-1' is not understood here."),
        ("daily 17:00-16:59", "The window '17:00-16:59' must end after it begins, on the same day."),
        ("daily 17:00-17:00", "The window '17:00-17:00' must end after it begins, on the same day."),
        ("daily 22:00-01:00", "The window '22:00-01:00' must end after it begins, on the same day."),
    ],
)
def test_the_word_at_fault_is_named(written: str, told: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(written)

    assert told in str(caught.value)
    assert str(caught.value).endswith(".")


def outcome(written: str) -> Schedule | str:
    try:
        return parse(written)
    except ScheduleError as error:
        return str(error)


WORDS = (
    "daily weekdays every monthly last mon sunday 1 2 31 400 day days weeks 8:00 8:00-9:00 9pm - , ² ١٢:٠٠"
)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=6).map(" ".join) | st.text(max_size=120))
def test_anything_is_a_schedule_or_a_clear_error(written: str) -> None:
    found = outcome(written)

    if isinstance(found, Schedule):
        assert outcome(text(found)) == found
    else:
        assert " For example: " in found
        assert found.isprintable()
