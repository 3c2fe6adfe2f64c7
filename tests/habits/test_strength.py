"""Strength: Loop Habit Tracker's known answers, worked examples, and the sum written out."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings

from habits.entries import Entry, Mark, Pause
from habits.goals import DatedGoal, Goal, Kind
from habits.periods import Facts
from habits.strength import carried, strength
from tests.habits import reference
from tests.habits.histories import DAY, START, day, habit, histories

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "strength.json").read_text())["vectors"]
STEPS = [vector for vector in VECTORS if vector["family"] == "loop.score.step"]
SERIES = [vector for vector in VECTORS if vector["family"] == "loop.score.series"]


def test_every_vector_is_used() -> None:
    assert len(STEPS) == 6
    assert len(SERIES) == len(VECTORS) - 6 == 4


@pytest.mark.parametrize("vector", STEPS, ids=lambda vector: vector["id"])
def test_one_day_moves_it_as_in_loop(vector: dict[str, Any]) -> None:
    given_, keep = vector["input"], carried(vector["input"]["frequency"])
    moved = given_["previous"] * keep + given_["completed_fraction"] * (1 - keep)
    assert moved == pytest.approx(vector["expected"], abs=vector["tolerance"])


@pytest.mark.parametrize("vector", SERIES, ids=lambda vector: vector["id"])
def test_a_series_of_days_comes_to_what_it_comes_to_in_loop(vector: dict[str, Any]) -> None:
    times, days = vector["input"]["frequency"]
    today = START
    done = [today - DAY * int(ago) for ago in vector["input"]["entries"]]
    facts = Facts(
        min(done) - DAY * 10,
        [DatedGoal(min(done), Goal(Kind.ROLLING, times, days))],
        [Entry(each, number, each, Mark.DONE) for number, each in enumerate(done)],
    )
    expected = vector["expected"]
    for ago, value in enumerate(expected.get("score_by_days_ago", [])):
        assert strength(facts, today - DAY * ago) == pytest.approx(value, abs=vector["tolerance"])
    assert strength(facts, today) > expected.get("today_greater_than", 0)


@given(histories())
@settings(deadline=None)
@example((habit("daily", "ddd", changes=[(2, "3 a week"), (9, "daily")]), day(5)))
def test_every_history_comes_to_the_sum_written_out(history: tuple[Facts, date]) -> None:
    facts, today = history
    value = strength(facts, today)
    assert 0 <= value < 1
    assert value == pytest.approx(reference.strength(facts, facts.judged_on(today)), abs=1e-9)


@pytest.mark.parametrize("goal", ["7 a week", "31 a month", "5 in 5 days", "mon tue wed thu fri sat sun"])
def test_as_often_as_there_are_days_is_daily(goal: str) -> None:
    letters = "dd.ddd..ddsdd"
    daily = strength(habit("daily", letters), day(12))
    assert strength(habit(goal, letters), day(12)) == pytest.approx(daily)


def test_an_excused_day_carries_it_over_and_a_forgiven_miss_does_not() -> None:
    before = strength(habit("daily", "ddd"), day(2))
    assert strength(habit("daily", "ddds"), day(3)) == before
    assert strength(habit("daily", "ddd", pauses=[Pause(day(3))]), day(3)) == before
    assert strength(habit("daily", "ddd.", reserve=2), day(3)) < before


def test_only_due_days_count_for_weekdays() -> None:
    # Days 0 and 1 are a Wednesday and a Thursday.
    assert strength(habit("wed", "d"), day(0)) > 0
    assert strength(habit("wed", ".d"), day(1)) == 0


def test_there_is_none_before_the_start() -> None:
    assert strength(habit("daily", "ddd", start=5), day(4)) == 0
