"""The local engine, running for real: jobs ring, an end is clean, an error is told and tried again."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import BaseModel

from notifiers.base import Accepted, Message
from service import jobs
from service.engine.local import LocalEngine
from service.settings import Settings
from service.site import Site
from service.states import NudgeState
from service.trouble import GONE
from tests.conftest import KEY
from tests.world import NUMBERS, World

WORDS = "It was wonderful at the lake"
PATIENCE = 20
"""Seconds to wait for what takes a second or two when nothing else runs."""


class Slow:
    """A channel of the test's own: it says that it was called, and takes its time until it is let go."""

    name: ClassVar[str] = "slow"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"sms"})
    Settings: ClassVar[type[BaseModel]] = BaseModel
    sender = "slow"

    def __init__(self) -> None:
        self.called = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.texts: list[str] = []

    def send(self, message: Message) -> Accepted:
        self.called.release()
        assert self.go_on.wait(PATIENCE)
        self.texts.append(message.text)
        return Accepted(f"slow-{message.attempt_id}")

    def check(self) -> str:
        return "It is slow."


class Clock:
    """Counts seconds as the test says."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        home=tmp_path, database_url=database_url, key=KEY, notifiers={"phone": {}}, busy_seconds=1
    )


@contextmanager
def running(engine: LocalEngine) -> Iterator[LocalEngine]:
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


def eventually(happened: Callable[[], bool]) -> None:
    """Wait until something has happened; fail if it does not."""
    waiting, deadline = threading.Event(), datetime.now(UTC).timestamp() + PATIENCE
    while not happened():
        assert datetime.now(UTC).timestamp() < deadline, "It did not happen."
        waiting.wait(0.02)


def last_tick(site: Site) -> datetime | None:
    with site.db.read() as session:
        return jobs.last_tick(session)


def test_what_is_due_is_planned_and_sent(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    world.at = world.at.replace(hour=12)
    with running(LocalEngine(world.site)):
        eventually(lambda: world.nudges(alex)[-1].state is NudgeState.SENT)
        # A daemon says that it is at work as soon as it is.
        eventually(lambda: last_tick(world.site) == world.at)
        world.at = world.at.replace(day=3)
        eventually(lambda: len(world.nudges(alex)) == 4 and world.nudges(alex)[-1].state is NudgeState.SENT)


def test_an_end_waits_for_what_is_being_handed_over(world: World) -> None:
    slow = Slow()
    site = replace(world.site, notifiers={"slow": slow})
    alex, sam = world.enrol("Alex"), world.enrol("Sam")
    engine = LocalEngine(site)
    engine.start()
    assert slow.called.acquire(timeout=PATIENCE)
    assert slow.called.acquire(timeout=PATIENCE)
    charlie = world.enrol("Charlie")
    ending = threading.Thread(target=engine.stop)
    ending.start()
    eventually(engine._stopping.is_set)
    slow.go_on.set()
    ending.join(PATIENCE)
    assert not ending.is_alive()
    assert [world.nudges(person)[0].state for person in (alex, sam)] == [NudgeState.SENT] * 2
    # What came meanwhile is left for the next start.
    assert world.nudges(charlie)[0].state is NudgeState.PLANNED
    assert len(slow.texts) == 2


def test_an_error_is_logged_without_words_and_the_next_ring_tries_again(
    world: World, logged: Callable[[], str]
) -> None:
    alex = world.enrol("Alex")
    failed = threading.Event()

    def broken_at_first() -> datetime:
        if not failed.is_set():
            failed.set()
            raise ValueError(f"{WORDS} {NUMBERS['Alex']}")
        return world.at

    with running(LocalEngine(replace(world.site, now=broken_at_first))):
        eventually(lambda: world.nudges(alex)[0].state is NudgeState.SENT)
    told = logged()
    assert '"event": "job failed"' in told
    assert '"why": "ValueError at test_local.py:' in told
    assert [word for word in (WORDS, NUMBERS["Alex"], "Traceback") if word in told] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_locked_database_is_said_in_words_and_waited_for(
    world: World, tmp_path: Path, logged: Callable[[], str]
) -> None:
    alex = world.enrol("Alex")
    with running(LocalEngine(world.site)):
        with closing(sqlite3.connect(tmp_path / "attune.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            eventually(lambda: "The database is locked by another program" in logged())
        eventually(lambda: world.nudges(alex)[0].state is NudgeState.SENT)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_job_that_hangs_is_named(settings: Settings, world: World, tmp_path: Path) -> None:
    clock = Clock()
    patient = World.open(settings.model_copy(update={"busy_seconds": PATIENCE}), world.at)
    engine = LocalEngine(patient.site, clock)
    assert engine.late() == {}
    with running(engine):
        eventually(lambda: last_tick(world.site) is not None)
        assert engine.late() == {}
        with closing(sqlite3.connect(tmp_path / "attune.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            clock.seconds += 40
            # The jobs that only read go on.
            eventually(lambda: "plan" in engine.late())
            assert "send" not in engine.late()
            clock.seconds += settings.claim_seconds
            assert {"plan", "send", "beat"} <= set(engine.late())
        eventually(lambda: not {"plan", "send"} & set(engine.late()))
    patient.site.db.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sends_that_fail_at_once_are_late_too(world: World, tmp_path: Path) -> None:
    clock = Clock()
    engine = LocalEngine(world.site, clock)
    file = tmp_path / "attune.db"
    with running(engine):
        eventually(lambda: last_tick(world.site) is not None)
        file.rename(tmp_path / "elsewhere.db")
        eventually(lambda: "send" in engine._whys)
        clock.seconds += world.site.settings.claim_seconds + 2
        eventually(lambda: engine.late().get("send") == GONE)
        (tmp_path / "elsewhere.db").rename(file)
        eventually(lambda: "send" not in engine.late())
