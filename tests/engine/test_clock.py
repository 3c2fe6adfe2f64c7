"""The machine's clock is set while the engine runs: the jobs go on ringing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from apscheduler.schedulers import base

from service.engine.local import LocalEngine
from service.states import NudgeState
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
