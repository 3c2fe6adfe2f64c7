"""The properties that hold for every history, whatever its goals."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from habits.entries import Entry, Mark, Pause, Said, taken_back
from habits.goals import DatedGoal, parse_goal
from habits.periods import Facts
from habits.streaks import Progress, judge, matters_from, progress, quiet_when_done
from habits.strength import strength
from tests.habits import reference
from tests.habits.histories import DAY, START, day, habit, histories, lines, reserves

History = tuple[Facts, date]


def seen(facts: Facts, today: date) -> tuple[Progress, float]:
    return progress(facts, today), strength(facts, today)


def said_more(facts: Facts, *more: Entry) -> Facts:
    return replace(facts, entries=(*facts.entries, *more))


def strict(facts: Facts) -> Facts:
    """Return the same habit at reserve 0."""
    goals = [DatedGoal(dated.effective_on, replace(dated.goal, reserve=0)) for dated in facts.goals]
    return replace(facts, goals=goals)


def shuffled(told: Sequence[Entry], seed: int) -> list[Entry]:
    """Return all entries in any order, some of them twice."""
    chance = Random(seed)
    again = [entry for entry in told if chance.random() < 0.3]
    return chance.sample([*told, *again], k=len(told) + len(again))


@given(histories(), st.integers(0, 999))
@settings(deadline=None, max_examples=60)
def test_order_and_repetition_change_nothing(history: History, seed: int) -> None:
    facts, today = history
    goals = Random(seed).sample(list(facts.goals), k=len(facts.goals))
    mixed = replace(facts, entries=shuffled(facts.entries, seed), pauses=[*facts.pauses] * 2, goals=goals)
    assert seen(mixed, today) == seen(facts, today)


@given(histories(), st.integers(-5, 60), st.sampled_from([Mark.DONE, Mark.SKIPPED]))
@settings(deadline=None, max_examples=60)
def test_log_then_undo_is_never_logged(history: History, number: int, kind: Mark) -> None:
    facts, today = history
    logged = Entry("new", 1000, day(number), kind)
    undone = Entry("undo", 1001, day(number), Mark.UNDONE, "new")
    assert seen(said_more(facts, logged, undone), today) == seen(facts, today)
    again = Entry("redo", 1002, day(number), Mark.UNDONE, "undo")
    assert seen(said_more(facts, logged, undone, again), today) == seen(said_more(facts, logged), today)


@given(histories(), st.integers(-5, 60))
@settings(deadline=None, max_examples=60)
def test_backfill_is_logged_then(history: History, number: int) -> None:
    facts, today = history
    then = Entry("new", -1, day(number), Mark.DONE)
    assert seen(replace(facts, entries=(then, *facts.entries)), today) == seen(
        said_more(facts, replace(then, seq=1000)), today
    )


@given(histories())
@settings(deadline=None, max_examples=60)
def test_skip_is_pause(history: History) -> None:
    facts, today = history
    skipped = reference.said(facts, facts.judged_on(today), Mark.SKIPPED)
    unskipped = [entry for entry in facts.entries if entry.kind is not Mark.SKIPPED]
    paused = [*facts.pauses, *(Pause(on, on) for on in skipped)]
    assert seen(replace(facts, entries=unskipped, pauses=paused), today) == seen(facts, today)


@given(histories(), st.integers(-5, 60), st.sampled_from([Mark.DONE, Mark.SKIPPED]))
@settings(deadline=None, max_examples=200)
@example((habit("2 in 3 days", "dd.s"), day(4)), 3, Mark.DONE)
def test_at_reserve_0_no_done_and_no_skip_ever_hurts(history: History, number: int, kind: Mark) -> None:
    facts, today = strict(history[0]), history[1]
    before = progress(facts, today)
    after = progress(said_more(facts, Entry("new", 1000, day(number), kind)), today)
    assert after.streak >= before.streak
    assert after.practised >= before.practised
    assert all(after.longest[unit] >= longest for unit, longest in before.longest.items())
    assert before.slack is None or (after.slack is not None and after.slack >= before.slack)


@given(histories(), st.integers(-5, 60))
@settings(deadline=None, max_examples=60)
def test_practised_days_fall_only_by_undo(history: History, number: int) -> None:
    facts, today = history
    practised = progress(facts, today).practised
    paused = replace(facts, pauses=[*facts.pauses, Pause(day(number))])
    skipped = said_more(facts, Entry("new", 1000, day(number), Mark.SKIPPED))
    assert progress(paused, today).practised == progress(skipped, today).practised == practised
    assert progress(facts, today + DAY).practised >= practised


@given(lines(90), reserves, st.sampled_from(["daily", "mon wed fri sun", "2 in 3 days"]))
@settings(deadline=None, max_examples=60)
def test_no_28_days_hold_more_forgiven_days_than_the_reserve(letters: str, reserve: int, goal: str) -> None:
    facts, today = habit(goal, letters, reserve), day(len(letters))
    forgiven = progress(facts, today).forgiven
    for on in forgiven:
        assert sum(on <= other < on + DAY * 28 for other in forgiven) <= reserve


def test_a_habit_with_every_day_done_has_no_gap() -> None:
    facts = Facts(START, [DatedGoal(START, parse_goal("daily"))])
    for number in range(40):
        facts = said_more(facts, Entry(number, number, day(number), Mark.DONE))
        assert progress(facts, day(number)).streak == number + 1


@given(histories())
@settings(deadline=None, max_examples=60)
def test_what_to_nudge_for_is_told_by_the_period_alone_as_by_the_whole_history(history: History) -> None:
    facts, today = history
    judged = judge(facts, today)
    whole = judged is not None and judged.is_quiet
    assert quiet_when_done(facts, today) == whole
    since = matters_from(facts.goals, facts.started_on, facts.week_starts, today)
    lately = [entry for entry in standing(facts) if since <= entry.day <= today]
    said = Said(*([one.day for one in lately if one.kind is kind] for kind in (Mark.DONE, Mark.SKIPPED)))
    assert quiet_when_done(replace(facts, entries=(), said=said), today) == whole


def standing(facts: Facts) -> list[Entry]:
    """Return the entries that nobody took back."""
    taken = taken_back(facts.entries)
    return [entry for entry in facts.entries if entry.id not in taken]
