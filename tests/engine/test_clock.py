"""The machine's clock is set while the engine runs: the jobs go on ringing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from apscheduler.schedulers import base

from service.engine.local import LocalEngine
from service.states import Cause, NudgeState
from tests import machines
from tests.engine.test_local import eventually
from tests.world import World


class Machine(datetime):
    """The machine's clock as APScheduler reads it, and as a test sets it: the real one cannot be set here."""

    ahead = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.ahead


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> type[Machine]:
    monkeypatch.setattr(base, "datetime", Machine)
    monkeypatch.setattr(Machine, "ahead", timedelta())
    return Machine


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("hours", [-1, 1, -24, 24])
def test_the_jobs_go_on_when_the_clock_is_set(
    world: World, machine: type[Machine], hours: int, logged: Callable[[], str]
) -> None:
    alex = world.enrol("Alex")
    engine = LocalEngine(world.site, wall=lambda: machine.now(UTC))
    engine.start()
    try:
        eventually(lambda: world.nudges(alex)[0].state is NudgeState.SENT)
        machine.ahead = timedelta(hours=hours)
        eventually(lambda: f'"seconds": {hours * 3600}' in logged())
        # What is planned from now on would wait for an hour, or a day, without the watchdog.
        sam = world.enrol("Sam")
        eventually(lambda: world.nudges(sam)[0].state is NudgeState.SENT)
        charlie = world.enrol("Charlie")
        eventually(lambda: world.nudges(charlie)[0].state is NudgeState.SENT)
    finally:
        engine.stop()
    assert engine.late() == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_planned_while_the_clock_is_in_doubt(world: World, logged: Callable[[], str]) -> None:
    """The engine looks at it by itself; what was planned before, and answers, go on."""
    alex = world.join("Alex")
    machine = machines.Machine(world.at)
    engine = LocalEngine(replace(world.site, now=machine.clock))
    engine.start()
    try:
        machine.off = timedelta(days=1)
        eventually(lambda: "the clock leapt, and is not believed yet" in logged())
        world.at -= timedelta(hours=1)
        world.take_up("gratitude", "daily", "daily 08:30", alex)  # It is nine o'clock.
        world.at = machine.at
        sam = world.enrol("Sam")
        eventually(lambda: world.nudges(sam)[0].state is NudgeState.SENT)
        charlie = world.enrol("Charlie")
        eventually(lambda: world.nudges(charlie)[0].state is NudgeState.SENT)
        assert [nudge.cause_kind for nudge in world.nudges(alex)] == [Cause.ENROLMENT, Cause.REPLY]
        machine.off = timedelta()
        eventually(lambda: world.nudges(alex)[-1].cause_kind is Cause.REMINDER)
    finally:
        engine.stop()
    assert engine.late() == {}
