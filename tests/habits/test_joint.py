"""Joint days: built of two people's own, held if either rests, and judged like one person's."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habits.entries import Entry, Mark, Pause
from habits.goals import DatedGoal, parse_goal
from habits.joint import (
    Mode,
    Partner,
    days_of_both,
    days_together,
    joint_facts,
    joint_start,
    joint_today,
    rests,
)
from habits.streaks import Progress, progress
from habits.strength import strength
from tests.habits import reference
from tests.habits.histories import DAY, START, day, entries, lines, pauses

DAILY = [DatedGoal(START, parse_goal("daily", 0))]


def partner(letters: str, *holds: Pause, start: int = 0, today: int | None = None) -> Partner:
    """Return a partner whose today is the last of their letters, unless it is given."""
    return Partner(day(start), day(len(letters) - 1 if today is None else today), entries(letters), holds)


def together(one: Partner, other: Partner, mode: Mode, goal: str = "daily") -> Progress:
    facts = joint_facts(one, other, mode, [DatedGoal(START, parse_goal(goal, 0))])
    return progress(facts, joint_today(one, other))


def days_said(one: Partner, other: Partner, mode: Mode) -> str:
    """Return what the joint facts say of each day: d done, s skipped, b both, . nothing."""
    facts = joint_facts(one, other, mode, DAILY)
    done, skipped = (
        {entry.day for entry in facts.entries if entry.kind is kind} for kind in (Mark.DONE, Mark.SKIPPED)
    )
    days = reference.days_from(joint_start(one, other), joint_today(one, other))
    return "".join(".dsb"[(on in done) + 2 * (on in skipped)] for on in days)


@pytest.mark.parametrize(
    ("mode", "said"),
    # The days: both, one, neither, done and skipped, both skipped, one skipped, taken back and done, and one
    # who skipped and then did it all the same beside one who said nothing.
    [(Mode.BOTH, "d..sss.s"), (Mode.EITHER, "dd.bssdb")],
)
def test_a_joint_day_is_done_by_mode_or_else_skipped_if_either_skipped(mode: Mode, said: str) -> None:
    one, other = partner("dd.dssub"), partner("d..ss.d.")
    assert days_said(one, other, mode) == said
    assert days_said(other, one, mode) == said


@pytest.mark.parametrize("mode", Mode)
def test_a_day_is_held_if_either_rests_whatever_was_done(mode: Mode) -> None:
    one, other = partner("ddddd", Pause(day(2), day(3))), partner("ddddd")
    assert days_said(one, other, mode) == "dd..d"
    assert (together(one, other, mode).streak, together(one, other, mode).since) == (3, START)


def test_all_rests_look_the_same() -> None:
    rests = [Pause(day(2)), Pause(day(2), day(4)), Pause(day(2), day(90))]
    for goal in ("daily", "3 a week", "4 a month", "mon wed fri", "2 in 4 days"):
        shown = {repr(together(partner("ddddd", rest), partner("ddddd"), Mode.BOTH, goal)) for rest in rests}
        assert len(shown) == 1


def test_it_starts_with_the_later_and_today_is_the_earlier() -> None:
    one, other = partner("dddddd", start=1, today=5), partner("dddddd", start=3, today=4)
    assert (joint_start(one, other), joint_today(one, other)) == (day(3), day(4))
    assert days_said(one, other, Mode.BOTH) == "dd"
    assert days_together(one, other, Mode.BOTH) == 2


def test_nobodys_open_day_counts_as_over() -> None:
    ahead, behind = partner("ddd", today=3), partner("ddd", today=2)
    assert together(ahead, replace(behind, entries=entries("dd")), Mode.BOTH).alive
    assert together(ahead, behind, Mode.BOTH).streak == 3


def test_nothing_is_joint_before_both_have_begun() -> None:
    one, other = partner("ddd"), partner("ddd", start=7)
    assert days_together(one, other, Mode.EITHER) == 0
    assert not together(one, other, Mode.EITHER).alive
    assert strength(joint_facts(one, other, Mode.EITHER, DAILY), joint_today(one, other)) == 0


def test_days_together_end_with_the_habit_and_count_the_day_on_which_a_rest_begins() -> None:
    one, other = partner("dddddd", Pause(day(3), day(4))), partner("dddddd")
    assert days_together(one, other, Mode.BOTH) == 5
    assert days_together(one, other, Mode.BOTH, ended_on=day(2)) == 3
    assert days_of_both(one, other, Mode.BOTH) == [day(0), day(1), day(2), day(3), day(5)]
    # A rest within a rest begins nothing.
    assert days_together(one, replace(other, holds=[Pause(day(4))]), Mode.BOTH) == 4


def test_it_rests_while_either_rests_on_their_own_today_or_did_on_the_last_day() -> None:
    one, other = partner("ddd"), partner("dddd")
    assert not rests(one, other)
    for hold, resting in ((Pause(day(2)), True), (Pause(day(1), day(2)), True), (Pause(day(3)), False)):
        assert rests(replace(one, holds=[hold]), other) is resting
        assert rests(other, replace(one, holds=[hold])) is resting
    ended = replace(one, holds=[Pause(day(2))])
    assert rests(ended, other, ended_on=day(2))
    assert not rests(ended, other, ended_on=day(1))


@st.composite
def couples(draw: st.DrawFn) -> tuple[Partner, Partner]:
    def drawn() -> Partner:
        letters = draw(lines(30))
        start, today = draw(st.integers(0, 4)), len(letters) + draw(st.integers(-2, 2))
        return partner(letters, *draw(st.lists(pauses(30), max_size=2)), start=start, today=today)

    return drawn(), drawn()


def own_days(one: Partner, today: date, kind: Mark) -> set[date]:
    facts = joint_facts(one, one, Mode.BOTH, DAILY)
    return reference.said(replace(facts, entries=one.entries, started_on=one.started_on), today, kind)


@given(couples(), st.sampled_from(Mode))
@settings(deadline=None)
def test_joint_days_are_the_two_sets_put_together(couple: tuple[Partner, Partner], mode: Mode) -> None:
    one, other = couple
    facts, today = joint_facts(one, other, mode, DAILY), joint_today(one, other)
    done = [own_days(each, today, Mark.DONE) for each in couple]
    skipped = set.union(*(own_days(each, today, Mark.SKIPPED) for each in couple))
    resting = reference.excused_days(replace(facts, entries=()), today)
    since = {on for on in resting if on >= facts.started_on}
    expected = set.intersection(*done) if mode is Mode.BOTH else set.union(*done)
    first = facts.started_on
    said = {kind: {entry.day for entry in facts.entries if entry.kind is kind} for kind in Mark}
    assert said[Mark.DONE] == {on for on in expected if on >= first} - since
    assert said[Mark.SKIPPED] == {on for on in skipped if on >= first} - since
    assert joint_facts(other, one, mode, DAILY).entries == facts.entries


@given(couples(), st.sampled_from(Mode), st.integers(0, 9))
@settings(deadline=None)
def test_days_together_never_fall(couple: tuple[Partner, Partner], mode: Mode, later: int) -> None:
    one, other = couple
    before = days_together(one, other, mode)
    today = joint_today(one, other)
    # From today on one of them rests, days go by, and whatever is said is said.
    rests = replace(one, holds=[*one.holds, Pause(today)], today=one.today + DAY * later)
    says = replace(other, entries=[*other.entries, Entry("new", 1000, today, Mark.SKIPPED)])
    assert days_together(rests, other, mode) >= before
    assert days_together(one, says, mode) >= before
    assert days_together(rests, replace(says, today=says.today + DAY), mode) >= before
