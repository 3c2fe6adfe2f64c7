"""What was surely not delivered is tried again after a while that grows, until it is too late."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from habits.reasons import Reason
from notifiers.base import Kind, SendError
from service import planning, senders
from service.models import Nudge
from service.states import NudgeState, Outcome
from tests.walk.channel import Channel
from tests.walk.rounds import send
from tests.walk.rows import attempts, crowd, on, rows, state, the_nudge
from tests.world import World

BUSY = SendError(Kind.RETRY, "busy", code="20429")
SECOND = timedelta(seconds=1)


def waits(world: World, channel: Channel, person: UUID, error: SendError) -> timedelta:
    """Let the next try fail, and return how long after it the next one is."""
    channel.answers.append(error)
    assert send(world) == 1
    return the_nudge(world, person).not_before - world.at


def test_each_wait_is_twice_the_last_up_to_a_quarter_of_an_hour(
    world: World, nudged: UUID, channel: Channel
) -> None:
    for seconds in (30, 60, 120, 240, 480, 900, 900):
        wait = waits(world, channel, nudged, BUSY)
        assert seconds * SECOND <= wait <= 1.2 * seconds * SECOND
        world.at += wait - SECOND
        assert send(world) == 0
        world.at += SECOND
    assert [attempt.n for attempt in attempts(world, nudged)] == list(range(1, 8))
    assert send(world) == 1
    assert state(world, nudged)[0] is NudgeState.SENT


def test_waits_are_spread_so_that_not_all_come_back_at_once(world: World, channel: Channel) -> None:
    for person in crowd(world, 8):
        world.take_up("gratitude", "daily", "daily 19:00", person)
    world.at = on("19:00")
    planning.plan_due(world.site, world.at)
    channel.answers.extend([BUSY] * 8)
    assert send(world) == 8
    assert len({nudge.not_before for nudge in rows(world, Nudge, Nudge.state == NudgeState.PLANNED)}) == 8


@pytest.mark.parametrize(("asked", "least"), [(timedelta(minutes=10), 600), (timedelta(seconds=2), 30)])
def test_a_provider_that_says_how_long_is_waited_for(
    world: World, nudged: UUID, channel: Channel, asked: timedelta, least: int
) -> None:
    wait = waits(world, channel, nudged, SendError(Kind.RETRY, "busy", after=asked))
    assert least * SECOND <= wait <= 1.2 * least * SECOND


@pytest.mark.parametrize("error", [BUSY, SendError(Kind.SENDER, "wrong credentials", code="20003")])
def test_it_is_kept_until_it_is_too_late(
    world: World, nudged: UUID, channel: Channel, error: SendError
) -> None:
    expires_at: datetime = the_nudge(world, nudged).expires_at
    while world.at < expires_at:
        channel.answers.append(error)
        assert state(world, nudged)[0] is NudgeState.PLANNED
        send(world)
        world.at += senders.TRY_AGAIN
    world.at += timedelta(minutes=20)  # The next look at it may be as far as the longest wait.
    assert send(world) == 0
    assert state(world, nudged) == (NudgeState.LAPSED, Reason.LATE)
    tried = attempts(world, nudged)
    assert {attempt.outcome for attempt in tried} == {Outcome(error.kind.value)}
    assert 5 <= len(tried) <= 24
