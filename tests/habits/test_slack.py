"""Slack: other people's known answers, worked examples, and every way of going on, tried one by one."""

from datetime import date

from hypothesis import assume, given, settings

from habits.periods import Facts
from habits.streaks import progress
from tests.habits import reference
from tests.habits.histories import histories


@given(histories(length=32))
@settings(deadline=None, max_examples=60)
def test_slack_is_the_most_days_that_may_add_nothing(history: tuple[Facts, date]) -> None:
    facts, today = history
    assume(facts.started_on <= facts.judged_on(today))
    assert progress(facts, today).slack == reference.slack(facts, facts.judged_on(today), ahead=60)
