"""Each class of failure, from the body that Twilio answers with to what becomes of a nudge and its person."""

from datetime import timedelta
from uuid import UUID

import pytest

from service import polling, receipts, sending
from service.models import Attempt, Nudge, SenderState
from service.states import NudgeKind, NudgeState, Outcome
from tests.servers import Script, TwilioServer
from tests.walk.rounds import send
from tests.walk.rows import agree, on, rows
from tests.walk.twilio.conftest import ALEX, MINUTE, answers, bodies, with_settings
from tests.world import World

LATER, ENDED, LOST = NudgeState.PLANNED, NudgeState.FAILED, NudgeState.UNKNOWN


@pytest.fixture
def alex(world: World, twilio: TwilioServer) -> UUID:
    """Alex, to whom a nudge goes out at seven."""
    (person,) = agree(world, [world.enrol("Alex")])
    world.take_up("gratitude", "daily", "daily 19:00", person)
    world.at = on("18:59")
    return person


def nudge(world: World) -> Nudge:
    (found,) = rows(world, Nudge, Nudge.kind == NudgeKind.NUDGE)
    return found


def attempts(world: World) -> list[Attempt]:
    return rows(world, Attempt, Attempt.nudge_id == nudge(world).id)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (Script(status=400, code=21211), ENDED),
        (Script(status=400, code=21610), ENDED),
        (Script(status=400, code=21408), LATER),
        (Script(status=401, code=20003), LATER),
        (Script(status=429, code=20429), LATER),
        (Script(status=400, code=21611), LATER),
        (Script(status=400, code=30007), ENDED),
        (Script(status=400, code=21617), ENDED),
        (Script(status=500, stored=True), LOST),
        (Script(status=503, body="<h1>Busy</h1>"), LOST),
        (Script(body="<html>junk</html>"), LOST),
        (Script(body='{"sid": null}'), LOST),
        (Script(drop="before"), LOST),
        (Script(drop="after"), LOST),
        (Script(drop="inside"), LOST),
        (Script(wait_seconds=600, stored=False), LOST),
        (Script(wait_seconds=600), LOST),
        (Script(drop="inside", wait_seconds=600), LOST),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, NudgeState) else None,
)
def test_what_becomes_of_a_nudge(
    world: World, twilio: TwilioServer, alex: UUID, script: Script, expected: NudgeState
) -> None:
    hurried = with_settings(world, timeout=0.3 if script.wait_seconds else 5)
    twilio.script(script)
    hurried.goes_on(on("19:00"))
    hurried.site.db.close()
    world.at = on("19:00")
    found, (attempt,) = nudge(world), attempts(world)
    assert found.state is expected
    assert ALEX not in str(found.reason)
    stopped = script.code in (20003, 21408)
    assert [row.code for row in rows(world, SenderState) if row.stopped_at] == [str(script.code)] * stopped
    assert (world.address("Alex") is None) is (script.code == 21211)
    assert (world.person(alex).stopped_at == world.at) is (script.code == 21610)
    if expected is LATER:
        assert found.not_before > world.at
        world.at = found.not_before
        send(world)
        assert nudge(world).state is NudgeState.SENT
        assert [a.n for a in attempts(world)] == [1, 2]
        return
    world.at += 10 * MINUTE
    assert send(world) == 0
    was_stored = twilio.messages != []
    assert was_stored is (expected is LOST and script.stores)
    if expected is LOST:
        assert attempt.outcome is Outcome.UNKNOWN
        assert receipts.settle(world.site, world.at) == was_stored
        assert nudge(world).state is (NudgeState.SENT if was_stored else LOST)
    assert len(twilio.messages) <= 1


def test_busy_is_answered_with_patience_and_a_spread(world: World, twilio: TwilioServer, alex: UUID) -> None:
    twilio.script(Script(status=429, code=20429, retry_after="300"), Script(status=429, code=20429, times=2))
    world.goes_on(on("19:00"))
    waits = []
    for _ in range(3):
        waits.append((nudge(world).not_before - world.at).total_seconds())
        world.at = nudge(world).not_before
        send(world)
    asked, second, third = waits
    assert 300 <= asked <= 360
    assert 60 <= second <= 72
    assert 120 <= third <= 144
    assert nudge(world).state is NudgeState.SENT
    assert [attempt.code for attempt in attempts(world)] == ["20429", "20429", "20429", None]


def test_an_opt_out_that_twilio_learnt_first_is_learnt_from_it(
    world: World, twilio: TwilioServer, alex: UUID
) -> None:
    twilio.text_in_unposted(ALEX, "STOP")
    twilio.records.clear()  # It was sent before anybody asked.
    world.goes_on(on("19:00"))
    assert (nudge(world).state, attempts(world)[0].code) == (NudgeState.FAILED, "21610")
    assert world.person(alex).stopped_at == world.at
    assert world.person(alex).due_at is None
    world.goes_on(timedelta(days=2))
    assert bodies(twilio, ALEX) == []
    answers(world, twilio, ALEX, "START")
    assert world.person(alex).stopped_at is None
    assert len(bodies(twilio, ALEX)) == 1


@pytest.mark.parametrize(
    ("code", "expected", "gone"), [(30003, ENDED, False), (30005, ENDED, True), (30001, LATER, False)]
)
def test_what_is_only_told_later(
    world: World, twilio: TwilioServer, alex: UUID, code: int, expected: NudgeState, gone: bool
) -> None:
    world.goes_on(on("19:00"))
    twilio.report(twilio.messages[-1].sid, "undelivered", code)
    assert polling.poll(world.site) == 1
    assert nudge(world).state is expected
    assert (world.address("Alex") is None) is gone
    assert polling.poll(world.site) == 0


def test_no_message_arrives_later_than_it_is_of_use(world: World, twilio: TwilioServer, alex: UUID) -> None:
    world.enrol("Sam")
    world.goes_on(on("19:00"))
    by_body = {record.to: record for record in twilio.messages}
    assert by_body[ALEX].validity_period == (nudge(world).expires_at - world.at).total_seconds() == 7200
    (asked,) = [record for record in twilio.messages if record.to != ALEX]
    assert asked.validity_period == 36_000


@pytest.mark.parametrize(
    ("left", "goes"), [(timedelta(seconds=1), True), (timedelta(milliseconds=999), False)]
)
def test_what_has_no_second_left_lapses(
    world: World, twilio: TwilioServer, alex: UUID, left: timedelta, goes: bool
) -> None:
    twilio.script(Script(status=429, code=20429))
    world.goes_on(on("19:00"))
    late = nudge(world)
    claimed = sending.claim(world.site, late.expires_at - left, 10)
    assert [one.message.valid_for for one in claimed] == ([left] if goes else [])
    assert nudge(world).state is (NudgeState.SENDING if goes else NudgeState.LAPSED)
