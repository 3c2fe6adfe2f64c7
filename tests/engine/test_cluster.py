"""The cluster engine, for real on PostgreSQL: work is shared, an end is clean, trouble is outlived."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from procrastinate import App
from sqlalchemy import CursorResult, text

from service import jobs, planning
from service.engine import queue, sends, tables
from service.engine.cluster import ClusterEngine
from service.site import Site
from service.states import NudgeState
from tests.engine.test_local import PATIENCE, WORDS, Clock, Slow, eventually, last_tick
from tests.web.conftest import out_of_reach
from tests.world import NUMBERS, World

__all__ = ["out_of_reach"]

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
JOBS = "attune_jobs.procrastinate_jobs"
WORKERS = "attune_jobs.procrastinate_workers"


@pytest.fixture
def world(world: World) -> World:
    tables.prepare(world.site.db)
    # Another test may have left its jobs: what wipes a database knows nothing of this schema.
    for table in (JOBS, WORKERS, "attune_jobs.procrastinate_periodic_defers"):
        ask(world.site, f"TRUNCATE {table} CASCADE")
    return world


@contextmanager
def running(engine: ClusterEngine) -> Iterator[ClusterEngine]:
    engine.start()
    try:
        yield engine
    finally:
        assert engine.stop()


def ask(site: Site, statement: str) -> list[Any]:
    with site.db.write() as session:
        session.execute(sends.SEE_JOBS)
        done = cast(CursorResult[Any], session.execute(text(statement)))
        return list(done) if done.returns_rows else []


def count(site: Site, table: str, where: str = "true") -> int:
    found: int = ask(site, f"SELECT count(*) FROM {table} WHERE {where}")[0][0]
    return found


def with_app(site: Site, work: Callable[[App], Awaitable[None]]) -> None:
    """Do something with an app of the engine's that is connected, whose worker does not run."""

    async def run() -> None:
        async def nothing(*_: object, **__: object) -> None: ...

        app = queue.app_of(site.settings.url, {"plan": nothing})
        async with app.open_async():
            await work(app)

    asyncio.run(run())


def test_workers_share_what_is_due(two_worlds: tuple[World, World], world: World) -> None:
    one, other = two_worlds
    alex, sam = one.couple()
    for person in (alex, sam):
        one.take_up("gratitude", "daily", "daily 12:00", person)
    with running(ClusterEngine(one.site)) as first, running(ClusterEngine(other.site)) as second:
        one.at = other.at = one.at.replace(hour=12)
        eventually(lambda: [len(one.told(person)) for person in (alex, sam)] == [3, 3])
        eventually(lambda: last_tick(one.site) is not None)
        assert first.late() == second.late() == {}
        assert count(one.site, WORKERS) == 2
    # Whoever ends says so, and leaves no job behind that nobody would finish.
    assert count(world.site, WORKERS) == 0
    assert count(world.site, JOBS, "status <> 'todo'") == 0


def test_what_is_planned_brings_its_send_jobs_with_it(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    site = replace(world.site, on_planned=sends.enqueue)
    with site.db.write() as session:
        sends.enqueue(session, 250)
        session.rollback()
    assert count(site, JOBS) == 0
    with site.db.write() as session:
        sends.enqueue(session, 250)
        sends.enqueue(session, 0)
    assert count(site, JOBS, "task_name = 'send' AND args = '{}'") == 3
    assert planning.plan_due(site, world.at.replace(hour=12)).planned == 1
    assert count(site, JOBS) == 4
    # Our own statements do not look into the other schema afterwards.
    with site.db.read() as session:
        assert session.scalar(text("SHOW search_path")) == '"$user", public'


def test_one_ring_a_period_and_one_that_waits(world: World) -> None:
    async def ring(app: App) -> None:
        for at in (60, 60, 61):
            await queue.ring(app, "plan", at)

    with_app(world.site, ring)
    assert ask(world.site, f"SELECT task_name, args FROM {JOBS}") == [("plan", {"timestamp": 60})]
    ask(world.site, f"DELETE FROM {JOBS}")
    with_app(world.site, ring)  # Another worker, a little late: the first period is rung, the next is not.
    assert ask(world.site, f"SELECT args FROM {JOBS}") == [({"timestamp": 61},)]


def test_a_machine_that_slept_rings_once_and_one_set_back_goes_on(world: World) -> None:
    world.take_up("gratitude", "daily", "daily 12:00", world.join("Alex"))
    world.at = world.at.replace(hour=12)
    clock = {"now": 1_000_000.0}
    rung: list[tuple[str, int]] = []

    async def note(_: App, name: str, at: int) -> None:
        rung.append((name, at))

    async def run() -> None:
        engine = ClusterEngine(world.site, wall=lambda: clock["now"])
        for now in (1_000_000.9, 1_003_600.9, 1_000_010.9):
            clock["now"] = now
            ringing = asyncio.create_task(engine._ring(None))  # type: ignore[arg-type]  # `note` asks it nothing.
            while not rung or rung[-1][0] != "clear":
                await asyncio.sleep(0)
            rung.append(("", 0))
            ringing.cancel()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue, "ring", note)
        asyncio.run(run())
    assert [at for name, at in rung if name == "plan"] == [1_000_000, 1_003_600, 1_000_010]


def test_what_runs_each_second_is_rung_only_if_it_has_something_to_do(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    assert jobs.idle(world.site) == {"plan", "send"}
    world.at = world.at.replace(hour=12)
    assert jobs.idle(world.site) == {"send"}
    assert planning.plan_due(world.site, world.at).planned == 1
    assert jobs.idle(world.site) == {"plan"}
    world.at -= timedelta(seconds=1)
    assert jobs.idle(world.site) == {"plan", "send"}

    async def rung(times: int) -> set[str]:
        found: list[str] = []
        with pytest.MonkeyPatch.context() as patch:

            async def note(_: App, name: str, at: int) -> None:
                found.append(name)

            patch.setattr(queue, "ring", note)
            ringing = asyncio.create_task(ClusterEngine(world.site)._ring(None))  # type: ignore[arg-type]
            while found.count("clear") < times:
                await asyncio.sleep(0)
            ringing.cancel()
        return set(found)

    idle = asyncio.run(rung(1))
    assert {"understand", "reap"} <= idle
    assert not idle & {"plan", "send"}
    world.at += timedelta(seconds=1)
    assert asyncio.run(rung(1)) - idle == {"send"}


def test_what_a_dead_worker_had_taken_is_let_go(world: World) -> None:
    ask(world.site, f"INSERT INTO {WORKERS} (last_heartbeat) VALUES (now() - interval '31 s'), (now())")
    dead, living = (row[0] for row in ask(world.site, f"SELECT id FROM {WORKERS} ORDER BY last_heartbeat"))
    ask(
        world.site,
        f"INSERT INTO {JOBS} (queue_name, task_name, queueing_lock, status, worker_id) VALUES "
        f"('attune', 'plan', 'plan', 'doing', {dead}), ('attune', 'plan', 'plan', 'todo', NULL), "
        f"('attune', 'send', NULL, 'doing', {living})",
    )

    with_app(world.site, lambda app: queue.reap(app.job_manager))
    # What the living worker does is its own, and what waits is anybody's.
    left = ask(world.site, f"SELECT task_name, worker_id FROM {JOBS} ORDER BY task_name")
    assert left == [("plan", None), ("send", living)]
    assert ask(world.site, f"SELECT id FROM {WORKERS}") == [(living,)]


def test_jobs_that_ended_are_deleted(world: World) -> None:
    for status in ("failed", "aborted", "succeeded", "todo"):
        ask(
            world.site,
            f"WITH job AS (INSERT INTO {JOBS} (queue_name, task_name, status) "
            f"VALUES ('attune', 'plan', '{status}') RETURNING id) "
            "INSERT INTO attune_jobs.procrastinate_events (job_id, type, at) "
            "SELECT id, 'failed', now() - interval '2 hours' FROM job",
        )
    with_app(world.site, lambda app: queue.clear(app.job_manager))
    assert ask(world.site, f"SELECT status FROM {JOBS}") == [("todo",)]


def test_a_worker_that_was_taken_for_dead_begins_anew(world: World) -> None:
    with running(ClusterEngine(world.site)):
        eventually(lambda: count(world.site, WORKERS) == 1)
        ((first,),) = ask(world.site, f"DELETE FROM {WORKERS} RETURNING id")
        eventually(lambda: count(world.site, WORKERS, f"id > {first}") == 1)
        alex = world.enrol("Alex")
        eventually(lambda: world.nudges(alex)[0].state is NudgeState.SENT)


def test_an_end_waits_for_what_is_being_handed_over(world: World) -> None:
    slow = Slow()
    engine = ClusterEngine(replace(world.site, notifiers={"slow": slow}))
    alex = world.enrol("Alex")
    engine.start()
    assert slow.called.acquire(timeout=PATIENCE)
    sam = world.enrol("Sam")
    ending = threading.Thread(target=engine.stop)
    ending.start()
    eventually(engine._stopping.is_set)
    slow.go_on.set()
    ending.join(PATIENCE)
    assert world.nudges(alex)[0].state is NudgeState.SENT
    assert world.nudges(sam)[0].state is NudgeState.PLANNED
    assert count(world.site, WORKERS) == 0


def test_an_end_waits_so_long_and_no_longer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "GRACE_SECONDS", 0.1)
    slow = Slow()
    engine = ClusterEngine(replace(world.site, notifiers={"slow": slow}))
    alex = world.enrol("Alex")
    engine.start()
    assert slow.called.acquire(timeout=PATIENCE)
    assert not engine.stop()
    # It stays claimed: nobody sends it again, and the sweep settles it.
    assert world.nudges(alex)[0].state is NudgeState.SENDING
    assert count(world.site, WORKERS) == 0
    slow.go_on.set()
    eventually(lambda: not engine._under_way)


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

    with running(ClusterEngine(replace(world.site, now=broken_at_first))):
        eventually(lambda: world.nudges(alex)[0].state is NudgeState.SENT)
    assert '"why": "ValueError at test_cluster.py:' in logged()
    assert [word for word in (WORDS, NUMBERS["Alex"], "Traceback") if word in logged()] == []


def test_a_worker_without_its_database_says_so_and_comes_back(
    world: World, out_of_reach: Callable[[], AbstractContextManager[None]], logged: Callable[[], str]
) -> None:
    clock = Clock()
    with running(ClusterEngine(world.site, clock)) as engine:
        eventually(lambda: last_tick(world.site) is not None)
        with out_of_reach():
            eventually(lambda: '"job": "ring"' in logged())
            clock.seconds += 40
            assert engine.late().keys() >= {"ring"}
        alex = world.enrol("Alex")
        eventually(lambda: world.nudges(alex)[0].state is NudgeState.SENT)
        eventually(lambda: "ring" not in engine.late())
    assert "Traceback" not in logged()
