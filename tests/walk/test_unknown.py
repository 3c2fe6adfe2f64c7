"""Messages of unknown fate at a real provider: asked about, matched to one attempt each, and shown."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from notifiers.standin import Script, TwilioServer
from service import checks, deliveries, outbox, receipts
from service.ids import new_id
from service.models import Nudge
from service.outbox import NewNudge
from service.settings import Settings
from service.states import Cause, NudgeKind, NudgeState
from tests.walk.rounds import send
from tests.walk.rows import crowd, rows
from tests.world import World

WORDS = "The same words to everybody."
LAGGING = Script(on="list", body='{"messages": [], "next_page_uri": null}')
NOT_STORED, STORED = Script(drop="before"), Script(drop="after")


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    with TwilioServer() as server:
        yield server


@pytest.fixture
def texting(settings: Settings, twilio: TwilioServer) -> Iterator[World]:
    """An installation that sends by Twilio; its clock shows the real time, as that of the provider does."""
    options = {"account_sid": twilio.account_sid, "auth_token": twilio.auth_token}
    # The clock stands, so that a limit a second would hold the second message.
    options |= {"sender": twilio.number, "base_url": twilio.url, "per_second": "0"}
    channels = {"twilio": options}
    made = World.open(settings.model_copy(update={"notifiers": channels}), datetime.now(UTC))
    yield made
    made.site.db.close()


def plan(world: World, person_id: UUID) -> UUID:
    nudge = NewNudge(
        person_id=person_id,
        kind=NudgeKind.NOTICE,
        cause_kind=Cause.TEST,
        cause_id=new_id(),
        due_at=world.at,
        not_before=world.at,
        expires_at=world.at + timedelta(hours=2),
        words=WORDS,
    )
    with world.site.db.write() as session:
        outbox.lock_people(session, [person_id])
        outbox.add(session, world.site.sealer, [nudge])
    return nudge.id


def state(world: World, nudge_id: UUID) -> NudgeState:
    (nudge,) = rows(world, Nudge, Nudge.id == nudge_id)
    return nudge.state


def test_the_same_words_to_two_people(texting: World, twilio: TwilioServer) -> None:
    one, other = (plan(texting, person_id) for person_id in crowd(texting, 2))
    twilio.script(NOT_STORED, STORED)
    send(texting)

    assert receipts.settle(texting.site, texting.at) == 1
    assert (state(texting, one), state(texting, other)) == (NudgeState.UNKNOWN, NudgeState.SENT)


def test_the_same_words_twice_of_which_one_was_matched(texting: World, twilio: TwilioServer) -> None:
    (person_id,) = crowd(texting, 1)
    known = plan(texting, person_id)
    send(texting)
    unknown = plan(texting, person_id)
    twilio.script(NOT_STORED)
    send(texting)

    assert receipts.settle(texting.site, texting.at) == 0
    assert (state(texting, known), state(texting, unknown)) == (NudgeState.SENT, NudgeState.UNKNOWN)


def test_a_list_that_lags_is_asked_again(texting: World, twilio: TwilioServer) -> None:
    (person_id,) = crowd(texting, 1)
    nudge_id = plan(texting, person_id)
    twilio.script(STORED, LAGGING)
    send(texting)

    assert [receipts.settle(texting.site, texting.at) for _ in range(2)] == [0, 1]
    assert state(texting, nudge_id) is NudgeState.SENT


def test_what_nobody_knows_after_an_hour_is_shown(texting: World, twilio: TwilioServer) -> None:
    (person_id,) = crowd(texting, 1)
    nudge_id = plan(texting, person_id)
    twilio.script(NOT_STORED)
    send(texting)
    texting.at += receipts.ASK_FOR + timedelta(minutes=1)
    calls = twilio.calls
    receipts.settle(texting.site, texting.at)

    assert twilio.calls == calls
    with texting.site.db.read() as session:
        (shown,) = deliveries.deliveries(session, state=NudgeState.UNKNOWN)
    assert shown.id == nudge_id
    told = {check.name: check for check in checks.all_checks(texting.site.settings, ask_providers=False)}
    assert not told["unknown"].ok
    assert told["unknown"].says.startswith(
        "1 message of unknown fate; see `attune nudge list --state unknown`"
    )
