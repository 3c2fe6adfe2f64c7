"""What may still go out is claimed, once and with a fresh look; the rest lapses with a reason."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from habits.nudging import Reason
from service import people, planning, sending
from service.models import Address, Attempt, Nudge, Pause, Person
from service.states import AddressKind, NudgeKind, NudgeState
from tests.walk.channel import Channel
from tests.walk.rounds import send, send_all
from tests.walk.rows import add_address, attempts, nudges, on, rows, state, the_nudge, words
from tests.world import NUMBERS, World


def test_a_claim_takes_all_that_the_channel_needs(world: World, nudged: UUID, channel: Channel) -> None:
    (claimed,) = sending.claim(world.site, world.at, 10)

    (attempt,) = attempts(world, nudged)
    nudge = the_nudge(world, nudged)
    assert nudge.state is NudgeState.SENDING
    assert (attempt.n, attempt.channel, attempt.sender, attempt.outcome) == (1, "own", "own/1", None)
    assert attempt.claimed_at == world.at
    message = claimed.message
    assert (message.to, message.text) == (NUMBERS["Alex"], words(world, nudge))
    assert (message.attempt_id, message.valid_for) == (str(attempt.id), timedelta(hours=2))
    assert (message.status_url, message.reply_url, message.unsubscribe_url) == (None, None, None)
    assert NUMBERS["Alex"] not in repr(claimed)
    assert message.text not in repr(claimed)
    assert channel.messages == []
    assert sending.claim(world.site, world.at, 10) == []


def test_links_are_given_with_a_public_url(world: World, nudged: UUID, channel: Channel) -> None:
    settings = world.site.settings.model_copy(update={"public_url": "https://nudge.example.org"})
    world.site = replace(world.site, settings=settings)
    (claimed,) = sending.claim(world.site, world.at, 10)

    (attempt,) = attempts(world, nudged)
    message = claimed.message
    assert message.status_url == f"https://nudge.example.org/hooks/own/status?attempt={attempt.id}"
    assert str(message.reply_url).startswith("https://nudge.example.org/")
    assert str(message.unsubscribe_url).startswith("https://nudge.example.org/")


def test_nothing_is_claimed_before_its_time(world: World, nudged: UUID, channel: Channel) -> None:
    assert sending.claim(world.site, world.at - timedelta(seconds=1), 10) == []
    assert state(world, nudged) == (NudgeState.PLANNED, Reason.DUE)


def test_no_more_is_claimed_than_asked_for_and_the_oldest_first(world: World, alex: UUID, sam: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:05", alex)
    world.take_up("gratitude", "daily", "daily 19:00", sam)
    for at in ("19:00", "19:05"):
        planning.plan_due(world.site, on(at))

    assert [one.person_id for one in sending.claim(world.site, on("19:05"), 1)] == [sam]
    assert [one.person_id for one in sending.claim(world.site, on("19:05"), 9)] == [alex]


# What happened between planning and claim: at once by a message, or behind the back of what is planned.


def says(text: str) -> Callable[[World, UUID], None]:
    def say(world: World, _: UUID) -> None:
        world.says("Alex", text)

    return say


def stopped(world: World, person_id: UUID) -> None:
    with world.site.db.write() as session:
        session.get_one(Person, person_id).stopped_at = world.at


def resting(world: World, person_id: UUID) -> None:
    with world.site.db.write() as session:
        session.get_one(Person, person_id).rested_until = world.at + timedelta(minutes=1)


def paused(world: World, person_id: UUID) -> None:
    with world.site.db.write() as session:
        session.add(Pause(person_id=person_id, from_on=world.at.date(), to_on=world.at.date()))


def without_consent(world: World, person_id: UUID) -> None:
    with world.site.db.write() as session:
        for address in session.scalars(select(Address).where(Address.person_id == person_id)):
            address.verified_at = None


def without_address(world: World, person_id: UUID) -> None:
    with world.site.db.write() as session:
        for address in session.scalars(select(Address).where(Address.person_id == person_id)):
            address.dead_at = world.at


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (says("STOP"), Reason.STOPPED),
        (stopped, Reason.STOPPED),
        (says("PAUSE"), Reason.PAUSED),
        (paused, Reason.PAUSED),
        (resting, Reason.RESTING),
        (without_consent, Reason.NO_CONSENT),
        (without_address, Reason.NO_CONSENT),
        (says("done"), Reason.DONE),
        (says("skip"), Reason.SKIPPED),
    ],
)
def test_what_changed_since_the_planning_is_looked_at_again(
    world: World, nudged: UUID, channel: Channel, meanwhile: Callable[[World, UUID], None], reason: str
) -> None:
    planned = words(world, the_nudge(world, nudged))
    meanwhile(world, nudged)
    send_all(world)

    assert state(world, nudged) == (NudgeState.LAPSED, reason)
    assert attempts(world, nudged) == []
    assert planned not in channel.texts


@pytest.mark.parametrize("said", [["skip", "undo"], ["done", "undo"], ["list"], ["pause", "resume"]])
def test_what_is_still_wanted_goes_out(world: World, alex: UUID, channel: Channel, said: list[str]) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.at = on("19:00")
    for text in said:
        world.says("Alex", text)
    planning.plan_due(world.site, world.at)
    send_all(world)

    assert state(world, alex)[0] is NudgeState.SENT


def test_what_was_done_on_another_day_holds_nothing(world: World, alex: UUID, channel: Channel) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.says("Alex", "done")
    world.at = on("2026-03-03T19:00")
    planning.plan_due(world.site, on("19:00"))
    planning.plan_due(world.site, world.at)
    send(world)

    assert [nudge.state for nudge in nudges(world, alex)] == [NudgeState.LAPSED, NudgeState.SENT]


def test_a_digest_goes_out_until_all_of_it_is_done(world: World, alex: UUID, channel: Channel) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.take_up("empathy", "daily", "daily 19:00", alex)
    world.at = on("19:00")
    planning.plan_due(world.site, world.at)
    world.says("Alex", "1")
    (claimed,) = [one for one in sending.claim(world.site, world.at, 10) if "1 Gratitude" in one.message.text]

    assert claimed.nudge_id == the_nudge(world, alex).id


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(hours=2) - timedelta(seconds=1), (NudgeState.SENT, Reason.DUE)),
        (timedelta(hours=2), (NudgeState.LAPSED, Reason.LATE)),
        (timedelta(hours=9), (NudgeState.LAPSED, Reason.LATE)),
    ],
)
def test_what_is_too_late_lapses(
    world: World, nudged: UUID, channel: Channel, after: timedelta, expected: tuple[NudgeState, str]
) -> None:
    world.at += after
    send(world)

    assert state(world, nudged) == expected


def test_what_has_no_channel_now_waits_for_a_start_that_has_it(
    world: World, nudged: UUID, channel: Channel
) -> None:
    with_channel = world.site
    world.site = replace(world.site, notifiers={})
    assert send(world) == 0
    nudge = the_nudge(world, nudged)
    assert (nudge.state, nudge.reason, attempts(world, nudged)) == (NudgeState.PLANNED, Reason.DUE, [])
    assert world.at < nudge.not_before <= nudge.expires_at

    world.site, world.at = with_channel, nudge.not_before
    assert send(world) == 1
    assert state(world, nudged) == (NudgeState.SENT, Reason.DUE)


def test_what_has_no_channel_until_it_is_too_late_lapses(
    world: World, nudged: UUID, channel: Channel
) -> None:
    world.site = replace(world.site, notifiers={})
    expires_at = the_nudge(world, nudged).expires_at
    world.at = expires_at - timedelta(seconds=5)
    send(world)
    assert the_nudge(world, nudged).not_before == expires_at
    world.at = expires_at
    send(world)
    assert state(world, nudged) == (NudgeState.LAPSED, Reason.LATE)


def test_what_has_no_channel_does_not_hold_up_what_has_one(
    world: World, nudged: UUID, sam: UUID, channel: Channel
) -> None:
    with world.site.db.write() as session:
        address = session.scalars(select(Address).where(Address.person_id == nudged)).one()
        address.kind = AddressKind.WHATSAPP
    world.take_up("gratitude", "daily", "daily 19:01", sam)
    world.at = on("19:01")
    planning.plan_due(world.site, world.at)

    (claimed,) = sending.claim(world.site, world.at, 1)
    assert claimed.person_id == sam
    assert state(world, nudged)[0] is NudgeState.PLANNED


def test_what_lapses_does_not_hold_up_what_is_behind_it(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 10:00", alex)
    world.take_up("empathy", "daily", "daily 12:30", alex)
    for at in ("10:00", "12:30"):
        planning.plan_due(world.site, on(at))

    (claimed,) = sending.claim(world.site, on("12:30"), 1)
    late, live = nudges(world, alex)
    assert (late.state, late.reason) == (NudgeState.LAPSED, Reason.LATE)
    assert (live.state, live.id) == (NudgeState.SENDING, claimed.nudge_id)


def test_the_opt_in_question_goes_to_an_address_without_consent(world: World, channel: Channel) -> None:
    alex = world.enrol("Alex")
    assert send(world) == 1

    (question,) = nudges(world, alex, NudgeKind.CONSENT)
    assert question.state is NudgeState.SENT
    assert "Reply YES" in channel.texts[0]


def test_an_answer_goes_back_to_where_the_question_came_from(
    world: World, nudged: UUID, channel: Channel
) -> None:
    second = add_address(world, nudged, AddressKind.EMAIL, "alex@example.org")
    with world.site.db.write() as session:
        session.get_one(Address, second).priority = -1  # Preferred for all that nobody asked for.
    world.says("Alex", "list")
    send(world)

    assert [message.to for message in channel.messages] == ["alex@example.org", NUMBERS["Alex"]]


@pytest.mark.parametrize("meanwhile", [paused, resting])
def test_an_answer_passes_pause_and_rest(
    world: World, alex: UUID, channel: Channel, meanwhile: Callable[[World, UUID], None]
) -> None:
    meanwhile(world, alex)
    world.says("Alex", "list")

    assert send(world) == 1
    assert len(channel.messages) == 1


def test_an_answer_that_could_not_go_for_two_hours_lapses(world: World, alex: UUID, channel: Channel) -> None:
    people.pause(world.site, alex, None, world.at)
    world.says("Alex", "list")
    world.at += timedelta(hours=2)

    assert send(world) == 0
    answers = nudges(world, alex, NudgeKind.ANSWER)
    assert (answers[-1].state, answers[-1].reason) == (NudgeState.LAPSED, Reason.LATE)
    assert rows(world, Attempt, Attempt.nudge_id == answers[-1].id) == []
    assert len(rows(world, Nudge, Nudge.state == NudgeState.PLANNED)) == 0
