"""A message from an address that its provider had called gone: it is its person's, and the address lives."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest

from notifiers.base import Inbound, Kind, SendError
from service import addresses, inbound, people, planning
from service.models import Address, Consent, EntryRow, Reply, Suppression
from service.people import NewPerson
from service.states import AddressKind, ConsentEvent, NudgeState, ReplyState
from tests.walk.channel import Channel
from tests.walk.rounds import send, send_all
from tests.walk.rows import add_address, nudges, on, rows, state
from tests.world import NUMBERS, World

GONE = SendError(Kind.CONTACT, "no such number", code="21211")
MAILBOX = "alex@example.org"


@pytest.fixture
def dead(world: World, nudged: UUID, channel: Channel) -> UUID:
    """Alex, whose number the provider called wrong, and whose nudge went to a mailbox instead."""
    add_address(world, nudged, AddressKind.EMAIL, MAILBOX)
    channel.answers.append(GONE)
    send_all(world)
    assert world.address("Alex") is None
    assert [message.to for message in channel.messages] == [NUMBERS["Alex"], MAILBOX]
    channel.messages.clear()
    return nudged


def the_ledger(world: World) -> list[ConsentEvent]:
    return [row.event for row in rows(world, Consent)]


@pytest.mark.parametrize("said", ["STOP", "please stop texting me"])
def test_a_stop_ends_all_messages_to_the_person(
    world: World, dead: UUID, channel: Channel, said: str
) -> None:
    world.take_up("empathy", "daily", "daily 19:20", dead)
    planning.plan_due(world.site, on("19:20"))
    world.says("Alex", said)

    person = world.person(dead)
    assert (person.stopped_at, person.due_at) == (world.at, None)
    assert [nudge.state for nudge in nudges(world, dead)] == [NudgeState.SENT, NudgeState.LAPSED]
    assert the_ledger(world)[-1] is ConsentEvent.WITHDRAWN
    assert len(rows(world, Suppression)) == 1
    send_all(world)
    assert [message.to for message in channel.messages] == [NUMBERS["Alex"]]  # The confirmation.


def test_any_other_message_is_stored_for_the_person_and_answered(
    world: World, dead: UUID, channel: Channel
) -> None:
    before = the_ledger(world)
    world.says("Alex", "done")

    (reply,) = rows(world, Reply)
    assert (reply.person_id, reply.state) == (dead, ReplyState.UNDERSTOOD)
    assert len(rows(world, EntryRow)) == 1
    assert send(world) == 1
    assert [message.to for message in channel.messages] == [NUMBERS["Alex"]]
    assert the_ledger(world) == before


def test_who_had_no_other_address_is_reached_again(world: World, nudged: UUID, channel: Channel) -> None:
    channel.answers.append(GONE)
    send(world)
    assert state(world, nudged)[0] is NudgeState.FAILED
    assert world.person(nudged).due_at is None

    world.at += timedelta(days=3)
    world.says("Alex", "hello?")
    assert world.person(nudged).due_at == on("2026-03-06T19:00")  # Nothing is made up for.
    address = world.address("Alex")
    assert address is not None
    assert address.verified_at is not None


def test_an_address_that_never_said_yes_is_still_not_written_to(world: World, channel: Channel) -> None:
    alex = world.enrol("Alex")
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    channel.answers.append(GONE)
    send(world)
    world.says("Alex", "hello?")

    address = world.address("Alex")
    assert address is not None
    assert address.verified_at is None
    assert world.person(alex).due_at is None
    world.says("Alex", "yes")
    assert world.person(alex).due_at == on("19:00")


def test_an_address_that_somebody_else_has_now_is_theirs(world: World, dead: UUID) -> None:
    charlie = people.add_person(
        world.site, NewPerson("Charlie", AddressKind.SMS, NUMBERS["Alex"], "UTC"), world.at
    )
    world.says("Alex", "STOP")

    assert world.person(dead).stopped_at is None
    assert world.person(charlie).stopped_at == world.at
    (old,) = rows(world, Address, Address.person_id == dead, Address.kind == AddressKind.SMS)
    assert old.dead_at is not None


def test_of_two_who_had_it_the_last_is_meant(world: World, dead: UUID, channel: Channel) -> None:
    world.at += timedelta(hours=1)
    charlie = people.add_person(
        world.site, NewPerson("Charlie", AddressKind.SMS, NUMBERS["Alex"], "UTC"), world.at
    )
    channel.answers.append(GONE)
    send(world)
    world.says("Alex", "STOP")

    assert (world.person(dead).stopped_at, world.person(charlie).stopped_at) == (None, world.at)


def test_a_message_that_comes_twice_does_not_bring_an_address_back(
    world: World, nudged: UUID, channel: Channel
) -> None:
    world.says("Alex", "list", "in-1")
    channel.answers.append(GONE)
    send_all(world)
    assert world.says("Alex", "list", "in-1") is None
    assert world.address("Alex") is None


def test_a_message_is_understood_though_its_address_died_meanwhile(
    world: World, nudged: UUID, channel: Channel
) -> None:
    said = Inbound("in-1", NUMBERS["Alex"], "please stop texting me")
    reply_id = inbound.store(world.site, "phone", AddressKind.SMS, said, world.at)
    assert reply_id is not None
    channel.answers.append(GONE)
    send(world)
    assert world.address("Alex") is None
    inbound.understand(world.site, reply_id, world.at)

    assert world.person(nudged).stopped_at == world.at


@pytest.fixture
def crowd() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.mark.parametrize("is_dead", [True, False])
def test_messages_that_come_at_once_do_not_wait_for_each_other(
    world: World, alex: UUID, crowd: ThreadPoolExecutor, is_dead: bool
) -> None:
    if is_dead:
        address = world.address("Alex")
        assert address is not None
        with world.site.db.write() as session:
            addresses.mark_dead(session, address.id, world.at)
    together = Barrier(4)

    def say(number: int) -> UUID | None:
        together.wait()
        said = Inbound(f"in-{number}", NUMBERS["Alex"], "STOP")
        return inbound.store(world.site, "phone", AddressKind.SMS, said, world.at)

    for start in range(0, 20, 4):
        assert all(crowd.map(say, range(start, start + 4)))
    assert {reply.person_id for reply in rows(world, Reply)} == {alex}
    assert world.person(alex).stopped_at == world.at
