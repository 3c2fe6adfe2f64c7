"""A sender is given so many messages a second by all processes together, the urgent ones first."""

from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from math import floor
from threading import Barrier
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy import event

from notifiers import registry
from notifiers.base import Inbound
from service import inbound, planning, senders, sending
from service.models import Address, Attempt, Nudge, SenderState
from service.states import AddressKind, Cause, NudgeKind, NudgeState
from tests.notifiers.conftest import twilio_options
from tests.servers import TwilioServer
from tests.walk.channel import Channel
from tests.walk.rounds import send
from tests.walk.rows import add_address, crowd, nudges, on, rows, state
from tests.world import World

SECOND = timedelta(seconds=1)


class Rated(Channel):
    """A channel for SMS that takes one message a second."""

    name: ClassVar[str] = "rated"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"sms"})
    per_second = 1.0

    @property
    def sender(self) -> str:
        return "rated/1"


class Mail(Channel):
    """A channel for e-mail without a limit."""

    name: ClassVar[str] = "mail"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"email"})

    @property
    def sender(self) -> str:
        return "mail/1"


@pytest.fixture
def rated(world: World) -> Rated:
    made = Rated()
    world.site = replace(world.site, notifiers={made.name: made})
    return made


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Collect the statements that are run inside the block."""
    seen: list[str] = []

    def note(*details: object) -> None:
        seen.append(str(details[2]))

    event.listen(world.site.db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(world.site.db.engine, "before_cursor_execute", note)


def due_at_seven(world: World, people: list[UUID]) -> None:
    for person in people:
        world.take_up("gratitude", "daily", "daily 19:00", person)
    world.at = on("19:00")
    planning.plan_due(world.site, world.at)


@pytest.mark.parametrize("per_second", [1.0, 2.5, 0.5])
def test_two_processes_hold_one_limit_in_every_window(
    two_worlds: tuple[World, World], per_second: float
) -> None:
    world, other = two_worlds
    due_at_seven(world, crowd(world, 24))
    other.at = world.at
    with TwilioServer() as twilio, ThreadPoolExecutor(2) as both:
        for one in two_worlds:
            channel = registry.build("twilio", twilio_options(twilio, per_second=per_second))
            one.site = replace(one.site, notifiers={"twilio": channel})
        together = Barrier(2)

        def ring(one: World) -> int:
            together.wait()
            return send(one, 3) + send(one, 3)

        for step in range(30):
            world.at = other.at = on("19:00") + step * timedelta(milliseconds=370)
            list(both.map(ring, two_worlds))
        at = sorted(attempt.claimed_at for attempt in rows(world, Attempt))
        assert len(twilio.records) == len(at)
    burst = max(1.0, per_second)
    for first, begun in enumerate(at):
        for last in range(first, len(at)):
            window = (at[last] - begun).total_seconds()
            assert last - first + 1 <= floor(burst + senders.EARLY + per_second * window)
    # No token is lost either: ten seconds bring what they are good for.
    assert bisect_left(at, on("19:00") + 10 * SECOND) >= min(24, floor(10 * per_second))


def test_what_waits_for_a_token_is_not_touched_and_costs_one_look(world: World, rated: Rated) -> None:
    people = crowd(world, 12)
    due_at_seven(world, people)
    assert send(world) == 1
    before = [(nudge.id, nudge.not_before) for nudge in rows(world, Nudge, Nudge.state == NudgeState.PLANNED)]
    assert len(before) == 11
    with statements(world) as seen:
        assert send(world) == 0
    assert len([text for text in seen if not text.startswith(("BEGIN", "PRAGMA"))]) <= 3
    waiting = rows(world, Nudge, Nudge.state == NudgeState.PLANNED)
    assert [(nudge.id, nudge.not_before) for nudge in waiting] == before

    world.at += SECOND
    assert send(world) == 1
    assert len(rated.messages) == 2


def test_a_ring_that_comes_a_moment_early_does_not_wait_for_the_next_one(world: World, rated: Rated) -> None:
    due_at_seven(world, crowd(world, 5))
    assert send(world) == 1
    for passed in (0.95, 1.9, 2.85):  # Each a moment early: the fourth is early by more than the slack.
        world.at = on("19:00") + passed * SECOND
        send(world)
    assert len(rated.messages) == 3


def test_the_confirmation_of_a_stop_and_help_go_first(world: World, rated: Rated) -> None:
    alex, *others = crowd(world, 8)
    due_at_seven(world, [alex, *others])
    assert send(world, 1) == 1
    world.at += 0.5 * SECOND
    say(world, others[2], "STOP")
    say(world, others[1], "HELP")
    world.at += 0.5 * SECOND
    assert [one.even_if_stopped for one in sending.claim(world.site, world.at, 2)] == [True]
    world.at += SECOND
    assert [one.even_if_stopped for one in sending.claim(world.site, world.at, 2)] == [True]
    causes = {nudge.cause_kind for nudge in rows(world, Nudge, Nudge.kind == NudgeKind.ANSWER)}
    assert causes == {Cause.OPT_OUT, Cause.HELP}
    world.at += SECOND
    assert [one.even_if_stopped for one in sending.claim(world.site, world.at, 2)] == [False]


def say(world: World, person: UUID, text: str, mailbox: str | None = None) -> None:
    """Let a person text, or mail from their mailbox."""
    address = rows(world, Address, Address.person_id == person)[0]
    sender = mailbox or world.site.sealer.unseal(address.value_sealed)
    kind = AddressKind.EMAIL if mailbox else AddressKind.SMS
    reply = inbound.store(world.site, "phone", kind, Inbound(f"in-{person}", sender, text), world.at)
    assert reply is not None
    inbound.understand(world.site, reply, world.at)


def test_who_is_reached_by_another_channel_does_not_wait(world: World, rated: Rated) -> None:
    mail = Mail()
    world.site = replace(world.site, notifiers={rated.name: rated, mail.name: mail})
    *texted, reader = crowd(world, 4)
    with world.site.db.write() as session:
        for address in rows(world, Address, Address.person_id == reader):
            session.get_one(Address, address.id).dead_at = world.at
    add_address(world, reader, AddressKind.EMAIL, "reader@example.org")
    due_at_seven(world, [*texted, reader])
    assert send(world, 1) == 1
    assert send(world, 1) == 1
    assert [message.to for message in mail.messages] == ["reader@example.org"]
    assert len(rated.messages) == 1


def test_who_waits_for_a_text_and_has_a_mailbox_too_holds_up_nobody(world: World, rated: Rated) -> None:
    mail = Mail()
    world.site = replace(world.site, notifiers={rated.name: rated, mail.name: mail})
    *texted, reader = crowd(world, 5)
    with world.site.db.write() as session:
        (address,) = rows(world, Address, Address.person_id == reader)
        session.get_one(Address, address.id).dead_at = world.at
    for number, person in enumerate([*texted, reader]):
        add_address(world, person, AddressKind.EMAIL, f"p{number}@example.org")
    due_at_seven(world, [*texted, reader])
    assert send(world, 2) == 1
    # A batch has room for two, and those who are older all wait for the other sender.
    assert send(world, 2) == 1
    assert [message.to for message in mail.messages] == ["p4@example.org"]
    assert len(rated.messages) == 1

    say(world, texted[3], "list", "p3@example.org")
    assert send(world, 2) == 1
    assert [message.to for message in mail.messages] == ["p4@example.org", "p3@example.org"]


def test_a_channel_without_a_limit_has_none(world: World, channel: Channel) -> None:
    due_at_seven(world, crowd(world, 12))
    assert send(world, 12) == 12


def test_a_clock_that_is_set_back_does_not_stop_the_sender(world: World, rated: Rated) -> None:
    with world.site.db.write() as session:
        session.add(SenderState(sender="rated/1", tokens=0.0, refilled_at=on("2026-03-05T12:00")))
    due_at_seven(world, crowd(world, 3))
    assert send(world) == 1
    assert send(world) == 0
    world.at += SECOND
    assert send(world) == 1


def test_what_is_too_late_while_it_waits_lapses(world: World, rated: Rated) -> None:
    people = crowd(world, 2)
    due_at_seven(world, people)
    send(world)
    world.at += timedelta(hours=3)
    assert send(world) == 0
    assert sorted(state(world, person)[0] for person in people) == [NudgeState.LAPSED, NudgeState.SENT]
    assert len([nudge for person in people for nudge in nudges(world, person)]) == 2
