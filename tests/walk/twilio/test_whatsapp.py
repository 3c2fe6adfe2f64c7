"""WhatsApp by the same notifier: what comes by WhatsApp is answered there, and SMS stays apart from it."""

from datetime import timedelta
from uuid import UUID

import pytest

from notifiers.standin import posts
from service import people, polling, receipts
from service.models import Address, Nudge, Suppression
from service.people import NewPerson
from service.states import AddressKind, NudgeKind, NudgeState
from service.web.app import create_app
from tests.servers import Script, TwilioServer
from tests.walk.rows import on, rows
from tests.walk.twilio.conftest import ALEX, CHARLIE, WHATSAPP, answers, bodies, deliver_all, with_settings
from tests.web.serving import serving
from tests.world import World

BY_WHATSAPP = f"whatsapp:{ALEX}"


@pytest.fixture
def alex(world: World, twilio: TwilioServer) -> UUID:
    """Alex, who has said yes by WhatsApp."""
    new = NewPerson("Alex", AddressKind.WHATSAPP, "whatsapp:+1 202 555 0101", "UTC", None)
    person = people.add_person(world.site, new, world.at)
    world.run()
    answers(world, twilio, BY_WHATSAPP, "YES")
    return person


def nudged(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(on("19:00"))


def state(world: World) -> tuple[NudgeState, str | None]:
    (nudge,) = rows(world, Nudge, Nudge.kind == NudgeKind.NUDGE)
    return nudge.state, nudge.reason


def test_all_of_it_goes_by_whatsapp(world: World, twilio: TwilioServer, alex: UUID) -> None:
    nudged(world, alex)
    answers(world, twilio, BY_WHATSAPP, "done")
    assert len(twilio.messages) == 4
    assert {(record.to, record.from_) for record in twilio.messages} == {
        (BY_WHATSAPP, f"whatsapp:{WHATSAPP}")
    }
    asked, welcomed, _, noted = bodies(twilio, BY_WHATSAPP)
    assert "Reply YES to start" in asked
    assert "Welcome to Attune" in welcomed
    assert "Gratitude is noted for today" in noted
    deliver_all(twilio, world.at)
    assert polling.poll(world.site) == 4
    assert state(world)[0] is NudgeState.DELIVERED


def test_a_stop_by_whatsapp_is_confirmed_there(world: World, twilio: TwilioServer, alex: UUID) -> None:
    answers(world, twilio, BY_WHATSAPP, "STOP")
    assert "unsubscribed" in bodies(twilio, BY_WHATSAPP)[-1]
    assert world.person(alex).stopped_at == world.at
    assert [row.kind for row in rows(world, Suppression)] == [AddressKind.WHATSAPP]
    answers(world, twilio, BY_WHATSAPP, "START")
    assert rows(world, Suppression) == []


def test_the_same_number_by_sms_is_somebody_else(world: World, twilio: TwilioServer, alex: UUID) -> None:
    answers(world, twilio, ALEX, "done")
    (answer,) = bodies(twilio, ALEX)
    assert "nobody reads messages here" in answer
    assert twilio.messages[-1].from_ == twilio.number


def test_a_stranger_is_answered_by_whatsapp(world: World, twilio: TwilioServer) -> None:
    answers(world, twilio, f"whatsapp:{CHARLIE}", "hello")
    (answer,) = twilio.messages
    assert (answer.to, answer.from_) == (f"whatsapp:{CHARLIE}", f"whatsapp:{WHATSAPP}")


def test_it_is_heard_by_a_post_too(world: World, twilio: TwilioServer, alex: UUID) -> None:
    known = world.site.settings.model_copy(update={"public_url": "https://nudge.example.org"})
    public = World.open(known, world.at)
    with serving(create_app(public.site)) as web:
        said = twilio.text_in_unposted(BY_WHATSAPP, "list")
        path = "/hooks/twilio/sms"
        fields = posts.inbound_fields(said, {})
        assert twilio.post(f"{web.url}{path}", f"https://nudge.example.org{path}", fields) == 200
    assert polling.poll(world.site) == 0
    world.run()
    assert len(bodies(twilio, BY_WHATSAPP)) == 3
    public.site.db.close()


def test_an_unknown_fate_is_settled_by_asking(world: World, twilio: TwilioServer, alex: UUID) -> None:
    twilio.script(Script(to=BY_WHATSAPP, drop="after"))
    nudged(world, alex)
    assert state(world)[0] is NudgeState.UNKNOWN
    assert receipts.settle(world.site, world.at) == 1
    assert state(world)[0] is NudgeState.SENT


def test_more_than_a_day_after_their_last_message_it_fails_once(
    world: World, twilio: TwilioServer, alex: UUID
) -> None:
    nudged(world, alex)
    deliver_all(twilio, world.at)
    twilio.report(twilio.messages[-1].sid, "undelivered", 63016)
    polling.poll(world.site)
    assert state(world)[0] is NudgeState.FAILED
    world.at += timedelta(hours=1)
    world.run()
    assert len(twilio.messages) == 3
    assert [address.dead_at for address in rows(world, Address)] == [None]


def test_a_number_without_whatsapp_is_used_no_more(world: World, twilio: TwilioServer, alex: UUID) -> None:
    twilio.script(Script(to=BY_WHATSAPP, status=400, code=63024))
    nudged(world, alex)
    assert state(world)[0] is NudgeState.FAILED
    assert [address.dead_at for address in rows(world, Address)] == [world.at]


def test_without_a_whatsapp_sender_messages_wait(world: World, twilio: TwilioServer, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    deaf = with_settings(world, whatsapp_sender=None)
    deaf.goes_on(on("19:00"))
    assert state(world)[0] is NudgeState.PLANNED
    assert len(twilio.messages) == 2
    world.at = on("19:01")
    world.run()
    assert state(world)[0] is NudgeState.SENT
    deaf.site.db.close()
