"""A habit that ends takes what is planned for it along, and so does a reminder that is removed."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from habits.nudging import Reason
from service import lapsing, planning, reminding, taking_up
from service.models import Habit, Member, NudgeItem, Reminder
from service.states import NudgeKind, NudgeState
from tests.walk.channel import Channel
from tests.walk.rounds import send
from tests.walk.rows import nudges, on, rows, state, the_nudge
from tests.world import World

ENDED = (NudgeState.LAPSED, lapsing.ENDED)
REMOVED = (NudgeState.LAPSED, lapsing.REMOVED)
Change = Callable[[World, UUID], None]


def archived(world: World, habit_id: UUID) -> None:
    taking_up.archive_habit(world.site, habit_id, world.at)


def ended_behind_our_back(world: World, habit_id: UUID) -> None:
    with world.site.db.write() as session:
        session.get_one(Habit, habit_id).ended_on = world.at.date()


def left_behind_our_back(world: World, habit_id: UUID) -> None:
    with world.site.db.write() as session:
        for member in session.scalars(select(Member).where(Member.habit_id == habit_id)):
            member.left_on = world.at.date()


def unreminded(world: World, habit_id: UUID) -> None:
    (reminder,) = rows(world, Reminder, Reminder.habit_id == habit_id)
    reminding.remove_reminder(world.site, reminder.id)


@pytest.fixture
def habit(world: World, nudged: UUID) -> UUID:
    """The only habit of Alex, whose nudge is planned."""
    (found,) = rows(world, Habit)
    return found.id


@pytest.fixture
def digest(world: World, alex: UUID) -> tuple[UUID, UUID]:
    """Two habits of Alex that one nudge is planned for."""
    both = tuple(world.take_up(one, "daily", "daily 19:00", alex) for one in ("gratitude", "empathy"))
    world.at = on("19:00")
    planning.plan_due(world.site, world.at)
    nudge = the_nudge(world, alex)
    assert len(rows(world, NudgeItem, NudgeItem.nudge_id == nudge.id)) == 2
    first, second = both
    return first, second


@pytest.mark.parametrize(("change", "expected"), [(archived, ENDED), (unreminded, REMOVED)])
def test_what_is_planned_lapses_at_once(
    world: World,
    nudged: UUID,
    habit: UUID,
    channel: Channel,
    change: Change,
    expected: tuple[NudgeState, str],
) -> None:
    change(world, habit)
    assert state(world, nudged) == expected
    assert send(world) == 0
    assert channel.messages == []


@pytest.mark.parametrize("change", [ended_behind_our_back, left_behind_our_back])
def test_it_is_looked_at_again_at_the_claim(
    world: World, nudged: UUID, habit: UUID, channel: Channel, change: Change
) -> None:
    change(world, habit)
    assert send(world) == 0
    assert state(world, nudged) == ENDED
    assert channel.messages == []


@pytest.mark.parametrize("change", [archived, ended_behind_our_back, unreminded])
def test_a_digest_goes_out_while_one_of_its_habits_lives(
    world: World, alex: UUID, digest: tuple[UUID, UUID], channel: Channel, change: Change
) -> None:
    change(world, digest[0])
    assert send(world) == 1
    assert state(world, alex)[0] is NudgeState.SENT


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ((archived, archived), ENDED),
        ((archived, ended_behind_our_back), ENDED),
        ((archived, unreminded), REMOVED),
    ],
)
def test_a_digest_lapses_when_none_of_its_habits_is_left(
    world: World,
    alex: UUID,
    digest: tuple[UUID, UUID],
    channel: Channel,
    changes: tuple[Change, Change],
    expected: tuple[NudgeState, str],
) -> None:
    for change, habit_id in zip(changes, digest, strict=True):
        change(world, habit_id)
    assert send(world) == 0
    assert state(world, alex) == expected


def test_a_digest_of_one_that_was_done_and_one_that_ended_lapses_as_done(
    world: World, alex: UUID, digest: tuple[UUID, UUID], channel: Channel
) -> None:
    world.says("Alex", "1")
    ended_behind_our_back(world, digest[1])
    assert send(world) == 1  # The answer.
    assert state(world, alex) == (NudgeState.LAPSED, Reason.DONE)


def test_what_is_planned_for_another_habit_stays(world: World, alex: UUID, channel: Channel) -> None:
    gone = world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.take_up("empathy", "daily", "daily 19:20", alex)
    world.at = on("19:20")
    planning.plan_due(world.site, on("19:00"))
    archived(world, gone)
    planning.plan_due(world.site, world.at)
    living = [nudge.state for nudge in nudges(world, alex)]
    assert living.count(NudgeState.PLANNED) == 1
    assert send(world) == 1


def test_the_partners_nudge_lapses_as_well(world: World, channel: Channel) -> None:
    couple = world.couple()
    habit = world.take_up("gratitude", "daily", "daily 19:00", *couple)
    world.at = on("19:00")
    planning.plan_due(world.site, world.at)
    archived(world, habit)
    assert [state(world, person) for person in couple] == [ENDED, ENDED]


def test_what_was_put_off_lapses_with_its_habit(world: World, nudged: UUID, habit: UUID) -> None:
    send(world)
    world.says("Alex", "later 1h")
    archived(world, habit)
    assert [(nudge.state, nudge.reason) for nudge in nudges(world, nudged)][1:] == [ENDED]


def test_a_check_in_lapses_with_its_reminder(world: World, alex: UUID, channel: Channel) -> None:
    reminder = reminding.add_check_in(world.site, alex, "mon 19:00", world.at)
    world.at = on("19:00")
    planning.plan_due(world.site, world.at)
    assert state(world, alex)[0] is NudgeState.PLANNED
    reminding.remove_reminder(world.site, reminder)
    assert state(world, alex) == REMOVED
    assert nudges(world, alex, NudgeKind.NUDGE) == []
