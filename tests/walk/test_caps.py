"""What may be sent in a day: of the installation and of each person, counted in the rows by all processes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from habits.reasons import Reason
from notifiers.base import Accepted, Kind, SendError
from service import deliveries, planning, senders, sending
from service.models import Attempt, Nudge, Person, SenderState
from service.states import NudgeKind, NudgeState
from tests.walk.channel import Channel
from tests.walk.rounds import send
from tests.walk.rows import crowd, nudges, on, rows, state, the_nudge
from tests.world import World


class Costly(Channel):
    """A channel that costs a quarter of the money for each segment."""

    price = 0.25


Limit = Callable[..., Costly]


@pytest.fixture
def limited(world: World) -> Limit:
    """Give the installation these limits, no others, and a channel that costs money."""

    def limit(*others: World, **caps: float) -> Costly:
        none = dict.fromkeys(("daily_money", "person_daily_messages", "person_daily_segments"), 0)
        channel = Costly()
        for one in (world, *others):
            settings = one.site.settings.model_copy(update=none | caps)
            one.site = replace(one.site, settings=settings, notifiers={channel.name: channel})
        return channel

    return limit


def due_at(world: World, at: str, *people: UUID, practice: str = "gratitude") -> None:
    for person in people:
        world.take_up(practice, "daily", f"daily {at}", person)
    world.at = on(at)
    planning.plan_due(world.site, world.at)


def the_sender(world: World) -> SenderState:
    (sender,) = rows(world, SenderState)
    return sender


def used(world: World) -> tuple[int, int, float]:
    sender = the_sender(world)
    return sender.messages_today, sender.segments_today, sender.spent_today


@pytest.mark.parametrize(
    "caps", [{"daily_messages": 2}, {"daily_segments": 2}, {"daily_money": 0.5}, {"daily_money": 0.74}]
)
def test_beyond_the_limit_of_the_day_messages_lapse_when_the_next_is_too_late(
    world: World, limited: Limit, caps: dict[str, float]
) -> None:
    channel = limited(**caps)
    people = crowd(world, 4)
    due_at(world, "19:00", *people)
    assert send(world) == 2
    assert send(world) == 0

    assert used(world) == (2, 2, 0.5)
    # Which of those who are due at the same instant is planned first is left to the database.
    found = sorted(state(world, person) for person in people)
    assert found == [*[(NudgeState.LAPSED, Reason.DAILY_CAP)] * 2, *[(NudgeState.SENT, Reason.DUE)] * 2]
    assert the_sender(world).capped_on == world.at.date()
    assert len(channel.messages) == 2


@pytest.mark.parametrize(
    ("zone", "again"), [("UTC", "2026-03-03T08:00"), ("America/New_York", "2026-03-03T00:00")]
)
def test_what_keeps_until_tomorrow_goes_then_and_in_nobodys_night(
    world: World, limited: Limit, zone: str, again: str
) -> None:
    limited(daily_messages=1)
    people = crowd(world, 2)
    due_at(world, "19:00", *people)
    with world.site.db.write() as session:
        for person in people:
            session.get_one(Person, person).zone = zone
            session.get_one(Nudge, the_nudge(world, person).id).expires_at = on("2026-03-03T12:00")
    assert send(world) == 1
    (held,) = rows(world, Nudge, Nudge.state == NudgeState.PLANNED)
    assert held.not_before == on(again)
    world.at = held.not_before
    assert send(world) == 1
    sender = the_sender(world)
    assert (sender.today, used(world)) == (world.at.date(), (1, 1, 0.25))


def test_stop_help_and_delete_are_held_by_no_limit(
    world: World, limited: Limit, alex: UUID, sam: UUID
) -> None:
    channel = limited(daily_messages=1, person_daily_messages=1)
    due_at(world, "19:00", alex, sam)
    assert send(world) == 1
    for name, said in (("Alex", "HELP"), ("Sam", "I want to kill myself"), ("Sam", "STOP"), ("Alex", "STOP")):
        world.says(name, said)
        assert send(world) == 1, said
    world.says("Sam", "DELETE")
    assert send(world) == 1
    assert len(channel.messages) == 6
    world.says("Alex", "habits")
    assert send(world) == 0


def test_a_persons_limit_is_theirs_alone_and_has_room_a_day_later(
    world: World, limited: Limit, alex: UUID, sam: UUID
) -> None:
    channel = limited(person_daily_messages=2)
    for said in ("habits", "streak"):
        world.says("Alex", said)
        assert send(world) == 1
    due_at(world, "19:00", alex, sam)
    assert send(world) == 1
    assert [state(world, person) for person in (alex, sam)] == [
        (NudgeState.LAPSED, Reason.OWN_CAP),
        (NudgeState.SENT, Reason.DUE),
    ]
    assert the_sender(world).capped_on is None

    world.at = on("2026-03-03T08:59")  # A minute before it is a day ago: it waits for that minute.
    world.says("Alex", "habits")
    assert send(world) == 0
    held = nudges(world, alex, NudgeKind.ANSWER)[-1]
    assert (held.state, held.not_before) == (NudgeState.PLANNED, on("2026-03-03T09:00"))
    world.at += timedelta(minutes=1)
    assert send(world) == 1
    assert len(channel.messages) == 4


@pytest.mark.parametrize("caps", [{"person_daily_segments": 3}, {"person_daily_money": 0.75}])
def test_a_persons_segments_and_money_count_what_the_provider_said(
    world: World, limited: Limit, alex: UUID, caps: dict[str, float]
) -> None:
    channel = limited(**caps)
    channel.answers.append(Accepted("p-1", 3))
    due_at(world, "19:00", alex)
    assert send(world) == 1
    assert used(world) == (1, 3, 0.75)
    (attempt,) = rows(world, Attempt)
    assert (attempt.segments, attempt.cost) == (3, 0.75)
    world.says("Alex", "habits")
    assert send(world) == 0


def test_a_persons_limit_holds_within_one_batch(world: World, limited: Limit, alex: UUID) -> None:
    limited(person_daily_messages=1)
    due_at(world, "19:00", alex)
    due_at(world, "19:10", alex, practice="empathy")
    assert send(world) == 1
    assert sorted(nudge.reason or "" for nudge in nudges(world, alex)) == [Reason.DUE, Reason.OWN_CAP]


@pytest.mark.parametrize("kind", [Kind.RETRY, Kind.SENDER, Kind.CONTACT, Kind.CONTENT, Kind.UNKNOWN])
def test_only_what_was_surely_not_taken_is_not_counted(
    world: World, limited: Limit, alex: UUID, kind: Kind
) -> None:
    limited().answers.append(SendError(kind, "no"))
    due_at(world, "19:00", alex)
    assert send(world) == 1
    assert used(world) == ((1, 1, 0.25) if kind is Kind.UNKNOWN else (0, 0, 0.0))


def test_what_a_stop_called_back_is_not_counted(world: World, limited: Limit, alex: UUID) -> None:
    limited()
    due_at(world, "19:00", alex)
    (claimed,) = sending.claim(world.site, world.at, 1)
    assert used(world) == (1, 1, 0.25)
    world.says("Alex", "STOP")
    sending.record(world.site, sending.hand_over(world.site, claimed), world.at)
    assert used(world) == (0, 0, 0.0)


def test_what_was_refused_yesterday_is_not_taken_off_today(world: World, limited: Limit) -> None:
    limited().answers.append(SendError(Kind.RETRY, "no"))
    due_at(world, "19:00", *crowd(world, 2))
    first, second = sending.claim(world.site, world.at, 2)
    world.at += timedelta(hours=6)
    with world.site.db.write() as session:
        senders.take(session.get_one(SenderState, "own/1"), 0, 1, 0.25, world.at)
    for claimed in (first, second):
        sending.record(world.site, sending.hand_over(world.site, claimed), world.at)
    assert used(world) == (1, 1, 0.25)


def test_processes_share_the_limit(two_worlds: tuple[World, World], limited: Limit) -> None:
    world, other = two_worlds
    limited(other, daily_messages=3)
    due_at(world, "19:00", *crowd(world, 6))
    other.at = world.at
    assert [send(one, 2) for one in (world, other, world, other)] == [2, 1, 0, 0]


def test_the_admin_reads_which_limit_it_was_and_not_whose(world: World, limited: Limit, alex: UUID) -> None:
    limited(person_daily_messages=1)
    world.says("Alex", "habits")
    send(world)
    due_at(world, "19:00", alex)
    send(world)
    nudge = the_nudge(world, alex)
    assert nudge.reason == Reason.OWN_CAP
    with world.site.db.read() as session:
        shown = deliveries.delivery(session, nudge, show_all=False)
        assert shown.reason == deliveries.NOT_NEEDED
        assert alex not in {one.person_id for one in deliveries.deliveries(session) if one.id == nudge.id}
    with world.site.db.write() as session:
        session.get_one(Nudge, nudge.id).reason = Reason.DAILY_CAP
    with world.site.db.read() as session:
        row = session.get_one(Nudge, nudge.id)
        assert deliveries.delivery(session, row, show_all=False).reason == Reason.DAILY_CAP
