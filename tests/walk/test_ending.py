"""Dropping a habit, leaving all, deleting all that is kept: alone, at once, unannounced; and the way back."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from service import people
from service.models import Consent, EntryRow, Member, Nudge, Pause, Person, Suppression
from service.states import ConsentEvent, NudgeKind, NudgeState
from tests.walk.rows import agree, nudges, on, rows, words
from tests.walk.saying import says
from tests.world import World


@pytest.fixture
def two(world: World) -> tuple[UUID, UUID]:
    """Alex and Sam, who keep gratitude, empathy."""
    couple = people.add_couple(world.site)
    alex, sam = agree(world, [world.enrol("Alex", couple), world.enrol("Sam", couple)])
    world.take_up("gratitude", "daily", "daily 19:00", alex, sam)
    world.take_up("empathy", "daily", "daily 12:00", alex, sam)
    return alex, sam


def lives_on(world: World, until: str) -> None:
    """Let time pass, and both give a sign of life each noon, so that their nudges go on."""
    while world.at < on(until):
        world.goes_on(min(on(until), world.at.replace(hour=11) + timedelta(days=1)))
        says(world, "streak", "Alex")
        says(world, "streak", "Sam")


def code_in(answer: str) -> str:
    found = re.search(r"\d{6}", answer)
    assert found
    return found[0]


def test_a_dropped_habit_is_off_the_list_and_its_number_brings_it_back(
    world: World, two: tuple[UUID, UUID]
) -> None:
    alex, sam = two
    world.goes_on(on("2026-03-03T20:00"))
    says(world, "1")
    assert "RESUME 1" in says(world, "drop gratitude")
    lives_on(world, "2026-03-05T20:00")

    assert "Gratitude" not in says(world, "habits")
    assert not [n for n in nudges(world, alex) if n.due_at == on("2026-03-05T19:00")]
    assert [n.state for n in nudges(world, sam) if n.due_at == on("2026-03-05T19:00")] == [NudgeState.SENT]
    assert "Gratitude" in says(world, "resume 1")
    assert "1 Gratitude" in says(world, "habits")
    lives_on(world, "2026-03-06T20:00")
    assert [n.state for n in nudges(world, alex) if n.due_at == on("2026-03-06T19:00")] == [NudgeState.SENT]
    # The days between count for nothing: the run goes on.
    assert "1 day" in says(world, "streak")
    assert len(rows(world, EntryRow)) == 1


def test_a_drop_that_could_mean_several_is_asked_about(world: World, two: tuple[UUID, UUID]) -> None:
    assert "1 Gratitude, 2 Empathy" in says(world, "drop")
    assert all(member.left_on is None for member in rows(world, Member))


def test_leave_takes_a_person_out_of_all_and_resume_brings_all_back(
    world: World, two: tuple[UUID, UUID]
) -> None:
    alex, sam = two
    assert "nobody is told" in says(world, "leave")
    world.goes_on(on("2026-03-03T20:00"))

    assert [nudge for nudge in nudges(world, alex) if nudge.state is not NudgeState.LAPSED] == []
    assert any(nudge.state is NudgeState.SENT for nudge in nudges(world, sam))
    told = [nudge for nudge in nudges(world, sam, *NudgeKind) if nudge.words_sealed]
    assert not any("lex" in words(world, nudge) for nudge in told)
    says(world, "resume")
    assert "1 Gratitude, 2 Empathy" in says(world, "habits")
    world.goes_on(on("2026-03-04T20:00"))
    assert nudges(world, alex)[-1].state is NudgeState.SENT


def test_delete_stops_at_once_and_the_code_deletes_all(world: World, two: tuple[UUID, UUID]) -> None:
    alex, sam = two
    world.goes_on(on("19:00"))
    says(world, "1")
    answer = says(world, "delete")
    world.goes_on(timedelta(seconds=1))

    assert world.person(alex).stopped_at is not None
    assert (
        nudges(world, alex, NudgeKind.ANSWER)[-1].state is NudgeState.SENT
    )  # The code reaches who has stopped.
    assert [row.event for row in rows(world, Consent)][-1] is ConsentEvent.WITHDRAWN
    assert "nothing is deleted" in says(world, "000000")
    understood = world.says("Alex", f"my code is {code_in(answer)}")
    assert understood is not None
    assert understood.forgets
    assert [person.id for person in rows(world, Person)] == [sam]
    assert rows(world, Nudge, Nudge.person_id == alex) == []
    assert len(rows(world, Suppression)) == 1


def test_a_code_is_good_for_a_day_and_a_no_keeps_all(world: World, two: tuple[UUID, UUID]) -> None:
    first = code_in(says(world, "delete"))
    world.goes_on(timedelta(seconds=1))
    assert "START" in says(world, "no, keep it")
    says(world, first)
    assert len(rows(world, Person)) == 2

    second = code_in(says(world, "delete everything"))
    world.goes_on(timedelta(hours=25))
    says(world, second)
    assert len(rows(world, Person)) == 2
    assert first != second


def test_start_after_delete_brings_the_reminders_back(world: World, two: tuple[UUID, UUID]) -> None:
    says(world, "delete")
    world.goes_on(timedelta(seconds=1))
    assert "reminders are on again" in says(world, "START")
    lives_on(world, "2026-03-03T20:00")
    assert nudges(world, two[0])[-1].state is NudgeState.SENT


def test_one_habit_rests_and_the_others_go_on(world: World, two: tuple[UUID, UUID]) -> None:
    alex, _ = two
    assert "RESUME 1" in says(world, "stop gratitude")
    world.goes_on(on("2026-03-03T20:00"))

    assert [n.reason for n in nudges(world, alex) if n.due_at == on("19:00")] == ["paused"]
    assert [n.state for n in nudges(world, alex) if n.due_at == on("2026-03-03T12:00")] == [NudgeState.SENT]
    says(world, "resume gratitude")
    world.goes_on(on("2026-03-04T20:00"))
    assert [n.state for n in nudges(world, alex) if n.due_at == on("2026-03-04T19:00")] == [NudgeState.SENT]


def test_a_rest_of_some_days_ends_by_itself(world: World, two: tuple[UUID, UUID]) -> None:
    assert "Wednesday" in says(world, "pause gratitude for 2 days")
    (pause,) = rows(world, Pause)
    assert pause.habit_id is not None
    lives_on(world, "2026-03-04T20:00")
    states = {n.due_at.day: n.state for n in nudges(world, two[0]) if n.due_at.hour == 19}
    assert states == {2: NudgeState.LAPSED, 3: NudgeState.LAPSED, 4: NudgeState.SENT}


def test_nothing_else_reads_that_somebody_left(world: World, two: tuple[UUID, UUID]) -> None:
    with world.site.db.read() as session:
        before = session.scalar(select(func.count()).select_from(Nudge).where(Nudge.person_id == two[1]))
    says(world, "leave")
    with world.site.db.read() as session:
        assert (
            session.scalar(select(func.count()).select_from(Nudge).where(Nudge.person_id == two[1])) == before
        )
