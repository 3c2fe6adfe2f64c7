"""The whole reckoning in sentences."""

from dataclasses import replace
from datetime import date

from hypothesis import given

from habits.entries import Pause
from habits.explain import explain
from habits.goals import DatedGoal, parse_goal
from habits.periods import Facts
from habits.spares import spares
from habits.streaks import progress
from habits.strength import strength
from tests.habits.histories import day, habit, histories


def test_days_are_told_one_by_one_with_what_was_forgiven() -> None:
    assert explain(habit("daily", "d" + "." * 3 + "dd.s", reserve=1), day(8)) == [
        "Practised on 3 days since 2025-10-29.",
        "Goal: daily, 1 spare in any 28 days.",
        "No run goes on.",
        "Thu 6 Nov: open.",
        "Wed 5 Nov: skipped or paused, held.",
        "Tue 4 Nov: not done, missed.",
        "Mon 3 Nov: done, kept.",
        "Sun 2 Nov: done, kept.",
        "Sat 1 Nov: not done, missed.",
        "Fri 31 Oct: not done, missed.",
        "Thu 30 Oct: not done, but forgiven: a spare day.",
        "Wed 29 Oct: done, kept.",
        "The latest run that broke: Tue 4 Nov: not done.",
        "Longest run: 2 days.",
        "Spare days: 1 of 1 used, 0 left.",
        "Strength: 0.127, where 0 is new and 1 is second nature.",
    ]


def test_weeks_are_told_with_their_counts() -> None:
    facts = habit("3 a week", "d...." + "d.d.d.." + "sssssss" + "d")
    assert explain(facts, day(19)) == [
        "Practised on 5 days since 2025-10-29.",
        "Goal: 3 a week.",
        "Streak: 1 week, since 2025-11-03.",
        "Week of 17 Nov: 1 of 3, open.",
        "Week of 10 Nov: skipped or paused, held.",
        "Week of 3 Nov: 3 of 3, kept.",
        "Week of 29 Oct: 1 of 3, but the first is never a miss.",
        "Longest run: 1 week.",
        "Slack: 5 days may add nothing from today on.",
        "Strength: 0.149, where 0 is new and 1 is second nature.",
    ]


def test_months_are_told_and_a_year_that_is_not_todays() -> None:
    lines = explain(habit("2 a month", "dd"), day(70))
    assert lines[3:6] == ["Jan: 0 of 2, open.", "Dec 2025: 0 of 2, missed.", "Nov 2025: 0 of 2, missed."]
    assert lines[6] == "Oct 2025: 2 of 2, kept."
    assert lines[7] == "The latest run that broke: Nov 2025: 0 of 2."


def test_days_off_are_not_called_skipped_and_windows_keep_days_without_a_done() -> None:
    facts = habit("wed fri", "d.d.", changes=[(5, "2 in 3 days")])
    facts = replace(facts, pauses=[Pause(day(3), day(3))])
    lines = explain(facts, day(5))
    assert lines[3:9] == [
        "Mon 3 Nov: open.",
        "Sun 2 Nov: nothing due, held.",
        "Sat 1 Nov: skipped or paused, held.",
        "Fri 31 Oct: done, kept.",
        "Thu 30 Oct: nothing due, held.",
        "Wed 29 Oct: done, kept.",
    ]
    assert "Tue 4 Nov: kept." in explain(habit("2 in 3 days", "....dd.."), day(7))


def test_slack_is_told_in_words() -> None:
    assert explain(habit("daily", "dd"), day(2))[-2] == "Slack: today counts."
    assert explain(habit("daily", "dd"), day(1))[-2] == "Slack: 1 day may add nothing from today on."
    doomed = explain(habit("3 a week", "ddd"), day(11))
    assert doomed[-2] == "The run cannot be saved any more, but a new one can begin."
    assert "Week of 3 Nov: 0 of 3, open." in doomed


def test_a_first_period_after_a_change_of_unit_is_no_miss_and_a_day_off_asks_for_nothing() -> None:
    facts = habit("daily", "d", changes=[(1, "3 a week")])
    assert "Week of 30 Oct: 0 of 3, but the first is never a miss." in explain(facts, day(6))
    assert "Thu 30 Oct: nothing to do." in explain(habit("wed", "d"), day(1))
    assert "Week of 29 Oct: 3 of 3, kept." in explain(habit("3 a week", "ddd"), day(3))


def test_before_the_start_there_is_little_to_say() -> None:
    facts = replace(habit("daily", "", start=9), goals=[DatedGoal(day(0), parse_goal("daily"))])
    assert explain(facts, day(0)) == ["It begins on 2025-11-07."]


@given(histories())
def test_whatever_was_said_it_can_be_explained(history: tuple[Facts, date]) -> None:
    lines = explain(*history)
    assert all(line.endswith(".") and line[0].isupper() | line[0].isdigit() for line in lines)
    if len(lines) > 1:
        shown, told = progress(*history), "\n".join(lines)
        assert lines[0].startswith(f"Practised on {shown.practised} day")
        assert f"Strength: {strength(*history):.3f}," in lines[-1]
        spare = spares(history[0], shown, history[1])
        assert 0 <= spare.used <= spare.reserve
        assert ("Spare days: " in told) == (spare.reserve > 0)
        assert ("The latest run that broke: " in told) == (shown.ended is not None)
