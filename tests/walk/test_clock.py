"""The clock jumps forward and back: nothing goes out twice, no storm comes, and all goes on afterwards."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from habits.nudging import Reason
from service import jobs
from service.clock import STANDS
from service.models import Nudge
from service.states import Cause, NudgeState
from tests.machines import Machine
from tests.walk.channel import Channel
from tests.walk.rows import rows
from tests.world import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEP = timedelta(minutes=15)
JUMPS = [HOUR, -HOUR, DAY, -DAY]


def lives(world: World, time: timedelta) -> None:
    """Let time pass as a daemon sees it, in small steps and without knowing what is due."""
    end = world.at + time
    while world.at < end:
        world.at += STEP
        world.run()


def told_on(world: World, person: UUID, *states: NudgeState) -> Counter[str]:
    """Return how many nudges of a reminder ended so, by the date that they are about."""
    planned = rows(world, Nudge, Nudge.person_id == person, Nudge.cause_kind == Cause.REMINDER)
    return Counter(f"{nudge.due_at:%d}" for nudge in planned if nudge.state in states)


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_jump_and_back_again(world: World, alex: UUID, channel: Channel, jump: timedelta) -> None:
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    world.take_up("empathy", "daily", "daily 18:30", alex)
    lives(world, 4 * HOUR)
    before = len(channel.messages)
    world.at += jump
    lives(world, HOUR / 2)
    # At most what is due in that hour, or that day, and never a storm.
    assert len(channel.messages) - before <= 2
    world.at -= jump
    lives(world, 7 * HOUR)
    world.says("Alex", "habits")
    lives(world, DAY)
    texts = Counter(message.attempt_id for message in channel.messages)
    assert set(texts.values()) == {1}
    sent = told_on(world, alex, NudgeState.SENT)
    lapsed = told_on(world, alex, NudgeState.LAPSED)
    # Each day has had its two nudges once, whichever clock it was that rang. What a leap went over by more
    # than the catch-up has lapsed, and says that it came too late.
    assert [sent[day] + lapsed[day] for day in ("02", "03")] == [2, 2]
    reminded = rows(world, Nudge, Nudge.person_id == alex, Nudge.cause_kind == Cause.REMINDER)
    assert {nudge.reason for nudge in reminded if nudge.state is NudgeState.LAPSED} <= {Reason.LATE}
    assert lapsed == ({"02": 1} if jump == DAY else {})


PLAN = next(job for job in jobs.PERIODIC if job.name == "plan")
BIT = timedelta(minutes=5)


@pytest.fixture
def goes_out(world: World, alex: UUID, channel: Channel) -> tuple[Machine, Callable[[timedelta], list[str]]]:
    """A guarded clock, and a life by it: the true times of what went out. Nudges are due at noon."""
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    machine = Machine(world.at)
    world.site = replace(world.site, now=machine.clock)

    def lives_on(time: timedelta) -> list[str]:
        end, times = machine.at + time, []
        while machine.at < end:
            machine.at += BIT
            world.at, before = machine.clock(), len(channel.messages)
            jobs.run(PLAN, world.site)
            jobs.send_one_by_one(world.site)
            times += [f"{machine.at:%d %H:%M}"] * (len(channel.messages) - before)
        return times

    return machine, lives_on


@pytest.mark.parametrize("jump", [HOUR, DAY], ids=str)
def test_a_leap_forward_holds_what_is_new_until_the_clock_is_back(
    world: World, goes_out: tuple[Machine, Callable[[timedelta], list[str]]], jump: timedelta
) -> None:
    machine, lives_on = goes_out
    assert lives_on(2 * HOUR + 11 * BIT) == []  # It is 11:55.
    machine.off = jump
    assert lives_on(2 * BIT) == []
    world.says("Alex", "HELP")  # Whoever writes is answered at once all the same.
    assert lives_on(timedelta(microseconds=1)) == ["02 12:10"]
    machine.off = timedelta()
    # Each goes out once, on its own day, and nothing was let go.
    assert lives_on(DAY + HOUR) == ["02 12:15", "03 12:00"]
    assert rows(world, Nudge, Nudge.state == NudgeState.LAPSED, Nudge.cause_kind == Cause.REMINDER) == []


def test_a_leap_that_stands_is_believed(
    world: World, goes_out: tuple[Machine, Callable[[timedelta], list[str]]]
) -> None:
    machine, lives_on = goes_out
    assert lives_on(HOUR) == []  # It is ten o'clock, and was eleven all the time.
    machine.off = HOUR
    assert lives_on(STANDS) == []
    assert lives_on(HOUR) == ["02 11:00"]
    assert lives_on(DAY) == ["03 11:00"]
