"""Rolling goals and slack: other people's known answers, worked examples, and every way of going on."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from habits.entries import Entry, Mark, Pause
from habits.goals import DatedGoal, Goal, Kind, Unit
from habits.periods import AHEAD, Facts
from habits.streaks import judge, progress
from habits.verdicts import KEPT
from tests.habits import reference
from tests.habits.histories import DAY, START, day, entries, habit, histories

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "rolling.json").read_text())["vectors"]
MARKS = {"y": Mark.DONE, "s": Mark.SKIPPED}


def family(name: str) -> list[Any]:
    return [
        pytest.param(vector, id=vector["id"]) for vector in VECTORS if vector["family"] == f"harsh.{name}"
    ]


def rolling(told: dict[date, str], target: int, interval: int, first: date | None) -> Facts:
    first = min(first or min(told), *told)
    entries = [
        Entry(on, number, on, MARKS[what]) for number, (on, what) in enumerate(told.items()) if what != "n"
    ]
    return Facts(first, [DatedGoal(first, Goal(Kind.ROLLING, target, interval, reserve=0))], entries)


def from_vector(given_: dict[str, Any]) -> Facts:
    told = {date.fromisoformat(on): what for on, what in given_["entries"].items()}
    first = given_["first_record"]
    return rolling(told, given_["target"], given_["interval"], date.fromisoformat(first) if first else None)


def test_every_vector_is_used() -> None:
    counts = [len(family(name)) for name in ("satisfied", "days_until_break", "streak_lengths")]
    assert counts == [7, 11, 3]
    assert sum(counts) == len(VECTORS)


@pytest.mark.parametrize("vector", family("satisfied"))
def test_a_day_is_kept_as_in_harsh(vector: dict[str, Any]) -> None:
    facts = from_vector(vector["input"])
    on = date.fromisoformat(vector["input"]["day"])
    judged = judge(facts, max([on, *(entry.day for entry in facts.entries)]))
    assert judged is not None
    assert (judged.verdicts[(on - facts.started_on).days] == KEPT) is vector["expected"]


@pytest.mark.parametrize("vector", family("days_until_break"))
def test_slack_at_reserve_0_is_the_days_until_break_of_harsh(vector: dict[str, Any]) -> None:
    shown = progress(from_vector(vector["input"]), date.fromisoformat(vector["input"]["today"]))
    assert shown.slack == (vector["expected"] if vector["expected"] >= 0 else None)


@pytest.mark.parametrize("vector", family("streak_lengths"))
def test_streaks_are_as_long_as_in_harsh(vector: dict[str, Any]) -> None:
    given_ = vector["input"]
    told = {START - DAY * int(ago): what for ago, what in given_["entries_days_ago"].items()}
    first = START - DAY * given_["first_record_days_ago"]
    shown = progress(rolling(told, given_["target"], given_["interval"], first), START)
    expected = vector["expected"]
    assert (shown.streak, shown.longest[Unit.DAY]) == (expected["current"], expected["longest"])


@given(histories(length=28))
@settings(deadline=None, max_examples=60)
@example((habit("2 in 3 days", "dd.", reserve=2, changes=[(5, "daily")]), day(2)))
@example((habit("2 in 3 days", "dd.", reserve=1, changes=[(4, "mon wed fri")]), day(2)))
@example((habit("daily", "dd.", reserve=2, changes=[(5, "3 in 4 days")]), day(2)))
@example((habit("3 in 7 days", "dd.d...", reserve=2), day(6)))
@example((habit("2 in 2 days", "dd.d", reserve=1), day(3)))
@example((habit("1 in 3 days", "ddd", reserve=1, changes=[(5, "2 in 2 days")]), day(2)))
@example((habit("3 in 6 days", "ds.d.", reserve=1, changes=[(1, "daily")]), day(4)))
def test_slack_is_the_most_days_that_may_add_nothing(history: tuple[Facts, date]) -> None:
    facts, today = history
    assume(facts.started_on <= facts.judged_on(today))
    assert progress(facts, today).slack == reference.slack(facts, facts.judged_on(today), ahead=100)


@given(st.text("d.", max_size=40), st.integers(1, 8), st.integers(0, 8), st.integers(0, 12))
@settings(deadline=None)
@example("d..d.d", 3, 4, 0)
def test_at_reserve_0_a_rolling_goal_has_slack_until_its_first_day_not_kept(
    letters: str, times: int, more: int, later: int
) -> None:
    goal = DatedGoal(START, Goal(Kind.ROLLING, times, times + more, reserve=0))
    facts = Facts(START, [goal], entries(letters))
    today = day(len(letters) + later)
    done = reference.said(facts, today, Mark.DONE)
    not_kept = today
    while reference.best_window(goal.goal, not_kept, done) >= times:
        not_kept += DAY
    shown = progress(facts, today)
    assert shown.slack == ((not_kept - today).days if shown.alive else None)


def slack(facts: Facts, today: int) -> int | None:
    return progress(facts, day(today)).slack


def test_a_week_leaves_the_days_that_the_rest_of_it_does_not_need() -> None:
    # The first week is kept; in the second two of three are missing: Saturday and Sunday will do.
    facts = habit("3 a week", "ddd.." + "d")
    assert [slack(facts, number) for number in (5, 8, 10)] == [5, 2, 0]
    # On Sunday nothing can save it, although the open week has not broken yet.
    assert progress(facts, day(11)).alive
    assert slack(facts, 11) is None


def test_what_is_done_today_is_not_done_twice_and_a_done_on_a_paused_day_asks_for_more() -> None:
    assert slack(habit("3 a week", "ddd.." + ".....d"), 10) is None
    assert slack(habit("7 a week", "ddddd" + "ddd", pauses=[Pause(day(9), day(11))]), 8) == 0


def test_a_week_that_is_met_leaves_its_rest_and_what_the_next_does_not_need() -> None:
    assert slack(habit("3 a week", "ddd"), 2) == 3 + 4
    assert slack(habit("3 a week", "ddd", pauses=[Pause(day(5), day(7))]), 2) == 3 + 4
    assert slack(habit("3 a week", "ddd", pauses=[Pause(day(5), day(11))]), 2) == 3 + 7 + 4


def test_spares_count() -> None:
    assert [slack(habit("daily", "ddd", reserve), 3) for reserve in (0, 1, 2)] == [0, 1, 2]
    assert slack(habit("daily", "dddd", reserve=2), 3) == 3
    assert slack(habit("daily", "dd.d", reserve=2), 4) == 1
    assert slack(habit("mon wed fri", "ddd", reserve=1), 2) == 5


def test_a_window_must_be_kept_again_at_once_so_that_spares_may_not_all_be_used() -> None:
    # Kept to day 8. After two spare days, one done alone would keep no window of seven days with three.
    assert slack(habit("3 in 7 days", "..ddd", reserve=0), 4) == 5
    assert slack(habit("3 in 7 days", "..ddd", reserve=2), 4) == 5


def test_there_is_none_without_a_run() -> None:
    assert slack(habit("daily", "d."), 2) is None
    assert slack(habit("daily", ""), 0) is None


def test_after_a_long_rest_one_done_may_not_be_enough_to_live_to_its_evening() -> None:
    facts = habit("2 in 3 days", "dd" + "." * 10, pauses=[Pause(day(2), day(9))])
    assert slack(facts, 9) == 0
    assert progress(facts, day(10)).alive
    assert slack(facts, 10) is None


def test_a_pause_with_an_end_is_known_ahead_and_one_without_is_not() -> None:
    assert slack(habit("daily", "dd", pauses=[Pause(day(2), day(4))]), 2) == 3
    assert slack(habit("daily", "dd", pauses=[Pause(day(2))]), 2) == 1


def test_a_planned_change_of_unit_ends_the_question() -> None:
    assert slack(habit("mon", "d" * 6, changes=[(8, "3 a week")]), 5) == 3
    assert slack(habit("3 a week", "d" * 5, changes=[(8, "daily")]), 4) == 5
    assert slack(habit("1 a week", "d" * 6, changes=[(8, "daily")]), 5) == 7


def test_slack_has_an_end_even_where_nothing_can_break_the_run() -> None:
    assert slack(habit("mon", "d" * 6, reserve=4), 5) == AHEAD + 1
    resting = [Pause(day(5), day(5000))]
    assert slack(habit("3 a week", "ddd", pauses=resting), 2) == AHEAD + 1
    assert slack(habit("1 a month", "d" * 6, pauses=resting), 5) == AHEAD + 1
