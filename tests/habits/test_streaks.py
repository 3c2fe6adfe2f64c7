"""Streaks: worked examples, and every history against the slow reference."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import example, given, settings

from habits.entries import Mark, Pause
from habits.goals import DatedGoal, Goal, Kind, Unit, parse_goal
from habits.periods import Facts
from habits.streaks import Progress, progress, quiet_when_done
from tests.habits import reference
from tests.habits.histories import DAY, START, day, habit, histories


def shown(facts: Facts, today: int) -> Progress:
    return progress(facts, day(today))


def ended(facts: Facts, today: int) -> str | None:
    missed = shown(facts, today).ended
    return missed.words if missed else None


@given(histories())
@settings(deadline=None, max_examples=200)
def test_every_history_is_judged_as_the_reference_judges_it(history: tuple[Facts, date]) -> None:
    facts, today = history
    found = progress(facts, today)
    today = min(today, facts.ended_on or today)
    if today < facts.started_on:
        assert found == Progress(reference.goal_in_force(facts, facts.started_on).unit)
        return
    run, period = reference.run_today(facts, today)
    done, excused = reference.said(facts, today, Mark.DONE), reference.excused_days(facts, today)
    goal = period[1]
    assert found.practised == len(done)
    assert (found.unit, found.streak, found.since) == (run.unit, run.count, run.since)
    assert found.longest == run.longest
    assert list(found.forgiven) == run.forgiven
    assert found.spares == (run.spares(today, goal) if goal.unit is Unit.DAY else 0)
    assert (found.done_in_period, found.target) == reference.count_and_target(period, done, excused)
    assert found.done_today == (today in done)
    assert found.excused_today == (today in excused - done)
    assert (found.ended is None) == (run.ended is None)
    if found.ended and run.ended:
        days, goal = run.ended
        count = reference.count_and_target(run.ended, done, excused)
        if goal.kind is Kind.ROLLING:
            count = reference.best_window(goal, days[0], done), goal.times
        assert (found.ended.first_on, found.ended.last_on) == (days[0], days[-1])
        assert (found.ended.done, found.ended.target) == count


def test_an_open_day_never_breaks_and_counts_once_kept() -> None:
    assert shown(habit("daily", "ddd"), 3).streak == 3
    assert shown(habit("daily", "dddd"), 3).streak == 4
    assert shown(habit("daily", "ddd"), 4).streak == 0


def test_days_off_neither_help_nor_hurt() -> None:
    # Day 0 is a Wednesday: wed and fri are done, thu and sat too; mon is still to come.
    facts = habit("mon wed fri", "dddd")
    assert (shown(facts, 4).streak, shown(facts, 4).practised, shown(facts, 4).since) == (2, 4, START)
    assert shown(facts, 5).alive
    assert not shown(facts, 6).alive


def test_a_rolling_goal_keeps_the_days_between_its_dones_and_after() -> None:
    facts = habit("2 in 10 days", "..d....d")
    assert shown(facts, 6).streak == 0
    assert (shown(facts, 7).streak, shown(facts, 7).since) == (6, day(2))
    assert shown(facts, 11).streak == 10
    assert shown(facts, 12).streak == 10
    assert shown(facts, 13).streak == 0
    assert ended(facts, 13) == "Mon 10 Nov: 1 of 2 in 10 days"


def test_a_week_is_lowered_by_the_days_before_the_start_and_by_excused_days() -> None:
    # Wednesday to Sunday, then two whole weeks: five are left of seven, then four, then none.
    facts = habit("7 a week", "ddddd" + "ddsssdd" + "sssssss" + ".")
    assert [shown(facts, number).streak for number in (4, 5, 10, 11, 18, 19)] == [1, 1, 1, 2, 2, 2]
    assert (shown(facts, 11).done_in_period, shown(facts, 11).target) == (4, 4)
    assert shown(facts, 12).period_met is False
    assert shown(facts, 18).period_met is True


def test_why_a_run_ended_is_told_with_the_lowered_target_also_while_a_new_one_goes_on() -> None:
    facts = habit("3 a week", "ddd.." + "dsssss." + "dddd...")
    assert ended(facts, 11) is None
    assert ended(facts, 12) == "week of 3 Nov: 1 of 2"
    assert ended(facts, 18) == "week of 3 Nov: 1 of 2"
    assert (shown(facts, 18).streak, shown(facts, 18).longest) == (1, {Unit.WEEK: 1})
    assert ended(facts, 120) == "week of 17 Nov 2025: 0 of 3"


def test_a_month_may_be_shorter_than_its_goal() -> None:
    until_march = 3 + 30 + 31 + 31 + 28
    assert shown(habit("30 a month", "d" * until_march), until_march).streak == 5
    facts = habit("30 a month", "d" * (until_march - 1))
    assert shown(facts, until_march).longest == {Unit.MONTH: 4}
    assert ended(facts, until_march) == "Feb: 27 of 28"


def test_the_reserve_forgives_the_oldest_misses_of_a_live_run_only() -> None:
    facts = habit("daily", "..d.d.dd.d", reserve=2)
    assert shown(facts, 7).forgiven == (day(3), day(5))
    assert (shown(facts, 7).streak, shown(facts, 7).spares) == (4, 0)
    assert (shown(facts, 9).streak, ended(facts, 9)) == (1, "Thu 6 Nov: not done")
    assert shown(habit("daily", "..d.d", reserve=0), 4).streak == 1


def test_a_spare_day_comes_back_after_28_days() -> None:
    facts = habit("daily", "d." + "d" * 27 + ".d", reserve=1)
    assert shown(facts, 28).spares == 0
    assert shown(facts, 29).spares == 1
    assert (shown(facts, 30).streak, shown(facts, 30).forgiven) == (29, (day(1), day(29)))
    assert shown(habit("daily", "d." + "d" * 26 + ".d", reserve=1), 29).streak == 1


def test_a_skipped_day_holds_and_a_window_counts_it_all_the_same() -> None:
    assert shown(habit("daily", "ddsd"), 3).streak == 3
    assert shown(habit("2 in 4 days", "ddss" + "s"), 4).streak == 4
    assert shown(habit("2 in 4 days", "ddss" + "s"), 5).streak == 4


def test_a_done_on_an_excused_day_does_no_harm_although_no_window_keeps_it() -> None:
    assert shown(habit("2 in 3 days", "dd." + "sbs"), 5).streak == 3


def test_a_date_that_a_zone_skipped_is_given_as_a_pause() -> None:
    assert shown(habit("daily", "dd.dd", pauses=[Pause(day(2), day(2))]), 4).streak == 4


def test_a_change_of_goal_begins_with_the_next_period() -> None:
    # On Thursday the goal rises: this week is still judged by 1 a week, the next by 5.
    facts = habit("1 a week", "d...." + "dddd...", changes=[(1, "5 a week")])
    assert shown(facts, 11).streak == 1
    assert ended(facts, 12) == "week of 3 Nov: 4 of 5"


def test_a_change_of_unit_starts_a_new_run_and_the_longest_is_kept_for_each() -> None:
    # Friday and the weekend are what is left of a week: a first period, with the target lowered.
    facts = habit("daily", "dd" + "d.d" + "dddddd.", changes=[(2, "3 a week")])
    assert shown(facts, 1).longest == {Unit.DAY: 2}
    assert (shown(facts, 4).streak, shown(facts, 4).target, shown(facts, 4).ended) == (0, 3, None)
    assert (shown(facts, 11).streak, shown(facts, 11).since) == (1, day(5))
    assert shown(facts, 11).longest == {Unit.DAY: 2, Unit.WEEK: 1}


def test_a_change_between_goals_counted_in_days_keeps_the_run() -> None:
    facts = habit("daily", "ddd...d", changes=[(3, "2 in 5 days")])
    assert shown(facts, 6).streak == 7


def test_an_archived_habit_stays_as_of_its_last_day() -> None:
    facts = replace(habit("daily", "dddddd"), ended_on=day(3))
    assert shown(facts, 300) == shown(facts, 3)
    assert (shown(facts, 300).streak, shown(facts, 300).practised) == (4, 4)


def test_a_month_of_nothing_and_a_start_in_the_future_are_nothing() -> None:
    assert shown(habit("daily", ""), 30) == Progress(Unit.DAY, target=1)
    assert shown(habit("4 a month", "ddd", start=40), 30) == Progress(Unit.MONTH)
    assert shown(replace(habit("daily", "d"), ended_on=day(-9)), 3) == Progress(Unit.DAY)


@pytest.mark.parametrize("goal", ["daily", "mon wed fri", "3 a week", "2 a month", "2 in 366 days"])
def test_the_ends_of_the_calendar_raise_nothing(goal: str) -> None:
    for today in (date.min, date.max):
        start = max(date.min, today - DAY) if today is date.max else today
        facts = Facts(
            start,
            [DatedGoal(date.min, parse_goal(goal)), DatedGoal(date.max, parse_goal(goal))],
            pauses=[Pause(date.min, date.min), Pause(date.max)],
        )
        assert progress(facts, today).practised == 0


def test_facts_that_cannot_be_are_refused() -> None:
    goal = Goal(Kind.CALENDAR, 1, 1)
    with pytest.raises(ValueError, match="needs a goal"):
        Facts(START, [])
    with pytest.raises(ValueError, match="on the same day"):
        Facts(START, [DatedGoal(START, goal), DatedGoal(START, goal)])
    with pytest.raises(ValueError, match="A week starts on"):
        Facts(START, [DatedGoal(START, goal)], week_starts=7)


@pytest.mark.parametrize(
    ("goal", "letters", "reserve", "quiet"),
    [
        ("daily", "dd", 0, [True, True, False]),
        ("daily", "ds", 2, [True, False, False]),
        ("wed thu", "dd", 0, [True, True, False]),
        ("mon", "dd", 0, [True, True, False]),
        ("2 a week", "d.d", 0, [False, False, True]),
        ("1 in 3 days", "d...", 0, [True, True, True, False]),
        ("1 in 3 days", "d...", 1, [True, True, True, True, False]),
        ("1 in 2 days", ".", 0, [False]),
    ],
)
def test_quiet_when_there_is_nothing_to_nudge_for(
    goal: str, letters: str, reserve: int, quiet: list[bool]
) -> None:
    today = [quiet_when_done(habit(goal, letters[: number + 1], reserve), day(number)) for number in range(9)]
    assert today[: len(quiet)] == quiet


def test_a_habit_that_has_not_begun_is_not_quiet() -> None:
    assert not quiet_when_done(habit("daily", "", start=3), day(2))


@given(histories())
@settings(deadline=None)
@example((habit("3 a week", "ddd.d"), day(4)))
def test_quiet_needs_only_the_current_period_unless_the_goal_is_rolling(history: tuple[Facts, date]) -> None:
    facts, today = history
    today = facts.judged_on(today)
    if today >= facts.started_on:
        period = list(reference.all_periods(facts, today))[-1]
        if period[1].kind is not Kind.ROLLING:
            lately = [entry for entry in facts.entries if entry.day >= period[0][0]]
            assert quiet_when_done(facts, today) == quiet_when_done(replace(facts, entries=lately), today)
