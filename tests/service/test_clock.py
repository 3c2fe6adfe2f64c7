"""The guarded clock: a leap forward is not believed until it has stood, a step back is at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service import clock
from service.clock import LEAP, STANDS, Clock, ClockTrouble
from tests import logs
from tests.machines import Machine
from tests.world import World

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STEPS = [HOUR, -HOUR, DAY, -DAY]


@pytest.fixture
def machine() -> Machine:
    return Machine(BEGAN)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_step_and_back(machine: Machine, step: timedelta) -> None:
    machine.at += HOUR
    machine.off = step
    # Forward it is not believed, and the time from before goes on; back it is.
    believed = timedelta() if step > timedelta() else step
    for _ in range(3):
        assert machine.clock() == machine.at + believed
        assert machine.clock.leapt() == (step if step > timedelta() else None)
        machine.at += STANDS / 4
    machine.off = timedelta()
    # Forth again by as much is a leap too: nobody knows which of the two was right.
    assert machine.clock.leapt() == (None if step > timedelta() else -step)
    machine.at += STANDS
    assert (machine.clock(), machine.clock.leapt()) == (machine.at, None)


def test_a_leap_that_stands_is_believed(machine: Machine) -> None:
    machine.off = HOUR
    assert machine.clock() == machine.at
    machine.at += STANDS - SECOND
    assert machine.clock() == machine.at
    machine.off = DAY  # Another leap begins the wait anew.
    assert machine.clock.leapt() == DAY
    machine.at += STANDS - SECOND
    assert machine.clock() == machine.at
    machine.at += SECOND
    assert (machine.clock(), machine.clock.leapt()) == (machine.at + DAY, None)


def test_a_small_step_is_believed_at_once(machine: Machine) -> None:
    machine.off = LEAP
    assert (machine.clock(), machine.clock.leapt()) == (machine.at + LEAP, None)
    machine.off += LEAP + SECOND
    assert machine.clock.leapt() == LEAP + SECOND


def test_hours_without_a_look_and_a_new_start_are_no_leap(machine: Machine) -> None:
    machine.at += 7 * DAY
    assert (machine.clock(), machine.clock.leapt()) == (machine.at, None)
    machine.off = DAY
    restarted = Clock(lambda: machine.at + machine.off, lambda: 0.0)
    assert (restarted(), restarted.leapt()) == (machine.at + DAY, None)


def test_the_real_one_is_that_of_the_machine() -> None:
    real, before = Clock(), datetime.now(UTC)
    assert before <= real() <= datetime.now(UTC)
    counted = clock.seconds_counted()
    assert clock.seconds_counted() >= counted
    assert not clock.is_doubtful(real)


def test_the_log_tells_of_it_once(machine: Machine, tmp_path: Path) -> None:
    with logs.kept_in(tmp_path / "log"):
        machine.off = HOUR
        machine.clock()
        machine.clock()
        machine.off = timedelta()
        machine.clock()
        machine.clock()
    assert (tmp_path / "log").read_text().count('"event"') == 2


def test_a_clock_that_is_not_guarded_is_never_in_doubt() -> None:
    assert not clock.is_doubtful(lambda: BEGAN)
    assert clock.notices(lambda: BEGAN) == []


def test_postgresql_is_a_witness(world: World) -> None:
    now = datetime.now(UTC)
    with world.site.db.read() as session:
        clock.check(session, Clock())
        clock.check(session, Clock(lambda: now + LEAP - timedelta(minutes=1)))
        wrong = Clock(lambda: now - DAY)
        if world.site.db.is_sqlite:
            clock.check(session, wrong)  # It is this machine's own.
        else:
            with pytest.raises(ClockTrouble, match="24 hours apart"):
                clock.check(session, wrong)
