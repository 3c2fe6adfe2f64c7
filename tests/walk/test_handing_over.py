"""A message is handed over at most once, outside of any transaction, and what came of it is recorded."""

from datetime import timedelta
from uuid import UUID

import pytest

from habits.nudging import Reason
from notifiers.base import Kind, Message, SendError
from service import planning, privacy, senders, sending
from service.models import Address, Consent, Couple, Event, Nudge, Person, Reminder, SenderState
from service.states import AddressKind, ConsentEvent, NudgeState, Outcome
from tests.walk.channel import Channel
from tests.walk.rounds import send, send_all
from tests.walk.rows import add_address, attempts, nudges, on, rows, state, the_nudge
from tests.world import NUMBERS, World

MINUTE = timedelta(minutes=1)
REFUSED = SendError(Kind.SENDER, "wrong credentials", code="20003")
GONE = SendError(Kind.CONTACT, "no such number", code="21211")


def fails(world: World, channel: Channel, error: Exception) -> None:
    channel.answers.append(error)
    assert send(world) == 1


def test_an_accepted_message_is_sent(world: World, nudged: UUID, channel: Channel) -> None:
    (claimed,) = sending.claim(world.site, world.at, 10)
    handed = sending.hand_over(world.site, claimed)
    assert channel.messages == [claimed.message]
    world.at += timedelta(seconds=2)
    sending.record(world.site, handed, world.at)

    nudge = the_nudge(world, nudged)
    (attempt,) = attempts(world, nudged)
    assert (nudge.state, nudge.reason, nudge.sent_at) == (NudgeState.SENT, Reason.DUE, world.at)
    assert (attempt.outcome, attempt.segments) == (Outcome.ACCEPTED, 1)
    assert attempt.provider_id == f"own-{attempt.id}"
    assert [event.kind for event in rows(world, Event, Event.subject_id == nudge.id)] == ["nudge sent"]
    assert send(world) == 0


def test_an_outcome_that_is_recorded_twice_changes_nothing(
    world: World, nudged: UUID, channel: Channel
) -> None:
    (claimed,) = sending.claim(world.site, world.at, 10)
    handed = sending.hand_over(world.site, claimed)
    sending.record(world.site, handed, world.at)
    sending.record(world.site, handed, world.at + MINUTE)

    assert the_nudge(world, nudged).sent_at == world.at
    assert len(rows(world, Event, Event.subject_id == claimed.nudge_id)) == 1


def test_nothing_is_recorded_of_somebody_who_was_forgotten(
    world: World, nudged: UUID, channel: Channel
) -> None:
    (claimed,) = sending.claim(world.site, world.at, 10)
    with world.site.db.write() as session:
        session.delete(session.get_one(Person, nudged))
    sending.record(world.site, sending.hand_over(world.site, claimed), world.at)

    assert rows(world, Nudge) == []
    assert rows(world, Reminder) == []


def test_the_channel_is_called_outside_of_any_transaction(
    world: World, nudged: UUID, channel: Channel
) -> None:
    def write_too(_: Message) -> None:
        with world.site.db.write() as session:  # On SQLite it would wait for itself inside another.
            session.add(Couple())

    channel.meanwhile = write_too
    assert send(world) == 1
    assert state(world, nudged)[0] is NudgeState.SENT
    assert len(rows(world, Couple)) == 1


@pytest.mark.parametrize(
    ("tries", "shortest", "longest"),
    [(1, 30, 36), (2, 60, 72), (3, 120, 144), (5, 480, 576), (6, 900, 1080), (7, 900, 1080)],
)
def test_a_definite_failure_is_tried_again_later_and_later(
    world: World, nudged: UUID, channel: Channel, tries: int, shortest: int, longest: int
) -> None:
    for _ in range(tries):
        world.at = max(world.at, the_nudge(world, nudged).not_before)
        fails(world, channel, SendError(Kind.RETRY, "busy", code="429"))

    nudge = the_nudge(world, nudged)
    assert (nudge.state, nudge.reason) == (NudgeState.PLANNED, "busy")
    assert shortest <= (nudge.not_before - world.at).total_seconds() <= longest
    assert [(a.n, a.outcome, a.code) for a in attempts(world, nudged)] == [
        (n, Outcome.RETRY, "429") for n in range(1, tries + 1)
    ]
    assert sending.claim(world.site, nudge.not_before - timedelta(seconds=1), 10) == []
    world.at = nudge.not_before
    assert send(world) == 1
    assert state(world, nudged)[0] is NudgeState.SENT


def test_the_wait_that_a_provider_asks_for_is_kept(world: World, nudged: UUID, channel: Channel) -> None:
    fails(world, channel, SendError(Kind.RETRY, "busy", after=40 * MINUTE))

    assert 40 * MINUTE <= the_nudge(world, nudged).not_before - world.at <= 48 * MINUTE


def test_a_nudge_is_not_tried_again_beyond_its_use(world: World, nudged: UUID, channel: Channel) -> None:
    fails(world, channel, SendError(Kind.RETRY, "busy", after=timedelta(hours=3)))
    world.at = on("23:00")

    assert send(world) == 0
    assert state(world, nudged) == (NudgeState.LAPSED, Reason.LATE)


def test_refused_content_is_never_repeated(world: World, nudged: UUID, channel: Channel) -> None:
    fails(world, channel, SendError(Kind.CONTENT, "refused", code="30007"))

    assert state(world, nudged) == (NudgeState.FAILED, "refused")
    assert [attempt.outcome for attempt in attempts(world, nudged)] == [Outcome.CONTENT]
    world.at += 10 * MINUTE
    assert send(world) == 0


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SendError(Kind.UNKNOWN, "no answer in time"), "no answer in time"),
        (RuntimeError(f"a bug, with {NUMBERS['Alex']} in it"), "the channel broke in the middle"),
    ],
)
def test_after_anything_ambiguous_there_is_no_new_attempt(
    world: World,
    nudged: UUID,
    channel: Channel,
    error: Exception,
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fails(world, channel, error)

    assert state(world, nudged) == (NudgeState.UNKNOWN, reason)
    assert [attempt.outcome for attempt in attempts(world, nudged)] == [Outcome.UNKNOWN]
    world.at += 10 * MINUTE
    assert send(world) == 0
    assert len(channel.messages) == 1
    said = capsys.readouterr()
    assert NUMBERS["Alex"] not in said.out + said.err


def test_a_refused_account_stops_the_sender_and_keeps_the_nudges(
    world: World, alex: UUID, sam: UUID, channel: Channel
) -> None:
    for person, minute in ((alex, 0), (sam, 1)):
        world.take_up("gratitude", "daily", f"daily 19:0{minute}", person)
    world.at = on("19:00")
    planning.plan_due(world.site, world.at)
    fails(world, channel, REFUSED)

    assert state(world, alex) == (NudgeState.PLANNED, "wrong credentials")
    (sender,) = rows(world, SenderState)
    assert (sender.sender, sender.stopped_at, sender.code) == ("own/1", world.at, "20003")
    with world.site.db.read() as session:
        assert [row.sender for row in senders.stopped(session, world.site)] == ["own/1"]

    world.at += MINUTE
    planning.plan_due(world.site, world.at)
    assert send(world) == 0
    assert state(world, sam) == (NudgeState.PLANNED, Reason.DUE)
    assert len(channel.messages) == 1

    world.at = on("19:00") + senders.TRY_AGAIN
    assert send(world) == 2
    assert {state(world, person)[0] for person in (alex, sam)} == {NudgeState.SENT}
    with world.site.db.read() as session:
        assert senders.stopped(session, world.site) == []


def test_a_sender_that_is_refused_again_waits_again(world: World, nudged: UUID, channel: Channel) -> None:
    fails(world, channel, REFUSED)
    world.at += senders.TRY_AGAIN
    fails(world, channel, REFUSED)

    assert the_nudge(world, nudged).not_before == world.at + senders.TRY_AGAIN
    (sender,) = rows(world, SenderState)
    assert sender.stopped_at == world.at


def test_an_address_that_is_gone_hands_over_to_the_next_one(
    world: World, nudged: UUID, channel: Channel
) -> None:
    second = add_address(world, nudged, AddressKind.EMAIL, "alex@example.org")
    fails(world, channel, GONE)

    assert state(world, nudged) == (NudgeState.PLANNED, "no such number")
    assert world.address("Alex") is None
    assert send(world) == 1
    assert [message.to for message in channel.messages] == [NUMBERS["Alex"], "alex@example.org"]
    nudge = the_nudge(world, nudged)
    assert (nudge.state, nudge.address_id) == (NudgeState.SENT, second)
    assert world.person(nudged).due_at == on("2026-03-03T19:00")


def test_an_address_that_never_said_yes_is_not_fallen_back_to(
    world: World, nudged: UUID, channel: Channel
) -> None:
    second = add_address(world, nudged, AddressKind.EMAIL, "alex@example.org")
    with world.site.db.write() as session:
        session.get_one(Address, second).verified_at = None
    fails(world, channel, GONE)

    assert state(world, nudged) == (NudgeState.FAILED, "no such number")
    assert world.person(nudged).due_at is None


def test_an_opt_out_that_the_provider_knows_of_ends_everything(
    world: World, nudged: UUID, channel: Channel
) -> None:
    add_address(world, nudged, AddressKind.EMAIL, "alex@example.org")
    world.take_up("empathy", "daily", "daily 19:20", nudged)
    planning.plan_due(world.site, on("19:20"))
    fails(world, channel, SendError(Kind.CONTACT, "opted out", code="21610", opted_out=True))

    first, second = nudges(world, nudged)
    assert (first.state, first.reason) == (NudgeState.FAILED, "opted out")
    assert (second.state, second.reason) == (NudgeState.LAPSED, Reason.STOPPED)
    person = world.person(nudged)
    assert (person.stopped_at, person.due_at) == (world.at, None)
    newest = rows(world, Consent)[-1]
    assert (newest.event, newest.source) == (ConsentEvent.WITHDRAWN, "provider")
    world.at = on("19:20")
    assert send(world) == 0


def test_a_stop_that_comes_during_the_call_holds_what_would_be_tried_again(
    world: World, nudged: UUID, channel: Channel
) -> None:
    channel.meanwhile = lambda message: None if "you are unsubscribed" in message.text else stop(world)
    fails(world, channel, SendError(Kind.RETRY, "busy"))
    world.at += MINUTE
    send_all(world)

    assert state(world, nudged) == (NudgeState.LAPSED, Reason.STOPPED)
    assert len(channel.messages) == 2  # The second confirms the stop.


def stop(world: World) -> None:
    world.says("Alex", "STOP")


def test_a_stop_between_the_claim_and_the_call_holds_the_message_back(
    world: World, nudged: UUID, channel: Channel
) -> None:
    (claimed,) = sending.claim(world.site, world.at, 10)
    stop(world)
    sending.record(world.site, sending.hand_over(world.site, claimed), world.at)

    assert channel.messages == []
    assert state(world, nudged) == (NudgeState.LAPSED, Reason.STOPPED)
    assert attempts(world, nudged) == []  # Nothing was tried.
    send_all(world)
    assert [("unsubscribed" in message.text) for message in channel.messages] == [True]


def test_who_was_forgotten_since_the_claim_gets_nothing(world: World, nudged: UUID, channel: Channel) -> None:
    (claimed,) = sending.claim(world.site, world.at, 10)
    privacy.forget(world.site, nudged)
    sending.record(world.site, sending.hand_over(world.site, claimed), world.at)

    assert channel.messages == []
    assert rows(world, Nudge) == []
