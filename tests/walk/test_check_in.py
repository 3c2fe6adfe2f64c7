"""The weekly check-in: asked, answered or left out; its scores are sealed."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text

from habits import pulse as checkin
from habits.nudging import Reason
from service import reminding
from service.models import EntryRow, Pulse, PulseAnswer
from service.states import NudgeKind, NudgeState, PulseState
from tests.walk.rows import nudges, on, rows
from tests.world import World

WEEK = date(2026, 3, 2)
ITEMS = [item.id for item in checkin.asked(WEEK)]


@pytest.fixture
def asked(world: World, alex: UUID) -> UUID:
    """Alex, whose check-in went out at five o'clock, just now."""
    reminding.add_check_in(world.site, alex, "mon 17:00", world.at)
    world.goes_on(on("17:00"))
    return alex


def says(world: World, said: str) -> str:
    understood = world.says("Alex", said)
    assert understood is not None
    return understood.answer or ""


def the_state(world: World) -> PulseState:
    (pulse,) = rows(world, Pulse)
    return pulse.state


@pytest.mark.parametrize("said", ["4 3 5", "435", "4,3,5", "four three five"])
def test_scores_are_kept_sealed(world: World, asked: UUID, said: str) -> None:
    assert "4 3 5" in says(world, said)

    assert the_state(world) is PulseState.ANSWERED
    answers = {row.item_id: row.score_sealed for row in rows(world, PulseAnswer)}
    opened = {item: world.site.sealer.unseal(sealed) for item, sealed in answers.items()}
    assert opened == dict(zip(ITEMS, ("4", "3", "5"), strict=True))
    assert all(sealed not in (b"3", b"4", b"5") for sealed in answers.values())
    (nudge,) = nudges(world, asked)
    assert (nudge.kind, nudge.answered_at) == (NudgeKind.PULSE, world.at)


def test_scores_stand_nowhere_else(world: World, asked: UUID) -> None:
    says(world, "4 3 5")

    with world.site.db.read() as session:
        reply = session.execute(text("SELECT raw_sealed, state FROM reply")).all()
    assert [tuple(row) for row in reply] == [(None, "understood")]


def test_a_check_in_is_answered_once(world: World, asked: UUID) -> None:
    says(world, "4 3 5")
    says(world, "1 1 1")

    assert len(rows(world, PulseAnswer)) == 3
    assert {world.site.sealer.unseal(row.score_sealed) for row in rows(world, PulseAnswer)} == {"4", "3", "5"}


def test_a_check_in_may_be_left_out(world: World, asked: UUID) -> None:
    assert "this week" in says(world, "S")

    assert the_state(world) is PulseState.SKIPPED
    assert rows(world, PulseAnswer) == []
    assert nudges(world, asked)[0].answered_at == world.at


@pytest.mark.parametrize("said", ["4 3", "4 3 6", "9 9 9", "4 3 5 2", "4 0 5"])
def test_a_wrong_count_or_range_keeps_nothing(world: World, asked: UUID, said: str) -> None:
    assert "three scores" in says(world, said)

    assert the_state(world) is PulseState.ASKED
    assert rows(world, PulseAnswer) == []
    assert nudges(world, asked)[0].answered_at is None
    assert "4 3 5" in says(world, "4 3 5")
    assert the_state(world) is PulseState.ANSWERED


def test_skip_is_about_the_nudge_that_waits_and_s_about_the_check_in(world: World, alex: UUID) -> None:
    reminding.add_check_in(world.site, alex, "mon 17:00", world.at)
    world.take_up("gratitude", "daily", "daily 17:00", alex)
    world.goes_on(on("17:00"))
    says(world, "skip")
    assert [entry.kind for entry in rows(world, EntryRow)] == ["skipped"]
    assert the_state(world) is PulseState.ASKED

    says(world, "s")
    assert the_state(world) is PulseState.SKIPPED
    assert len(rows(world, EntryRow)) == 1


def test_a_habit_and_a_check_in_are_answered_apart(world: World, alex: UUID) -> None:
    reminding.add_check_in(world.site, alex, "mon 17:00", world.at)
    world.take_up("gratitude", "daily", "daily 17:00", alex)
    world.goes_on(on("17:00"))
    says(world, "1")
    assert the_state(world) is PulseState.ASKED
    says(world, "1 2 3")

    assert the_state(world) is PulseState.ANSWERED
    assert len(rows(world, EntryRow)) == 1


@pytest.mark.parametrize("habits", [2, 3])
def test_a_check_in_waits_for_the_answer_to_a_long_digest(world: World, alex: UUID, habits: int) -> None:
    for practice in ("gratitude", "empathy", "patience")[:habits]:
        world.take_up(practice, "daily", "daily 17:00", alex)
    reminding.add_check_in(world.site, alex, "mon 17:00", world.at)
    world.goes_on(on("17:15"))
    (check_in,) = [nudge for nudge in nudges(world, alex) if nudge.kind is NudgeKind.PULSE]
    assert check_in.state is (NudgeState.SENT if habits == 2 else NudgeState.PLANNED)

    says(world, "1 2")
    world.goes_on(on("17:30"))
    assert "4 3 5" in says(world, "4 3 5")
    assert the_state(world) is PulseState.ANSWERED


def test_a_check_in_that_waited_too_long_lapses(world: World, alex: UUID) -> None:
    for practice in ("gratitude", "empathy", "patience"):
        world.take_up(practice, "daily", "daily 17:00", alex)
    reminding.add_check_in(world.site, alex, "mon 17:00", world.at)
    world.goes_on(on("20:00"))

    (check_in,) = [nudge for nudge in nudges(world, alex) if nudge.kind is NudgeKind.PULSE]
    assert (check_in.state, check_in.reason) == (NudgeState.LAPSED, Reason.LATE)
    says(world, "1 2 3")
    assert len(rows(world, EntryRow)) == 3


def test_a_check_in_is_open_for_two_days(world: World, asked: UUID) -> None:
    world.at = on("2026-03-04T17:01")
    says(world, "4 3 5")

    assert the_state(world) is PulseState.ASKED
