"""Dates from the first to the last day of the calendar, in any order: a sensible answer, and no exception."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from habits.entries import Entry, Mark, Pause
from habits.explain import explain
from habits.goals import DatedGoal, parse_goal
from habits.joint import Mode, Partner, days_together, joint_facts, joint_today
from habits.periods import Facts
from habits.streaks import progress, quiet_when_done
from habits.strength import strength
from tests.habits.histories import DAY, goals, lines

EDGES = (date.min, date.max, date(2024, 2, 29))
TEXTS = ("daily", "mon wed fri", "3 a week", "4 a month", "2 in 10 days", "20 in 366 days")
MARKS = {"d": Mark.DONE, "s": Mark.SKIPPED}
anywhere = st.sampled_from(EDGES) | st.dates()
places = st.integers(0, 50)
odd = st.builds(Entry, places, places, anywhere, st.sampled_from([Mark.DONE, Mark.SKIPPED])) | st.builds(
    Entry, places, places, anywhere, st.just(Mark.UNDONE), places
)
"""An undone entry may take back itself, another undone one, or nothing."""


def clamped(ordinal: int) -> date:
    return date.fromordinal(min(max(1, ordinal), date.max.toordinal()))


@st.composite
def lives(draw: st.DrawFn, edge: date) -> tuple[Facts, date]:
    """Draw some weeks of a habit around a day, and a few things that nobody should have said."""
    first = edge.toordinal() + draw(st.integers(-45, 5))
    told = [
        Entry(number, number, clamped(first + number), MARKS[letter])
        for number, letter in enumerate(draw(lines(40)))
        if letter in MARKS
    ]
    dated = {clamped(first): parse_goal(draw(st.sampled_from(TEXTS)))}
    dated |= draw(st.dictionaries(anywhere, goals(longest_window=366), max_size=2))
    facts = Facts(
        clamped(first),
        [DatedGoal(day, goal) for day, goal in dated.items()],
        [*told, *draw(st.lists(odd, max_size=5))],
        draw(st.lists(st.builds(Pause, anywhere, st.none() | anywhere), max_size=1)),
        draw(st.sampled_from([None, None, None, *EDGES])),
        draw(st.integers(0, 6)),
    )
    return facts, clamped(first + draw(st.integers(-2, 50)))


@pytest.mark.parametrize("edge", EDGES)
@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_whatever_is_known_of_a_habit_can_be_shown(edge: date, data: st.DataObject) -> None:
    facts, today = data.draw(lives(edge))
    shown = progress(facts, today)
    begun = facts.judged_on(today) >= facts.started_on
    assert shown.streak <= max(shown.longest.values(), default=0)
    assert shown.practised <= len(facts.entries)
    assert shown.slack is None or (shown.alive and shown.slack >= 0)
    assert shown.since is None or shown.since >= facts.started_on
    assert 0 <= strength(facts, today) <= 1
    assert begun or (shown.practised, shown.streak, shown.ended, strength(facts, today)) == (0, 0, None, 0)
    assert isinstance(quiet_when_done(facts, today), bool)
    assert explain(facts, today)


@pytest.mark.parametrize("edge", EDGES)
@given(data=st.data(), mode=st.sampled_from(Mode))
@settings(deadline=None, max_examples=30)
def test_whatever_is_known_of_two_people_can_be_shown(edge: date, data: st.DataObject, mode: Mode) -> None:
    (facts, today), (others, others_today) = data.draw(lives(edge)), data.draw(lives(edge))
    one = Partner(facts.started_on, today, facts.entries, facts.pauses)
    other = Partner(others.started_on, others_today, others.entries, others.pauses)
    joint = joint_facts(one, other, mode, facts.goals, facts.ended_on, facts.week_starts)
    shown = progress(joint, joint_today(one, other))
    assert shown.practised <= days_together(one, other, mode, facts.ended_on)
    assert explain(joint, joint_today(one, other))


def test_a_habit_as_long_as_the_calendar() -> None:
    entries = [Entry(0, 0, date.min, Mark.DONE), Entry(1, 1, date.max, Mark.DONE)]
    facts = Facts(date.min, [DatedGoal(date.min, parse_goal("daily"))], entries)
    assert progress(facts, date.max).practised == 2


@pytest.mark.parametrize("goal", ["daily", "mon wed fri", "3 a week", "4 a month", "2 in 10 days"])
@given(number=st.integers(0, 400), kind=st.sampled_from([Mark.DONE, Mark.SKIPPED]))
@example(number=1, kind=Mark.DONE)
@settings(deadline=None, max_examples=15)
def test_what_lies_before_the_start_or_in_the_future_is_as_if_it_were_not_said(
    goal: str, number: int, kind: Mark
) -> None:
    start, today = date(2026, 2, 4), date(2026, 3, 4)
    quiet = Facts(start, [DatedGoal(start, parse_goal(goal))], [Entry(0, 0, start, Mark.DONE)])
    early, late = Entry(1, 1, start - DAY * (number + 1), kind), Entry(2, 2, today + DAY * (number + 1), kind)
    loud = replace(quiet, entries=[late, *quiet.entries, early])
    assert progress(loud, today) == progress(quiet, today)
    assert strength(loud, today) == strength(quiet, today)
    assert explain(loud, today) == explain(quiet, today)


@pytest.mark.parametrize(
    ("goal", "ended"),
    [
        ("daily", "Wed 4 Feb: not done"),
        ("mon wed fri", "Fri 6 Feb: not done"),
        ("3 a week", "week of 2 Feb: 0 of 3"),
        ("2 in 10 days", "Sat 7 Feb: 1 of 2 in 10 days"),
        ("4 a month", "Feb: 1 of 4"),
    ],
)
def test_a_month_of_nothing_breaks_a_run_once_and_is_no_debt(goal: str, ended: str) -> None:
    start, today = date(2026, 1, 26), date(2026, 3, 4)
    done = {"2 in 10 days": (0, 4)}.get(goal, range(7))
    entries = [Entry(number, number, start + DAY * number, Mark.DONE) for number in done]
    facts = Facts(start, [DatedGoal(start, parse_goal(goal))], entries)
    shown = progress(facts, today)
    assert shown.practised == len(done)
    assert shown.ended
    assert shown.ended.words == ended
    assert (shown.streak, shown.slack) == (0, None)
