"""The opt-in question may be put again to somebody who never said yes, and seldom."""

from datetime import timedelta
from uuid import UUID

import pytest

from notifiers.base import Kind, SendError
from service import asking, people
from service.errors import WrongUsage
from service.models import Consent
from service.site import Site
from service.states import ConsentEvent, NudgeKind, NudgeState
from tests.walk.channel import Channel
from tests.walk.rounds import send, send_all
from tests.walk.rows import nudges, on, rows
from tests.world import World

WEEK = timedelta(days=7)


def refused(world: World, person_id: UUID) -> str:
    """Return why the question is not put again; nothing is written."""
    before = (len(rows(world, Consent)), len(world.nudges(person_id)))
    with pytest.raises(WrongUsage) as told:
        asking.ask_again(world.site, person_id, world.at)
    assert (len(rows(world, Consent)), len(world.nudges(person_id))) == before
    return str(told.value)


@pytest.fixture
def asked(world: World, channel: Channel) -> UUID:
    """Alex, who got the question a week ago and did not answer."""
    alex = world.enrol("Alex")
    send(world)
    world.at += WEEK
    channel.messages.clear()
    return alex


def test_who_did_not_answer_is_asked_again(world: World, asked: UUID, channel: Channel) -> None:
    assert asking.ask_again(world.site, asked, world.at) == world.at
    assert send(world) == 1

    first, second = nudges(world, asked, NudgeKind.CONSENT)
    assert (first.state, second.state) == (NudgeState.SENT, NudgeState.SENT)
    assert second.address_id == first.address_id
    assert "Reply YES" in channel.texts[0]
    assert [row.event for row in rows(world, Consent)] == [ConsentEvent.ASKED] * 2
    world.says("Alex", "yes")
    assert rows(world, Consent)[-1].event is ConsentEvent.GIVEN
    assert "said yes already" in refused(world, asked)


def test_who_could_not_be_asked_is_asked_again(world: World, channel: Channel) -> None:
    alex = world.enrol("Alex")
    channel.answers.append(SendError(Kind.CONTENT, "refused"))
    send(world)
    world.at += WEEK
    asking.ask_again(world.site, alex, world.at)
    send(world)

    assert [one.state for one in nudges(world, alex, NudgeKind.CONSENT)] == [
        NudgeState.FAILED,
        NudgeState.SENT,
    ]


def test_nobody_is_asked_twice_in_a_week(world: World, asked: UUID) -> None:
    world.at -= timedelta(seconds=1)
    assert refused(world, asked) == (
        "They were asked less than 7 days ago; ask again after 2026-03-09 09:00 UTC."
    )
    world.at += timedelta(seconds=1)
    asking.ask_again(world.site, asked, world.at)
    send_all(world)
    world.at += WEEK - timedelta(seconds=1)
    assert "after 2026-03-16 09:00 UTC" in refused(world, asked)
    world.at += timedelta(seconds=1)
    asking.ask_again(world.site, asked, world.at)
    send_all(world)
    assert len(nudges(world, asked, NudgeKind.CONSENT)) == 3


def test_nobody_is_asked_at_night(world: World, asked: UUID) -> None:
    world.at = on("2026-03-09T22:00")
    assert asking.ask_again(world.site, asked, world.at) == on("2026-03-10T08:00")


def test_a_question_on_its_way_is_not_doubled(world: World) -> None:
    alex = world.enrol("Alex")
    world.at += 2 * WEEK  # No daemon was at work.
    assert "on its way already" in refused(world, alex)


def test_who_said_yes_is_not_asked_whether_they_stopped_or_not(world: World, alex: UUID) -> None:
    world.at += WEEK
    told = refused(world, alex)
    assert told == "They have said yes already; there is nothing to ask."
    world.says("Alex", "STOP")
    assert refused(world, alex) == told


def test_who_wants_no_messages_is_not_asked(world: World, asked: UUID) -> None:
    world.says("Alex", "STOP")
    world.at += WEEK
    assert "START" in refused(world, asked)


def test_a_dead_address_is_not_asked(world: World, channel: Channel) -> None:
    alex = world.enrol("Alex")
    channel.answers.append(SendError(Kind.CONTACT, "no such number"))
    send(world)
    world.at += WEEK
    assert "in use any more" in refused(world, alex)
    world.says("Alex", "hello?")
    asking.ask_again(world.site, alex, world.at)


def test_without_a_channel_nobody_is_asked(world: World, asked: UUID) -> None:
    world.site = Site(world.site.settings, world.site.db, world.site.sealer, {}, world.site.now)
    assert "No channel for sms is set up" in refused(world, asked)


def test_the_other_of_a_couple_is_asked_on_their_own(world: World, asked: UUID, channel: Channel) -> None:
    world.join("Sam", people.add_couple(world.site))
    channel.messages.clear()
    asking.ask_again(world.site, asked, world.at)
    assert send(world) == 1
