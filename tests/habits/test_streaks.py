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
from tests.habits.histories import DAY, START, day, entries, habit, histories


@given(histories())
@settings(deadline=None, max_examples=200)
def test_every_history_is_judged_as_the_reference_judges_it(history: tuple[Facts, date]) -> None:
    facts, today = history
    shown = progress(facts, today)
    today = min(today, facts.ended_on or today)
    if today < facts.started_on:
        assert shown == Progress(reference.goal_in_force(facts, facts.started_on).unit)
        return
    run, period = reference.run_today(facts, today)
    done, excused = reference.said(facts, today, Mark.DONE), reference.excused_days(facts, today)
    goal = period[1]
    assert shown.practised == len(done)
    assert (shown.unit, shown.streak, shown.since) == (run.unit, run.count, run.since)
    assert shown.longest == run.longest
    assert list(shown.forgiven) == run.forgiven
    assert shown.spares == (run.spares(today, goal) if goal.unit is Unit.DAY else 0)
    assert (shown.done_in_period, shown.target) == reference.count_and_target(period, done, excused)
    assert shown.done_today == (today in done)
    assert shown.excused_today == (today in excused - done)
    assert (shown.ended is None) == (run.ended is None)
    if shown.ended and run.ended:
        days, goal = run.ended
        count = reference.count_and_target(run.ended, done, excused)
        if goal.kind is Kind.ROLLING:
            count = reference.best_window(goal, days[0], done), goal.times
        assert (shown.ended.first_on, shown.ended.last_on) == (days[0], days[-1])
        assert (shown.ended.done, shown.ended.target) == count
