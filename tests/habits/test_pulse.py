"""The weekly check-in: its items, its six-week round, and that it fits one SMS."""

from datetime import date, timedelta

import pytest

from habits import pulse, wording
from notifiers.segments import Encoding, count

MONDAY = date(2026, 11, 16)
ELEMENTS = {"trust", "vulnerability", "mutual-respect", "empathy"}
BENEFITS = {"trust-security", "communication", "connection", "conflict-resolution", "satisfaction"}


def test_six_weeks_ask_everything_once() -> None:
    weeks = [pulse.asked(MONDAY + timedelta(weeks=week)) for week in range(6)]
    assert all([item.id for item in items[:2]] == ["close", "heard"] for items in weeks)
    assert {items[2].id for items in weeks} == {item.id for item in pulse.items().rotating}
    assert {name for items in weeks for item in items for name in item.serves} == ELEMENTS | BENEFITS
    assert pulse.asked(MONDAY + timedelta(weeks=6)) == weeks[0]


@pytest.mark.parametrize("weekday", range(7))
def test_a_week_may_begin_on_any_day(weekday: int) -> None:
    first = MONDAY + timedelta(days=weekday)
    asked = [pulse.asked(first + timedelta(weeks=week))[2].id for week in range(6)]
    assert len(set(asked)) == 6
    assert pulse.asked(first) == pulse.asked(MONDAY), "all days of a week ask the same"


def test_scores_run_from_1_to_5_and_zero_is_for_no_clash() -> None:
    items = (*pulse.items().fixed, *pulse.items().rotating)
    assert {item.id for item in items if item.lowest == 0} == {"repair"}
    assert all(item.lowest in (0, 1) and item.highest == 5 for item in items)
    assert len(pulse.items().scale) == 5
    assert "not a standard scale" in pulse.items().note


@pytest.mark.parametrize("week", range(6))
def test_the_whole_question_is_one_segment_with_its_scale(week: int) -> None:
    first, second, third = (item.short for item in pulse.asked(MONDAY + timedelta(weeks=week)))
    longest = wording.variants("en", "pulse", first=first, second=second, third=third)[0]
    counted = count(longest)
    assert (counted.encoding, counted.segments) == (Encoding.GSM7, 1), counted.characters
    assert "1 (not at all) to 5 (very)" in longest


def test_an_unknown_language_is_english() -> None:
    assert pulse.items("xx") is pulse.items("en")
