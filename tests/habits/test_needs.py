"""Rules 2, 7, 8 and 10 of the policy: what is needed at all, one table for each."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from habits.needs import Kind, Standing, kept_weeks, needless, tapered
from habits.nudging import Decision, Due, History, Reason, Rules, decide

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
RULES = Rules(ZoneInfo("UTC"))


def about(*due: Due) -> Decision:
    return decide(due, RULES, History(), NOON)


# Rule 2: quiet when done.


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing(), None),
        (Standing(done=True), Reason.DONE),  # Once of three times a week: no second time counts today.
        (Standing(slack=0), None),
        (Standing(slack=5), None),
        (Standing(met=True), Reason.GOAL_MET),
        (Standing(met=True, done=True), Reason.DONE),
        (Standing(skipped=True), Reason.SKIPPED),
        (Standing(skipped=True, met=True), Reason.SKIPPED),
        (Standing(asked=True, met=True, done=True), Reason.ASKED),
        (Standing(paused=True, asked=True), Reason.PAUSED),
    ],
)
def test_quiet_when_done(standing: Standing, expected: Reason | None) -> None:
    assert needless(Kind.NUDGE, standing) is expected


# Rule 7: the taper.


@pytest.mark.parametrize(
    ("kept_weeks", "pattern"),
    [
        (0, "xxxxxxxxx"),
        (3, "xxxxxxxxx"),
        (4, ".x.x.x.x."),
        (11, ".x.x.x.x."),
        (12, "...x...x."),
        (400, "...x...x."),
    ],
)
def test_nudges_are_thinned_out_while_the_goal_is_kept(kept_weeks: int, pattern: str) -> None:
    went, thinned = "", 0
    for _ in pattern:
        left_out = tapered(Kind.NUDGE, Standing(kept_weeks=kept_weeks, thinned=thinned))
        thinned = thinned + 1 if left_out else 0
        went += "." if left_out else "x"

    assert went == pattern


@pytest.mark.parametrize(("days", "weeks"), [(None, 0), (0, 0), (6, 0), (7, 1), (27, 3), (28, 4), (84, 12)])
def test_only_whole_weeks_of_a_streak_count(days: int | None, weeks: int) -> None:
    today = NOON.date()
    assert kept_weeks(None if days is None else today - timedelta(days=days), today) == weeks


def test_a_broken_streak_brings_all_nudges_back_at_once() -> None:
    assert not tapered(Kind.NUDGE, Standing(kept_weeks=0, thinned=2))


def test_only_nudges_are_thinned_out() -> None:
    assert [kind for kind in Kind if tapered(kind, Standing(kept_weeks=20))] == [Kind.NUDGE]


def test_what_is_late_or_done_is_not_counted_as_thinned_out() -> None:
    kept = Standing(kept_weeks=4)
    due = (
        Due("late", NOON - timedelta(hours=3), standing=kept),
        Due("done", NOON, standing=Standing(kept_weeks=4, done=True, met=True)),
        Due("thin", NOON, standing=kept),
        Due("goes", NOON, standing=Standing(kept_weeks=4, thinned=1)),
    )
    decision = about(*due)

    assert decision.send == ("goes",)
    assert decision.let_go == (("late", Reason.LATE), ("done", Reason.DONE), ("thin", Reason.TAPERED))


# Rule 8: rescues.


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing(slack=0), None),
        (Standing(slack=1), Reason.NO_RESCUE),
        (Standing(slack=None), Reason.NO_RESCUE),  # There is no run, or nothing can save it.
        (Standing(slack=0, done=True), Reason.DONE),  # Something was logged: today does not have to be all.
        (Standing(slack=0, skipped=True), Reason.SKIPPED),
        (Standing(slack=0, met=True), Reason.GOAL_MET),
        (Standing(slack=0, paused=True), Reason.PAUSED),
        (Standing(slack=0, asked=True), Reason.ASKED),
    ],
)
def test_a_rescue_goes_only_on_the_last_day(standing: Standing, expected: Reason | None) -> None:
    decision = about(Due("a", NOON, Kind.RESCUE, standing))

    assert decision.reason is (expected or Reason.RESCUE)
    assert decision.kind is Kind.RESCUE


def test_a_rescue_with_a_nudge_beside_it_is_a_nudge() -> None:
    decision = about(Due("a", NOON), Due("b", NOON, Kind.RESCUE, Standing(slack=0)))

    assert (decision.send, decision.kind, decision.reason) == (("a", "b"), Kind.NUDGE, Reason.DUE)


# Rule 10: the weekly summary.


@pytest.mark.parametrize(("empty", "expected"), [(False, Reason.DUE), (True, Reason.NOTHING)])
def test_a_summary_without_anything_to_tell_is_none(empty: bool, expected: Reason) -> None:
    decision = about(Due("a", NOON, Kind.SUMMARY, Standing(empty=empty)))

    assert (decision.reason, decision.kind) == (expected, Kind.SUMMARY)
