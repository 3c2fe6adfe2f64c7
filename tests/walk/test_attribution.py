"""Which day and which nudge a message counts for."""

from datetime import date
from uuid import UUID

import pytest

from notifiers.base import Inbound
from service import inbound, people, planning, reminding
from service.models import EntryRow, Nudge, Reply
from service.states import AddressKind, NudgeKind
from tests.walk.rounds import send
from tests.walk.rows import nudges, on, rows, words
from tests.world import NUMBERS, World

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def says(world: World, text: str) -> str:
    understood = world.says("Alex", text)
    assert understood is not None
    return understood.answer or ""


def days(world: World) -> list[tuple[str, date]]:
    return [(entry.kind, entry.day) for entry in rows(world, EntryRow)]


@pytest.mark.parametrize(
    ("at", "day", "named"),
    [
        ("2026-03-02T19:00", MONDAY, "today"),
        ("2026-03-02T23:59", MONDAY, "today"),
        ("2026-03-03T00:30", MONDAY, "today"),  # The person's own Monday lasts until three.
        ("2026-03-03T03:30", MONDAY, "yesterday"),
        ("2026-03-03T11:59", MONDAY, "yesterday"),
        ("2026-03-03T12:00", TUESDAY, "today"),
        ("2026-03-03T18:59", TUESDAY, "today"),
        ("2026-03-03T19:00", TUESDAY, "today"),
    ],
)
def test_an_answer_counts_for_the_nudges_day_until_noon(
    world: World, alex: UUID, at: str, day: date, named: str
) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(on(at))
    answer = says(world, "done")

    assert days(world) == [("done", day)]
    assert named in answer


def test_an_answer_counts_for_the_nudges_day_until_the_next_nudge_is_due(world: World, alex: UUID) -> None:
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex)
    reminding.add_reminder(world.site, habit, alex, "tue 08:30", world.at)
    world.goes_on(on("2026-03-03T08:29"))
    says(world, "done")
    says(world, "undo")
    world.goes_on(on("2026-03-03T08:30"))
    says(world, "done")

    assert days(world) == [("done", MONDAY), ("undone", MONDAY), ("done", TUESDAY)]


def test_an_answer_counts_for_today_once_the_nudges_day_is_done(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(on("19:00"))
    says(world, "done")
    world.goes_on(on("2026-03-03T09:00"))
    says(world, "done")

    assert days(world) == [("done", MONDAY), ("done", TUESDAY)]


@pytest.mark.parametrize(("at", "day"), [("2026-03-03T02:59", MONDAY), ("2026-03-03T03:00", TUESDAY)])
def test_without_a_nudge_a_message_counts_for_the_persons_own_day(
    world: World, alex: UUID, at: str, day: date
) -> None:
    world.take_up("gratitude", "daily", "sun 19:00", alex)
    world.goes_on(on(at))
    says(world, "1")

    assert days(world) == [("done", day)]


def test_a_nudge_that_never_went_out_keeps_no_day(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    people.pause(world.site, alex, 1, world.at)
    world.goes_on(on("2026-03-03T09:00"))
    says(world, "done")

    assert days(world) == [("done", TUESDAY)]


def test_noon_is_the_persons_own(world: World) -> None:
    alex = world.join("Alex", zone="America/New_York")
    world.take_up("gratitude", "daily", "daily 19:00", alex)  # 00:00 UTC of the next day.
    world.goes_on(on("2026-03-03T16:59"))
    says(world, "done")
    says(world, "undo")
    world.goes_on(on("2026-03-03T17:00"))
    says(world, "done")

    assert days(world) == [("done", MONDAY), ("undone", MONDAY), ("done", TUESDAY)]


def test_a_message_that_was_left_counts_as_of_when_it_came(world: World, alex: UUID) -> None:
    gratitude = world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.take_up("empathy", "daily", "tue 12:00", alex)
    world.goes_on(on("2026-03-03T11:59"))
    inbound.store(world.site, "phone", AddressKind.SMS, Inbound("in-1", NUMBERS["Alex"], "done"), world.at)
    # At noon a nudge for something else goes out, and Monday's would count no more.
    world.at = on("2026-03-03T12:00")
    planning.plan_due(world.site, world.at)
    send(world)
    world.at = on("2026-03-03T12:01")
    inbound.sweep(world.site, world.at)

    assert [(entry.habit_id, entry.day) for entry in rows(world, EntryRow)] == [(gratitude, MONDAY)]
    assert [nudge.answered_at for nudge in nudges(world, alex)] == [world.at, None]
    (answer,) = nudges(world, alex, NudgeKind.ANSWER)
    assert "yesterday" in words(world, answer)


def test_numbers_pick_from_a_digest(world: World, alex: UUID) -> None:
    habits = [
        world.take_up(practice, "daily", "daily 19:00", alex)
        for practice in ("gratitude", "empathy", "patience")
    ]
    world.goes_on(on("19:00"))
    says(world, "1 3")

    entries = rows(world, EntryRow)
    assert {(entry.habit_id, entry.day) for entry in entries} == {(habits[0], MONDAY), (habits[2], MONDAY)}
    (digest,) = nudges(world, alex)
    assert digest.answered_at == world.at
    (reply,) = rows(world, Reply)
    assert reply.nudge_id == digest.id
    says(world, "2")
    assert len(rows(world, EntryRow)) == 3


def test_the_newest_of_several_nudges_is_answered(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    empathy = world.take_up("empathy", "daily", "daily 19:00", alex)
    world.goes_on(on("19:30"))
    says(world, "done")

    assert [entry.habit_id for entry in rows(world, EntryRow)] == [empathy]
    assert [nudge.answered_at for nudge in nudges(world, alex)] == [None, world.at]


def test_an_old_nudge_waits_no_more(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "mon 19:00", alex)
    world.take_up("empathy", "daily", "sun 19:00", alex)
    world.goes_on(on("2026-03-04T18:59"))
    says(world, "done")
    world.goes_on(on("2026-03-04T19:01"))
    before = len(rows(world, EntryRow))
    says(world, "done")

    assert before == 1
    assert len(rows(world, EntryRow)) == 1


def test_both_members_of_a_couple_log_for_themselves(world: World) -> None:
    alex, sam = world.couple()
    world.take_up("gratitude", "daily", "daily 19:00", alex, sam)
    world.goes_on(on("19:00"))
    says(world, "we both did it")

    assert [entry.person_id for entry in rows(world, EntryRow)] == [alex]
    (of_sam,) = rows(world, Nudge, Nudge.person_id == sam, Nudge.due_at == world.at)
    assert of_sam.answered_at is None
