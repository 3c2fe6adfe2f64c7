"""Whoever writes with made-up addresses spends no money of ours, fills no mailbox and lifts no opt-out."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from notifiers.base import Inbound
from service import inbound, jobs, senders, strangers
from service.models import Consent, Meta, SenderState, Suppression
from service.states import AddressKind, ConsentEvent
from service.strangers import Sender
from tests.walk.channel import Channel
from tests.walk.rows import rows
from tests.walk.saying import says
from tests.world import NUMBERS, World

SMS, EMAIL = AddressKind.SMS, AddressKind.EMAIL
DANGER = "he is going to kill me"
HOUR = timedelta(hours=1)


class SlowChannel(Channel):
    """It may be given one message a second, and each costs one."""

    per_second, price = 1.0, 1.0


@pytest.fixture
def slow(world: World) -> SlowChannel:
    channel = SlowChannel()
    world.site = replace(world.site, notifiers={channel.name: channel})
    return channel


def number(last: int) -> str:
    return f"+120255501{last:02}"


def stored(world: World, text: str, sender: str, kind: AddressKind = SMS, ago: timedelta = HOUR * 0) -> UUID:
    message = Inbound(f"in-{uuid4().hex}", sender, text, world.at - ago, address_kind=kind)
    reply_id = inbound.store(world.site, "own", kind, message, world.at)
    assert reply_id
    return reply_id


def answered(world: World, text: str, sender: str, kind: AddressKind = SMS) -> bool:
    """Let somebody write whom nobody knows; say whether they are answered."""
    reply_id = stored(world, text, sender, kind)
    understood = inbound.understand(world.site, reply_id, world.at, Sender(kind, sender))
    assert understood
    return understood.answer is not None


def with_limit(world: World, **limits: float) -> None:
    world.site = replace(world.site, settings=world.site.settings.model_copy(update=limits))


def test_answers_are_held_to_the_rate_of_their_sender(world: World, slow: SlowChannel) -> None:
    assert [answered(world, "hello", number(one)) for one in range(3)] == [True, False, False]
    world.at += timedelta(seconds=1)
    assert answered(world, "hello", number(3))
    assert answered(world, DANGER, number(4))  # It owes that one.
    world.at += timedelta(seconds=1)
    assert not answered(world, "hello", number(5))
    assert len(slow.messages) == 3
    (state,) = rows(world, SenderState)
    assert (state.messages_today, state.spent_today) == (3, float(state.segments_today))


def test_answers_are_held_to_the_limits_of_the_day(world: World, slow: SlowChannel) -> None:
    with_limit(world, daily_messages=1)
    assert answered(world, "hello", number(1))
    world.at += HOUR
    assert not answered(world, "hello", number(2))
    assert rows(world, SenderState)[0].capped_on == world.at.date()
    assert answered(world, DANGER, number(2))


def test_nothing_goes_to_a_provider_that_refuses_our_account(world: World, slow: SlowChannel) -> None:
    with world.site.db.write() as session:
        senders.stop(session, slow.sender, "20003", world.at)
    assert not answered(world, "hello", number(1))
    assert not answered(world, DANGER, number(2))
    world.at += senders.TRY_AGAIN
    assert answered(world, DANGER, number(2))


def test_varied_words_of_danger_are_answered_once_a_day(world: World, channel: Channel) -> None:
    texts = (DANGER, "I want to kill myself", "she will kill me tonight")
    assert [answered(world, text, number(1)) for text in texts] == [True, False, False]
    assert answered(world, DANGER, number(2))
    jobs.tidy(world.site)
    assert not answered(world, "I want to die", number(1))
    world.at += timedelta(days=1)
    assert answered(world, DANGER, number(1))
    world.at += timedelta(days=1)
    jobs.tidy(world.site)
    assert [row.key for row in rows(world, Meta) if row.key.startswith(strangers.HELPED)] == []


def test_mails_of_made_up_senders_fill_few_mailboxes(
    world: World, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "MOST_MAILS_A_DAY", 3)
    for _ in range(2):
        seen = [answered(world, "hello", f"victim{one}@example.org", EMAIL) for one in range(5)]
        assert seen == [True] * 3 + [False] * 2
        # What may be told of danger is counted apart.
        seen = [answered(world, DANGER, f"victim{one}@example.org", EMAIL) for one in range(5)]
        assert seen == [True] * 3 + [False] * 2
        assert answered(world, "hello", number(1))
        world.at += timedelta(days=1)


def test_a_start_by_mail_lifts_no_opt_out(world: World, channel: Channel) -> None:
    for kind, sender, left in ((EMAIL, "charlie@example.org", 1), (SMS, number(1), 0)):
        answered(world, "STOP", sender, kind)
        world.at += HOUR
        answered(world, "START", sender, kind)
        assert len(rows(world, Suppression, Suppression.kind == kind)) == left


def test_a_stranger_whose_message_was_fetched_late_is_left_to_who_fetched_it(
    world: World, channel: Channel
) -> None:
    reply_id = stored(world, "hello", number(1), ago=HOUR)
    assert inbound.sweep(world.site, world.at) == 0
    understood = inbound.understand(world.site, reply_id, world.at, Sender(SMS, number(1)))
    assert understood
    assert understood.answer
    stored(world, "hello", number(2), ago=HOUR)
    world.at += inbound.LEFT_FOR
    assert inbound.sweep(world.site, world.at) == 1


def understood_after(world: World, sender: str) -> None:
    """Store a STOP, and again, and understand a START only then that had come in between."""
    start = Inbound(f"in-{uuid4().hex}", sender, "START", world.at + HOUR)
    for hours in (0, 2):
        world.at += timedelta(hours=hours)
        inbound.understand(world.site, stored(world, "STOP", sender), world.at)
    reply_id = inbound.store(world.site, "own", SMS, start, world.at)
    assert reply_id
    inbound.understand(world.site, reply_id, world.at)


def test_a_second_stop_is_noted_so_that_no_start_before_it_counts(world: World) -> None:
    alex = world.join("Alex")
    understood_after(world, NUMBERS["Alex"])
    assert world.person(alex).stopped_at
    assert len(rows(world, Consent, Consent.event == ConsentEvent.WITHDRAWN)) == 2
    world.at += HOUR
    says(world, "START")
    assert world.person(alex).stopped_at is None


def test_a_strangers_second_stop_counts_from_when_it_came(world: World) -> None:
    understood_after(world, number(1))
    assert len(rows(world, Suppression)) == 1
    # Both were fetched late: what counts is which came last.
    stored(world, "STOP", number(2), ago=HOUR * 2)
    inbound.understand(world.site, stored(world, "START", number(2), ago=HOUR), world.at)
    assert len(rows(world, Suppression)) == 1


def test_no_private_word_is_shown(world: World, alex: UUID) -> None:
    understood = world.says("Alex", "habits")
    assert understood
    assert understood.answer
    assert understood.answer not in repr(understood)
