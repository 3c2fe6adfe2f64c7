"""Words of danger: help lines at once, a day of rest that looks like any pause, and nothing kept of it."""

from datetime import timedelta
from uuid import UUID

import pytest

from notifiers.segments import count
from service import counters, jobs
from service.models import EntryRow, Meta, Pause, Reply
from service.states import Cause, NudgeKind, NudgeState
from tests.walk.rows import nudges, on, rows, words
from tests.walk.saying import says
from tests.world import World

AFRAID = "I'm afraid of him, he hit me again"


@pytest.fixture
def gratitude(world: World, alex: UUID) -> UUID:
    world.goes_on(timedelta())
    return world.take_up("gratitude", "daily", "daily 19:00", alex)


def counted(world: World) -> str | None:
    return next((row.value for row in rows(world, Meta) if row.key == counters.DANGER), None)


def test_help_lines_go_out_at_once_and_nudges_rest_for_a_day(
    world: World, alex: UUID, gratitude: UUID
) -> None:
    world.goes_on(on("18:00"))
    answer = says(world, AFRAID)
    world.goes_on(timedelta(seconds=1))

    assert "nobody reads this" in answer
    assert count(answer).segments <= 2
    (sent,) = nudges(world, alex, NudgeKind.ANSWER)
    assert (sent.state, words(world, sent), sent.cause_kind) == (NudgeState.SENT, answer, Cause.HELP)
    world.goes_on(on("2026-03-03T17:59"))
    assert nudges(world, alex, NudgeKind.NUDGE)[-1].state is NudgeState.LAPSED
    world.goes_on(on("2026-03-03T19:00"))
    assert nudges(world, alex, NudgeKind.NUDGE)[-1].state is NudgeState.SENT


def test_nothing_is_kept_of_it_but_a_count_without_a_person(
    world: World, alex: UUID, gratitude: UUID
) -> None:
    world.goes_on(on("19:00"))
    says(world, AFRAID)
    says(world, "i want to kill myself")

    assert counted(world) == "2"
    assert rows(world, EntryRow) == []
    assert [(reply.raw_sealed, reply.nudge_id) for reply in rows(world, Reply)] == [(None, None)] * 2
    assert nudges(world, alex)[0].answered_at is None
    # What is left looks like a pause of today, as "pause today" leaves it.
    (pause,) = rows(world, Pause)
    assert (pause.habit_id, pause.from_on, pause.to_on) == (None, world.at.date(), world.at.date())


def test_resume_ends_the_rest(world: World, alex: UUID, gratitude: UUID) -> None:
    world.goes_on(on("18:00"))
    says(world, AFRAID)
    says(world, "resume")
    world.goes_on(on("19:00"))

    assert world.person(alex).rested_until is None
    assert nudges(world, alex, NudgeKind.NUDGE)[-1].state is NudgeState.SENT


def test_a_longer_pause_stays_as_it_is(world: World, alex: UUID, gratitude: UUID) -> None:
    says(world, "pause")
    says(world, AFRAID)
    world.goes_on(timedelta(days=4))

    assert [pause.to_on for pause in rows(world, Pause)] == [None]
    assert not any(nudge.state is NudgeState.SENT for nudge in nudges(world, alex))


def test_what_was_planned_is_let_go(world: World, alex: UUID, nudged: UUID) -> None:
    says(world, AFRAID)

    (nudge,) = nudges(world, alex)
    assert (nudge.state, nudge.reason) == (NudgeState.LAPSED, "paused")


def test_with_an_opt_out_both_happen_and_the_lines_are_the_one_message(world: World, alex: UUID) -> None:
    answer = says(world, "please stop texting me, he hits me when he sees my phone")
    world.goes_on(timedelta(seconds=1))

    assert world.person(alex).stopped_at is not None
    assert "nobody reads this" in answer
    sent = [words(world, nudge) for nudge in nudges(world, alex, NudgeKind.ANSWER)]
    assert sent == [answer]
    assert all(nudge.state is NudgeState.SENT for nudge in nudges(world, alex, NudgeKind.ANSWER))


def test_who_stopped_still_gets_the_lines(world: World, alex: UUID) -> None:
    says(world, "STOP")
    answer = says(world, AFRAID)
    world.goes_on(timedelta(seconds=1))

    assert "nobody reads this" in answer
    assert nudges(world, alex, NudgeKind.ANSWER)[-1].state is NudgeState.SENT
    assert world.person(alex).stopped_at is not None


@pytest.mark.parametrize(
    ("country", "number"),
    [("US", "988"), ("GB", "116 123"), ("ES", "016"), ("FR", "116 016"), ("ZZ", "local")],
)
def test_the_lines_are_those_of_the_country(world: World, country: str, number: str) -> None:
    world.join("Alex", country=country)
    answer = says(world, AFRAID)

    assert number in answer
    assert number in says(world, "call")
    assert count(answer).segments <= 2


def test_a_rest_that_is_over_and_its_lines_are_dropped(world: World, alex: UUID) -> None:
    says(world, AFRAID)
    world.run()
    world.at += timedelta(hours=1, minutes=59)
    jobs.tidy(world.site)
    assert nudges(world, alex, NudgeKind.ANSWER)[-1].words_sealed
    world.at += timedelta(minutes=1)
    jobs.tidy(world.site)
    assert nudges(world, alex, NudgeKind.ANSWER)[-1].words_sealed is None
    world.at += timedelta(hours=22) - timedelta(seconds=1)
    jobs.tidy(world.site)
    assert world.person(alex).rested_until is not None
    world.at += timedelta(seconds=1)
    jobs.tidy(world.site)
    assert world.person(alex).rested_until is None


def test_a_pause_does_not_shorten_the_rest(world: World, alex: UUID, gratitude: UUID) -> None:
    says(world, AFRAID)
    says(world, "pause today")
    assert world.person(alex).rested_until == world.at + timedelta(days=1)
