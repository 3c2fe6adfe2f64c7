"""Reports of what became of our messages, over real HTTP: in any order, doubled, or of no message of ours."""

from collections.abc import Iterator
from datetime import datetime
from uuid import uuid4

import pytest

from service.states import NudgeKind, NudgeState
from tests.servers import Record, Script, TwilioServer
from tests.web.conftest import PUBLIC, SQLITE, everything
from tests.web.hooks.conftest import ALEX, SMS, STATUS, signed
from tests.web.serving import Web
from tests.world import World


def nudged(world: World) -> None:
    """Alex has a nudge on the way."""
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    world.goes_on(datetime.fromisoformat("2026-03-02T12:00:00+00:00"))


def state_of_nudge(world: World) -> NudgeState:
    return next(
        NudgeState(str(row.state)) for row in everything(world)["nudge"] if row.kind == NudgeKind.NUDGE
    )


def test_receipts_are_ranked(world: World, twilio: TwilioServer, web: Web) -> None:
    nudged(world)
    twilio.inbound_url = f"{web.url}{SMS}"
    sid = twilio.messages[-1].sid
    assert state_of_nudge(world) is NudgeState.SENT
    assert [twilio.report(sid, word) for word in ("queued", "sent", "delivered")] == [204] * 3
    assert state_of_nudge(world) is NudgeState.DELIVERED
    before = everything(world)
    assert [twilio.report(sid, word) for word in ("sent", "delivered", "queued")] == [204] * 3
    assert everything(world) == before
    assert twilio.report(sid, "undelivered", 30008) == 204
    assert state_of_nudge(world) is NudgeState.DELIVERED


@SQLITE
def test_a_failure_is_told_by_a_receipt(world: World, twilio: TwilioServer, web: Web) -> None:
    nudged(world)
    twilio.inbound_url = f"{web.url}{SMS}"
    assert twilio.deliver(twilio.messages[-1].sid, 30008) == [204, 204]
    assert state_of_nudge(world) is NudgeState.FAILED


def test_a_receipt_of_a_message_that_is_not_ours(world: World, twilio: TwilioServer, web: Web) -> None:
    nudged(world)
    before = everything(world)
    fields = [("MessageSid", f"SM{uuid4().hex}"), ("MessageStatus", "delivered")]
    for attempt in ("", f"?attempt={uuid4()}", "?attempt=junk", "?attempt=", "?other=1"):
        assert signed(web, twilio, fields, STATUS + attempt).status == 204
    assert everything(world) == before


def test_a_receipt_finds_an_attempt_whose_fate_nobody_knew(
    world: World, twilio: TwilioServer, web: Web
) -> None:
    twilio.script(Script(to=ALEX, times=1), Script(to=ALEX, times=1), Script(to=ALEX, drop="after"))
    nudged(world)
    assert state_of_nudge(world) is NudgeState.UNKNOWN
    twilio.inbound_url = f"{web.url}{SMS}"
    record = twilio.messages[-1]
    assert record.status_callback is not None
    assert "?attempt=" in record.status_callback
    assert twilio.report(record.sid, "sent") == 204
    assert state_of_nudge(world) is NudgeState.SENT
    assert twilio.report(record.sid, "delivered") == 204
    assert state_of_nudge(world) is NudgeState.DELIVERED


class Hasty(TwilioServer):
    """Reports of each message before it answers the call that made it."""

    words: tuple[str, ...] = ()
    error_code: int | None = None
    told: tuple[int | None, ...] = ()

    def store(self, record: Record) -> None:
        super().store(record)
        self.told = tuple(self.report(record.sid, word, self.error_code) for word in self.words)


@pytest.fixture
def hasty() -> Iterator[Hasty]:
    with Hasty(public_url=PUBLIC) as server:
        yield server


@pytest.mark.parametrize(
    ("words", "script", "expected"),
    [
        (("sent",), None, NudgeState.SENT),
        (("queued", "delivered", "sent", "delivered"), None, NudgeState.DELIVERED),
        (("delivered",), Script(to=ALEX, drop="after"), NudgeState.DELIVERED),
        (("delivered",), Script(to=ALEX, drop="inside"), NudgeState.DELIVERED),
        (("delivered",), Script(to=ALEX, status=500, stored=True), NudgeState.DELIVERED),
        (("undelivered",), None, NudgeState.FAILED),
    ],
    ids=["sent", "in any order", "the line breaks", "in the middle", "500", "undelivered"],
)
def test_a_receipt_may_come_before_the_call_returns(
    world: World, hasty: Hasty, web: Web, words: tuple[str, ...], script: Script | None, expected: NudgeState
) -> None:
    channel = world.site.settings.notifiers["twilio"] | {"base_url": hasty.url}
    early = World.open(world.site.settings.model_copy(update={"notifiers": {"twilio": channel}}), world.at)
    alex = early.join("Alex")
    early.take_up("gratitude", "daily", "daily 12:00", alex)
    hasty.inbound_url = f"{web.url}{SMS}"
    hasty.words, hasty.error_code = words, 30008 if expected is NudgeState.FAILED else None
    hasty.script(*[script] if script else [])
    early.goes_on(datetime.fromisoformat("2026-03-02T12:00:00+00:00"))
    early.site.db.close()
    assert hasty.told == (204,) * len(words)
    assert state_of_nudge(world) is expected
    (attempt,) = [row for row in everything(world)["attempt"] if row.provider_id == hasty.messages[-1].sid]
    assert attempt.rank == (2 if expected is NudgeState.SENT else 3)
    assert hasty.creates[ALEX, hasty.messages[-1].body] == 1


@SQLITE
@pytest.mark.parametrize("attempt", ["junk", "", "0" * 32, "%00", "a&attempt=b"])
def test_a_junk_attempt_does_not_keep_a_receipt_from_its_message(
    world: World, twilio: TwilioServer, web: Web, attempt: str
) -> None:
    nudged(world)
    fields = [("MessageSid", twilio.messages[-1].sid), ("MessageStatus", "delivered")]
    assert signed(web, twilio, fields, f"{STATUS}?attempt={attempt}").status == 204
    assert state_of_nudge(world) is NudgeState.DELIVERED
