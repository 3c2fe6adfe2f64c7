"""STOP applies at once and to everything; START takes it back; strangers may stop us too."""

from datetime import timedelta
from uuid import UUID

import pytest

from habits import parts
from habits.nudging import Reason
from service import inbound, people, planning
from service.errors import WrongUsage
from service.models import Consent, EntryRow, Reply, Suppression
from service.people import NewPerson
from service.states import AddressKind, Cause, ConsentEvent, NudgeKind, NudgeState, ReplyState
from tests.walk.channel import Channel
from tests.walk.rounds import send_all
from tests.walk.rows import nudges, on, rows, state
from tests.walk.storing import STRANGER, store, stored, understand
from tests.world import World


def test_a_strangers_stop_is_kept_until_they_take_it_back(world: World) -> None:
    for message_id in ("in-1", "in-2"):
        reply_id = store(world, "STOP", message_id, STRANGER)
        assert reply_id is not None
        understand(world, reply_id)
    assert len(rows(world, Suppression)) == 1
    charlie = NewPerson("Charlie", AddressKind.SMS, STRANGER, "UTC")
    with pytest.raises(WrongUsage, match="START"):
        people.add_person(world.site, charlie, world.at)

    reply_id = store(world, "START", "in-3", STRANGER)
    assert reply_id is not None
    understand(world, reply_id)
    assert rows(world, Suppression) == []
    people.add_person(world.site, charlie, world.at)


def test_an_exact_stop_applies_before_it_is_understood(world: World, nudged: UUID, channel: Channel) -> None:
    stored(world, "Stop!")

    person = world.person(nudged)
    assert (person.stopped_at, person.due_at) == (world.at, None)
    assert state(world, nudged) == (NudgeState.LAPSED, Reason.STOPPED)
    send_all(world)
    assert [text.partition(":")[2].strip()[:20] for text in channel.texts] == ["you are unsubscribed"]
    newest = rows(world, Consent)[-1]
    assert (newest.event, newest.source) == (ConsentEvent.WITHDRAWN, "reply")
    assert len(rows(world, Suppression)) == 1


def test_a_stop_is_confirmed_once(world: World, alex: UUID, channel: Channel) -> None:
    for message_id in ("in-1", "in-2"):
        reply_id = store(world, "STOP", message_id)
        assert reply_id is not None
        understand(world, reply_id)
        send_all(world)

    assert len(channel.texts) == 1
    (confirmation,) = nudges(world, alex, NudgeKind.ANSWER)
    assert confirmation.cause_kind is Cause.OPT_OUT


def test_a_stop_that_the_provider_has_answered_is_not_confirmed_again(
    world: World, alex: UUID, channel: Channel
) -> None:
    reply_id = store(world, "arret", opted_out=True)
    assert reply_id is not None
    understand(world, reply_id)
    send_all(world)

    assert world.person(alex).stopped_at == world.at
    assert channel.texts == []


def test_a_stop_in_a_sentence_applies_once_it_is_understood(
    world: World, nudged: UUID, channel: Channel
) -> None:
    reply_id = stored(world, "please stop texting me")
    assert world.person(nudged).stopped_at is None
    assert understand(world, reply_id) == (parts.Stop(),)

    assert world.person(nudged).stopped_at == world.at
    assert state(world, nudged) == (NudgeState.LAPSED, Reason.STOPPED)
    send_all(world)
    assert len(channel.texts) == 1


def test_start_brings_back_who_stopped(world: World, alex: UUID, channel: Channel) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.says("Alex", "STOP")
    world.at = on("12:00")
    world.says("Alex", "START")
    send_all(world)

    assert "welcome back" in channel.texts[-1]
    person = world.person(alex)
    assert (person.stopped_at, person.due_at) == (None, on("19:00"))
    assert rows(world, Suppression) == []
    assert rows(world, Consent)[-1].event is ConsentEvent.RESTORED
    world.at = on("19:00")
    planning.plan_due(world.site, world.at)
    send_all(world)
    assert nudges(world, alex)[-1].state is NudgeState.SENT


def test_a_stop_that_is_understood_after_a_start_does_not_stop_again(world: World, alex: UUID) -> None:
    left = stored(world, "STOP")
    world.at += timedelta(seconds=10)
    world.says("Alex", "START")
    world.at += timedelta(minutes=1)
    assert inbound.sweep(world.site, world.at) == 1

    assert rows(world, Reply, Reply.id == left)[0].state is ReplyState.UNDERSTOOD
    assert world.person(alex).stopped_at is None


@pytest.mark.parametrize(("said", "answered"), [("done", False), ("what?", False), ("HELP", True)])
def test_who_stopped_may_log_and_gets_help_and_nothing_else(
    world: World, alex: UUID, channel: Channel, said: str, answered: bool
) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.says("Alex", "STOP")
    send_all(world)
    channel.messages.clear()
    world.says("Alex", said)
    send_all(world)

    assert len(channel.texts) == (1 if answered else 0)
    assert len(nudges(world, alex, NudgeKind.ANSWER)) == (2 if answered else 1)  # The first confirms.
    assert len(rows(world, EntryRow)) == (1 if said == "done" else 0)
    assert world.person(alex).stopped_at is not None
