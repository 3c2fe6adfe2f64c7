"""Hand-overs that never ended are unknown: settled by a report, by asking the provider, or by an answer."""

from datetime import timedelta
from uuid import UUID

import pytest

from notifiers.base import Accepted, Kind, Report, SendError
from service import planning, receipts, sending
from service.models import Attempt, Nudge
from service.sending import Claimed, Handed
from service.states import NudgeState, Outcome
from tests.walk.channel import Channel, FindingChannel
from tests.walk.rounds import send
from tests.walk.rows import attempts, on, rows, state, the_nudge
from tests.world import World

MINUTE = timedelta(minutes=1)
SENT, DELIVERED = Report("p-1", "sent", 2), Report("p-1", "delivered", 3)
UNSURE = "no answer in time"


def claim(world: World) -> Claimed:
    (claimed,) = sending.claim(world.site, world.at, 10)
    return claimed


def hand(world: World, claimed: Claimed, result: Accepted | SendError | None = None) -> None:
    sending.record(world.site, Handed(claimed, result or Accepted("p-1", 1)), world.at)


def reports(world: World, *told: Report, attempt_id: UUID | None = None) -> list[bool]:
    return [receipts.record(world.site, "own", report, attempt_id, world.at) for report in told]


def sweep(world: World) -> int:
    return receipts.sweep(world.site, world.at)


def test_a_hand_over_that_never_ended_is_unknown(world: World, nudged: UUID, channel: Channel) -> None:
    claim(world)
    world.at += timedelta(seconds=world.site.settings.claim_seconds)
    assert sweep(world) == 0
    world.at += timedelta(seconds=1)
    assert sweep(world) == 1

    assert state(world, nudged) == (NudgeState.UNKNOWN, "the hand-over never ended")
    assert [attempt.outcome for attempt in attempts(world, nudged)] == [Outcome.UNKNOWN]
    assert sweep(world) == 0
    assert sending.claim(world.site, world.at, 10) == []


def test_the_sweep_leaves_alone_what_ended(world: World, sent: UUID) -> None:
    world.at += timedelta(hours=1)

    assert sweep(world) == 0
    assert state(world, sent)[0] is NudgeState.SENT


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Accepted("p-1", 1), NudgeState.SENT),
        (SendError(Kind.RETRY, "busy"), NudgeState.PLANNED),
        (SendError(Kind.UNKNOWN, UNSURE), NudgeState.UNKNOWN),
    ],
)
def test_an_answer_that_comes_after_the_sweep_still_counts(
    world: World, nudged: UUID, channel: Channel, result: Accepted | SendError, expected: NudgeState
) -> None:
    claimed = claim(world)
    world.at += 5 * MINUTE
    sweep(world)
    hand(world, claimed, result)

    assert state(world, nudged)[0] is expected


@pytest.mark.parametrize(("report", "expected"), [(SENT, NudgeState.SENT), (DELIVERED, NudgeState.DELIVERED)])
def test_a_report_settles_what_is_unknown(
    world: World, nudged: UUID, channel: Channel, report: Report, expected: NudgeState
) -> None:
    claimed = claim(world)
    world.at += 5 * MINUTE
    sweep(world)
    reports(world, report, attempt_id=claimed.attempt_id)

    assert state(world, nudged)[0] is expected
    assert the_nudge(world, nudged).sent_at == world.at


@pytest.fixture
def unknown(world: World, nudged: UUID, finding: FindingChannel) -> UUID:
    """Alex, of whose nudge nobody knows whether it went out."""
    finding.answers.append(SendError(Kind.UNKNOWN, UNSURE))
    send(world)
    world.at += MINUTE
    return nudged


def settle(world: World) -> int:
    return receipts.settle(world.site, world.at)


def test_the_provider_may_know_of_what_is_unknown(
    world: World, unknown: UUID, finding: FindingChannel
) -> None:
    finding.found.append(Accepted("p-1"))

    assert settle(world) == 1
    nudge = the_nudge(world, unknown)
    assert (nudge.state, nudge.sent_at) == (NudgeState.SENT, world.at)
    (attempt,) = attempts(world, unknown)
    assert (attempt.outcome, attempt.provider_id) == (Outcome.ACCEPTED, "p-1")
    ((message, since_at, matched),) = finding.asked
    assert (message.to, message.text) == (finding.messages[0].to, finding.messages[0].text)
    assert since_at == attempt.claimed_at - MINUTE
    assert matched == frozenset()
    assert settle(world) == 0
    assert len(finding.asked) == 1
    assert reports(world, DELIVERED) == [True]


def test_what_the_provider_does_not_know_stays_unknown_and_is_asked_about_for_an_hour(
    world: World, unknown: UUID, finding: FindingChannel
) -> None:
    assert settle(world) == 0
    world.at = on("20:00")
    assert settle(world) == 0
    world.at += timedelta(seconds=1)
    assert settle(world) == 0

    assert len(finding.asked) == 2
    assert state(world, unknown) == (NudgeState.UNKNOWN, UNSURE)


def test_a_provider_that_cannot_be_asked_is_asked_again(
    world: World, unknown: UUID, finding: FindingChannel
) -> None:
    finding.found.extend([SendError(Kind.RETRY, "busy"), Accepted("p-1")])

    assert [settle(world), settle(world)] == [0, 1]


def test_messages_of_other_attempts_are_told_to_the_provider(
    world: World, unknown: UUID, finding: FindingChannel
) -> None:
    world.says("Alex", "list")
    send(world)
    settle(world)

    (answered,) = rows(world, Attempt, Attempt.outcome == Outcome.ACCEPTED, Attempt.channel == "own")
    assert finding.asked[0][2] == {answered.provider_id}


def test_only_the_attempt_that_nobody_knows_of_is_asked_about(
    world: World, nudged: UUID, finding: FindingChannel
) -> None:
    finding.answers.extend([SendError(Kind.RETRY, "busy"), SendError(Kind.UNKNOWN, UNSURE)])
    for _ in range(2):
        world.at = max(world.at, the_nudge(world, nudged).not_before)
        send(world)
    finding.found.append(Accepted("p-1"))

    assert settle(world) == 1
    assert len(finding.asked) == 1
    assert [(a.outcome, a.provider_id) for a in attempts(world, nudged)] == [
        (Outcome.RETRY, None),
        (Outcome.ACCEPTED, "p-1"),
    ]


def test_a_message_settles_one_attempt_only(world: World, unknown: UUID, finding: FindingChannel) -> None:
    world.take_up("empathy", "daily", "daily 19:05", unknown)
    world.at = on("19:05")
    planning.plan_due(world.site, world.at)
    finding.answers.append(SendError(Kind.UNKNOWN, UNSURE))
    send(world)
    finding.found.extend([Accepted("p-1"), Accepted("p-1")])

    assert settle(world) == 1
    left = rows(world, Nudge, Nudge.state == NudgeState.UNKNOWN)
    assert len(left) == 1
    finding.found.append(Accepted("p-2"))
    assert settle(world) == 1
    assert finding.asked[-1][2] == {"p-1"}


def test_what_was_settled_in_the_meantime_is_left_alone(
    world: World, unknown: UUID, finding: FindingChannel
) -> None:
    (attempt,) = attempts(world, unknown)
    finding.found.append(Accepted("p-1"))
    reports(world, DELIVERED, attempt_id=attempt.id)

    assert settle(world) == 0
    assert state(world, unknown)[0] is NudgeState.DELIVERED


def test_a_channel_that_cannot_be_asked_leaves_it_to_the_admin(
    world: World, nudged: UUID, channel: Channel
) -> None:
    channel.answers.append(SendError(Kind.UNKNOWN, UNSURE))
    send(world)

    assert settle(world) == 0
    assert state(world, nudged) == (NudgeState.UNKNOWN, UNSURE)


def test_an_answer_to_what_is_unknown_shows_that_it_arrived(
    world: World, unknown: UUID, finding: FindingChannel
) -> None:
    world.says("Alex", "done")

    nudge = the_nudge(world, unknown)
    assert (nudge.state, nudge.reason) == (NudgeState.SENT, "answered, so it arrived")
    assert (nudge.sent_at, nudge.answered_at) == (world.at, world.at)
    assert settle(world) == 0
    assert finding.asked == []


def test_what_nobody_knows_of_holds_up_no_others(
    world: World, unknown: UUID, finding: FindingChannel
) -> None:
    world.take_up("empathy", "daily", "daily 19:05", unknown)
    world.at = on("19:05")
    planning.plan_due(world.site, world.at)
    finding.answers.append(SendError(Kind.UNKNOWN, UNSURE))
    send(world)

    for _ in range(2):
        receipts.settle(world.site, world.at, limit=1)
        world.at += MINUTE
    asked = [message.attempt_id for message, _, _ in finding.asked]
    assert len(asked) == len(set(asked)) == 2


def test_nobody_is_asked_while_another_message_to_the_same_person_is_under_way(
    world: World, unknown: UUID, finding: FindingChannel
) -> None:
    world.says("Alex", "list")
    under_way = claim(world)
    finding.found.append(Accepted("p-2"))
    # It is that of the answer, which the provider has taken already: with the same words it would fit both.
    assert settle(world) == 0
    assert finding.asked == []

    hand(world, under_way, Accepted("p-2"))
    finding.found.clear()
    finding.found.append(Accepted("p-1"))
    assert settle(world) == 1
    assert finding.asked[0][2] == {"p-2"}


def two_unknown(world: World, finding: FindingChannel, person: UUID) -> None:
    """Let a second nudge of Alex be of unknown fate, too."""
    world.take_up("empathy", "daily", "daily 19:05", person)
    world.at = on("19:05")
    planning.plan_due(world.site, world.at)
    finding.answers.append(SendError(Kind.UNKNOWN, UNSURE))
    send(world)


def test_a_channel_that_fails_is_asked_once_in_a_call_and_about_another_one_in_the_next(
    world: World, unknown: UUID, finding: FindingChannel
) -> None:
    two_unknown(world, finding, unknown)
    finding.found.extend([SendError(Kind.RETRY, "busy")] * 2)
    for calls in (1, 2):
        assert settle(world) == 0
        assert len(finding.asked) == calls
        world.at += MINUTE
    first, second = (message.attempt_id for message, _, _ in finding.asked)
    assert first != second


def test_a_slow_provider_does_not_make_the_job_look_hung(
    world: World, unknown: UUID, finding: FindingChannel
) -> None:
    two_unknown(world, finding, unknown)
    ticks = iter((0, 24, 25))  # At the beginning, and before each question.
    receipts.settle(world.site, world.at, clock=lambda: next(ticks))
    assert len(finding.asked) == 1
