"""Somebody leaves a habit: at once, alone, and nobody is told."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from habits.entries import Mark
from service import entering, facts, people, planning, privacy, reminding, taking_up
from service.facts import Share
from service.models import Member, Reminder
from service.states import NudgeKind, NudgeState
from tests.service.looking import on, refused
from tests.world import World

NOON = "daily 12:00"
MONDAY, WEDNESDAY = date(2026, 3, 2), date(2026, 3, 4)


def share_of(world: World, person: UUID, habit: UUID) -> Share:
    with world.site.db.read() as session:
        return facts.shares(session, [person])[person, habit]


def left_on(world: World, person: UUID, habit: UUID) -> date | None:
    with world.site.db.read() as session:
        return session.scalars(
            select(Member.left_on).where(Member.person_id == person, Member.habit_id == habit)
        ).one()


def nudges(world: World, person: UUID) -> int:
    return len(world.told(person, NudgeKind.NUDGE))


def test_who_leaves_hears_no_more_of_it_and_the_other_does(world: World) -> None:
    alex, sam = world.couple()
    habit = world.take_up("gratitude", "daily", NOON, alex, sam)
    world.goes_on(on("2026-03-03T09:00"))
    assert privacy.leave(world.site, sam, habit, world.at) == 1
    assert left_on(world, sam, habit) == MONDAY + timedelta(days=1)
    assert left_on(world, alex, habit) is None
    assert world.person(sam).due_at is None
    world.goes_on(timedelta(days=2))
    assert (nudges(world, alex), nudges(world, sam)) == (3, 1)


def test_what_they_did_stays_and_is_judged_as_of_their_last_day(world: World) -> None:
    alex, sam = world.couple()
    habit = world.take_up("gratitude", "daily", NOON, alex, sam)
    for _ in range(3):
        world.says("Sam", "done 1")
        world.goes_on(timedelta(days=1))
    privacy.leave(world.site, sam, habit, on("2026-03-05T01:30"))
    assert left_on(world, sam, habit) == WEDNESDAY
    for today in (WEDNESDAY, WEDNESDAY + timedelta(days=40)):
        progress = share_of(world, sam, habit).progress(today)
        assert (progress.practised, progress.streak, progress.ended) == (3, 3, None)


def test_the_day_is_the_persons_own(world: World) -> None:
    alex, sam = world.enrol("Alex", zone="Asia/Tokyo"), world.enrol("Sam", zone="America/Los_Angeles")
    world.at = datetime(2026, 3, 4, 23, tzinfo=UTC)
    for person, day in ((alex, WEDNESDAY + timedelta(days=1)), (sam, WEDNESDAY)):
        habit = world.take_up("gratitude", "daily", NOON, person)
        privacy.leave(world.site, person, habit, world.at)
        assert left_on(world, person, habit) == day


def test_nothing_that_is_planned_of_it_goes_out(world: World) -> None:
    sam = world.join("Sam")
    habit = world.take_up("gratitude", "daily", NOON, sam)
    world.at = on("2026-03-02T12:00")
    planning.plan_due(world.site, world.at)
    privacy.leave(world.site, sam, habit, world.at)
    world.goes_on(timedelta(days=1))
    assert nudges(world, sam) == 0
    assert world.nudges(sam)[-1].state is NudgeState.LAPSED


def test_what_is_put_off_does_not_come_again(world: World) -> None:
    sam = world.join("Sam")
    habit = world.take_up("gratitude", "daily", NOON, sam)
    world.goes_on(on("2026-03-02T12:30"))
    world.says("Sam", "later")
    privacy.leave(world.site, sam, habit, world.at)
    world.goes_on(timedelta(days=1))
    assert nudges(world, sam) == 1


def test_its_number_names_it_no_more_and_is_given_to_no_other(world: World) -> None:
    sam = world.join("Sam")
    first = world.take_up("gratitude", "daily", NOON, sam)
    world.take_up("empathy", "daily", "daily 18:00", sam)
    privacy.leave(world.site, sam, first, world.at)
    world.says("Sam", "done 1")
    world.run()
    assert not share_of(world, sam, first).done_on(MONDAY)
    assert "umber 1 " in world.told(sam)[-1].words
    other = world.take_up("patience", "daily", NOON, sam)
    assert share_of(world, sam, first).number == 1
    assert share_of(world, sam, other).number == 3


def test_all_are_left_at_once(world: World) -> None:
    alex, sam = world.couple()
    both = world.take_up("gratitude", "daily", NOON, alex, sam)
    own = world.take_up("empathy", "daily", NOON, sam)
    world.at = on("2026-03-02T12:00")
    planning.plan_due(world.site, world.at)
    assert privacy.leave(world.site, sam, None, world.at) == 2
    assert left_on(world, sam, both) == left_on(world, sam, own) == MONDAY
    world.goes_on(timedelta(days=2))
    assert (nudges(world, alex), nudges(world, sam)) == (3, 0)
    assert privacy.leave(world.site, world.join("Charlie"), None, world.at) == 0


def test_a_digest_goes_on_with_the_habit_that_does(world: World) -> None:
    sam = world.join("Sam")
    first = world.take_up("gratitude", "daily", NOON, sam)
    world.take_up("empathy", "daily", NOON, sam)
    world.at = on("2026-03-02T12:00")
    planning.plan_due(world.site, world.at)
    privacy.leave(world.site, sam, first, world.at)
    world.goes_on(timedelta(days=1))
    assert nudges(world, sam) == 2
    assert "gratitude" not in world.told(sam)[-1].words.lower()


def test_to_leave_twice_changes_nothing(world: World) -> None:
    sam = world.join("Sam")
    habit = world.take_up("gratitude", "daily", NOON, sam)
    assert privacy.leave(world.site, sam, habit, world.at) == 1
    world.at += timedelta(days=3)
    assert privacy.leave(world.site, sam, habit, world.at) == 0
    assert left_on(world, sam, habit) == MONDAY


def test_only_what_is_theirs_can_be_left(world: World) -> None:
    alex, sam = world.couple()
    habit = world.take_up("gratitude", "daily", NOON, alex)
    assert "not theirs" in refused(privacy.leave, world.site, sam, habit, world.at)
    assert left_on(world, alex, habit) is None


@pytest.mark.parametrize("leaves", [False, True])
def test_who_runs_it_is_not_told_by_what_they_change(world: World, leaves: bool) -> None:
    """Each of these would give it away by an error, or by another day."""
    sam = world.join("Sam")
    habit = world.take_up("gratitude", "daily", NOON, sam)
    if leaves:
        privacy.leave(world.site, sam, habit, world.at)
    world.at += timedelta(days=2)
    assert entering.log_for(world.site, sam, 1, None, Mark.DONE, world.at) == WEDNESDAY
    assert taking_up.edit_habit(world.site, habit, "3 a week", world.at) == WEDNESDAY
    made = reminding.add_reminder(world.site, habit, sam, "daily 18:00", world.at)
    with world.site.db.read() as session:
        assert session.get_one(Reminder, made).schedule == "daily 18:00"
    world.goes_on(timedelta(days=1))
    assert share_of(world, sam, habit).ended_on is None
    assert taking_up.archive_habit(world.site, habit, world.at) == WEDNESDAY + timedelta(days=1)
    assert (share_of(world, sam, habit).progress(WEDNESDAY).practised == 0) is leaves


@pytest.mark.parametrize("leaves", [False, True])
def test_a_goal_is_changed_on_the_same_day_whoever_left(world: World, leaves: bool) -> None:
    couple = people.add_couple(world.site)
    alex, sam = world.enrol("Alex", couple, "Asia/Tokyo"), world.enrol("Sam", couple, "America/Los_Angeles")
    habit = world.take_up("gratitude", "daily", NOON, alex, sam)
    world.at += timedelta(hours=14)
    if leaves:
        privacy.leave(world.site, sam, habit, world.at)
    assert taking_up.edit_habit(world.site, habit, "3 a week", world.at) == MONDAY
