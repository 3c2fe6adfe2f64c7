"""Recurrence rules, as a calendar library reads them."""

from datetime import UTC, date, datetime, time
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given
from hypothesis import strategies as st

from habits.ics import rrule
from habits.schedule import Schedule, next_at, parse
from habits.schedule_rules import EveryWeeks, MonthDay, Rule
from tests.habits.test_schedule_text import rules


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("daily 20:30", "FREQ=DAILY"),
        ("weekdays 08:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("mon sat 19:00", "FREQ=WEEKLY;BYDAY=MO,SA"),
        ("every 3 days 18:00", "FREQ=DAILY;INTERVAL=3"),
        ("every 2 weeks sat 10:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA"),
        ("monthly 28 09:00", "FREQ=MONTHLY;BYMONTHDAY=28"),
        ("monthly 29 09:00", "FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1"),
        ("monthly 30 09:00", "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"),
        ("monthly 31 09:00", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("monthly last sun 17:00-20:00", "FREQ=MONTHLY;BYDAY=-1SU"),
    ],
)
def test_the_rule_of_each_form(text: str, rule: str) -> None:
    assert rrule(parse(text)) == rule


@given(rule=rules, starts_on=st.dates(date(1990, 1, 1), date(2090, 1, 1)))
@example(MonthDay(30), date(2023, 12, 31))
@example(EveryWeeks(2, 0), date(2025, 1, 5))
def test_a_library_reads_the_same_dates(rule: Rule, starts_on: date) -> None:
    schedule = Schedule(rule, time(9), time(9))
    after, ours = datetime.combine(starts_on, time(), UTC), []
    for _ in range(30):
        found = next_at(schedule, after, ZoneInfo("UTC"), starts_on, 0)
        assert found is not None
        ours.append(found)
        after = found

    assert list(islice(rrulestr(rrule(schedule), dtstart=ours[0]), 30)) == ours
