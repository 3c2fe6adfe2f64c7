"""Loops and strangers: machines are never answered, nor the same text over and over, nor our own number."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from habits.parts import Automatic
from notifiers.base import Inbound
from service import inbound, jobs, loops
from service.models import Reply, Suppression
from service.states import AddressKind, NudgeKind, ReplyState
from service.strangers import Sender
from tests.walk.channel import Channel
from tests.walk.rows import nudges, rows
from tests.walk.saying import says
from tests.world import NUMBERS, World

STRANGER = NUMBERS["Charlie"]


def stranger_says(world: World, text: str, number: str = STRANGER, **more: bool) -> str:
    message = replace(Inbound(f"in-{uuid4().hex}", number, text), **more)  # type: ignore[arg-type]
    reply_id = inbound.store(world.site, "test", AddressKind.SMS, message, world.at)
    assert reply_id
    understood = inbound.understand(world.site, reply_id, world.at, Sender(AddressKind.SMS, number))
    assert understood
    return understood.answer or ""


def test_automatic_replies_are_not_answered_and_are_no_sign_of_life(world: World, alex: UUID) -> None:
    says(world, "hello there you")
    before = world.person(alex).last_sign_of_life_at
    world.at += timedelta(hours=1)
    understood = world.says("Alex", "I'm driving right now - I'll get back to you later. Sent automatically.")
    assert understood
    assert (understood.parts, understood.answer) == ((Automatic(),), None)
    assert world.person(alex).last_sign_of_life_at == before


def test_the_same_text_over_and_over_is_answered_five_times(world: World, alex: UUID) -> None:
    answered = [bool(says(world, "streak")) for _ in range(8)]
    assert answered == [True] * 5 + [False] * 3
    assert says(world, "habits")
    world.at += timedelta(minutes=31)
    assert says(world, "streak")


def test_two_people_who_say_the_same_are_no_loop(world: World, alex: UUID, sam: UUID) -> None:
    for _ in range(4):
        assert says(world, "streak", "Alex")
        assert says(world, "streak", "Sam")
    assert len({reply.echo for reply in rows(world, Reply)}) == 2


def test_a_hash_of_a_text_is_dropped_after_half_an_hour(world: World, alex: UUID) -> None:
    says(world, "streak")
    assert all(reply.echo for reply in rows(world, Reply))
    world.at += loops.WITHIN
    assert jobs.tidy(world.site) == 1
    assert not any(reply.echo for reply in rows(world, Reply))


def test_what_nothing_could_be_made_of_is_dropped_after_a_week(world: World, alex: UUID) -> None:
    message = Inbound("in-1", NUMBERS["Alex"], "done")
    reply_id = inbound.store(world.site, "test", AddressKind.SMS, message, world.at)
    with world.site.db.write() as session:
        session.get_one(Reply, reply_id).state = ReplyState.STUCK
    world.at += inbound.STUCK_FOR - timedelta(seconds=1)
    jobs.tidy(world.site)
    assert rows(world, Reply)[0].raw_sealed
    world.at += timedelta(seconds=1)
    jobs.tidy(world.site)
    assert (rows(world, Reply)[0].raw_sealed, rows(world, Reply)[0].state) == (None, ReplyState.UNDERSTOOD)


def test_a_stranger_gets_one_neutral_answer_a_day(world: World, alex: UUID, channel: Channel) -> None:
    first = stranger_says(world, "is alex using this?")
    assert "nobody reads messages here" in first
    assert stranger_says(world, "hello?") == ""
    assert stranger_says(world, "HELP") == ""
    world.at += timedelta(days=1)
    assert stranger_says(world, "done") == first
    assert channel.texts == [first] * 2
    assert {message.to for message in channel.messages} == {STRANGER}
    assert nudges(world, alex, NudgeKind.ANSWER) == []


def test_a_stranger_in_danger_always_gets_help_lines(world: World, channel: Channel) -> None:
    stranger_says(world, "hi")
    answer = stranger_says(world, "he is going to kill me")
    assert "988" in answer
    assert "eminder" not in answer
    assert channel.texts[-1] == answer


@pytest.mark.parametrize(
    "text",
    ["STOP", "please stop texting me", "START", "I'm driving right now - I'll reply later", "Liked “hi”"],
)
def test_what_of_a_stranger_is_not_answered(world: World, channel: Channel, text: str) -> None:
    assert stranger_says(world, text) == ""
    assert channel.texts == []


def test_a_strangers_opt_out_is_kept_and_start_takes_it_back(world: World, channel: Channel) -> None:
    stranger_says(world, "wrong number, please take me off your list")
    assert len(rows(world, Suppression)) == 1
    world.at += timedelta(days=1)
    assert stranger_says(world, "who is this") == ""
    stranger_says(world, "start")
    assert rows(world, Suppression) == []


@pytest.mark.parametrize("number", ["32665", "ACME"])
def test_who_cannot_be_written_to_is_not(world: World, channel: Channel, number: str) -> None:
    assert stranger_says(world, "hello", number) == ""


def test_our_own_number_is_never_answered(world: World, channel: Channel) -> None:
    own = type("Own", (Channel,), {"sender": property(lambda _: f"account/{STRANGER}")})()
    world.site = replace(world.site, notifiers={own.name: own})
    assert stranger_says(world, "hello") == ""
    assert own.texts == []


def test_what_the_provider_has_answered_is_not_answered_again(world: World, channel: Channel) -> None:
    assert stranger_says(world, "HELP", answered=True) == ""
    world.join("Alex")
    message = Inbound("in-2", NUMBERS["Alex"], "HELP", answered=True)
    reply_id = inbound.store(world.site, "test", AddressKind.SMS, message, world.at)
    assert reply_id
    understood = inbound.understand(world.site, reply_id, world.at)
    assert understood
    assert (understood.answer, understood.unanswered) == (None, "the provider has answered it")


def test_a_rehearsal_changes_nothing(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    before = (rows(world, Reply), len(world.nudges(alex)), world.person(alex).stopped_at)
    for text, answered in (("1", "Gratitude"), ("STOP", ""), ("delete", "reply")):
        message = Inbound("in-3", NUMBERS["Alex"], text)
        understood = inbound.rehearse(world.site, "test", AddressKind.SMS, message, world.at)
        assert understood
        assert answered in (understood.answer or "")
    assert (rows(world, Reply), len(world.nudges(alex)), world.person(alex).stopped_at) == before
