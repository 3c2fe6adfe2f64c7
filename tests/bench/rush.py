"""The rush hour: all are due at half past eight in the evening, and workers plan and send all of it.

The daemon's own engine in processes of their own, with a channel that answers at once. What is told is read
from the rows: from the instant that a message was due at, and from when it was planned, to the record that it
was handed over.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from statistics import quantiles
from typing import ClassVar

import structlog
from pydantic import BaseModel
from sqlalchemy import func, select

from notifiers.base import Accepted, Message
from service.db import Database
from service.engine.local import LocalEngine
from service.models import Nudge
from service.sealing import Sealer, new_key
from service.settings import Settings
from service.site import open_site
from tests import postgres
from tests.bench import drain, rush_ground, stores
from tests.bench.figures import Figure
from tests.bench.rush_ground import DUE_AT

PEOPLE = 100_000
WORKERS = (1, 2, 4)
PATIENCE_SECONDS = 600
PROCESSES = get_context("spawn")


class Instant:
    """A channel that answers at once and reaches nobody."""

    name: ClassVar[str] = "instant"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"sms"})
    Settings: ClassVar[type[BaseModel]] = BaseModel
    sender = "instant"

    def send(self, message: Message) -> Accepted:
        return Accepted(f"instant-{message.attempt_id}", 1)

    def check(self) -> str:
        return "It answers at once."


@dataclass(frozen=True, slots=True)
class Rush:
    """How one rush went: seconds for each percent of the messages, and messages a second."""

    since_due: list[float]
    since_planned: list[float]
    per_second: float
    per_cpu: float
    """Messages for each second of CPU that the workers used, without the database's own."""


def figures(scale: float) -> Iterator[Figure]:
    """Yield how fast a rush is over: by workers, by store, and behind a provider that takes its time."""
    size = max(200, round(PEOPLE * scale))
    for store in stores.stores():
        before: Rush | None = None
        with _filled(store, size) as copies:
            for workers in WORKERS if store == "PostgreSQL" else (1,):
                with copies() as settings:
                    rush = _rush(settings, size, workers)
                what = f"{size:,} due at 20:30:00, {store}, {workers} worker{'s' * (workers > 1)}"
                yield from _told(what, rush, before)
                before = before or rush
    yield from drain.figures(scale)


def _told(what: str, rush: Rush, before: Rush | None) -> Iterator[Figure]:
    """Yield the figures of a rush beside the same with one worker."""
    other = before or rush
    rows = [
        ("due to handed over, p50", "s", rush.since_due[49], other.since_due[49], rush.since_due),
        ("due to handed over, p99", "s", rush.since_due[98], other.since_due[98], rush.since_due),
        (
            "planned to handed over, p99",
            "s",
            rush.since_planned[98],
            other.since_planned[98],
            rush.since_planned,
        ),
        ("planned and sent", "/s", rush.per_second, other.per_second, []),
        ("planned and sent, for each second of a worker's CPU", "/s", rush.per_cpu, other.per_cpu, []),
    ]
    for name, unit, value, with_one, spread in rows:
        if before:
            yield Figure(f"{what}: {name}", value, unit, "1 worker", with_one, spread=spread)
        else:
            yield Figure(f"{what}: {name}", value, unit, spread=spread)


@contextmanager
def _filled(store: str, size: int) -> Iterator[Callable[[], AbstractContextManager[Settings]]]:
    """Yield what copies an installation with so many people who are due."""
    key = new_key()
    with stores.empty(store) as url:
        rush_ground.fill(url, Sealer(key), size)

        @contextmanager
        def copied() -> Iterator[Settings]:
            if store == "SQLite":
                yield Settings(database_url=url, key=key)
                return
            server, template = url.rpartition("/")[0] + "/postgres", url.rpartition("/")[2]
            with postgres.database(server, f"rush_{time.monotonic_ns()}", template) as copy:
                yield Settings(database_url=copy, key=key)

        yield copied


def _rush(settings: Settings, size: int, workers: int) -> Rush:
    """Let so many processes plan and send all of it, and return how it went."""
    begin, end = PROCESSES.Event(), PROCESSES.Event()
    begun_at, said = PROCESSES.Value("d", 0.0), PROCESSES.Queue()
    processes = [
        PROCESSES.Process(target=_work, args=(settings, begun_at, begin, end, said), daemon=True)
        for _ in range(workers)
    ]
    for process in processes:
        process.start()
    for _ in processes:
        said.get(timeout=PATIENCE_SECONDS)  # It is ready.
    database = Database(settings.url)
    begun_at.value = time.time()
    begin.set()
    _wait_until_sent(database, size)
    end.set()
    cpu = sum(said.get(timeout=PATIENCE_SECONDS) for _ in processes)
    for process in processes:
        process.join()
    with database.read() as session:
        rows = session.execute(select(Nudge.id, Nudge.sent_at).where(Nudge.sent_at.is_not(None))).all()
    database.close()
    sent = [(id_, at) for id_, at in rows if at]
    since_due = sorted((at - DUE_AT).total_seconds() for _, at in sent)
    since_planned = sorted(
        # An id begins with the milliseconds of when it was made.
        (at - DUE_AT).total_seconds() - ((id_.int >> 80) / 1000 - begun_at.value)
        for id_, at in sent
    )
    return Rush(
        quantiles(since_due, n=100), quantiles(since_planned, n=100), size / since_due[-1], size / cpu
    )


def _work(
    settings: Settings, begun_at: "Synchronized[float]", begin: Event, end: Event, said: "Queue[float]"
) -> None:
    """Run the daemon's jobs in a process, by a clock that shows half past eight at the beginning."""
    logging.disable()  # The scheduler tells of each ring that finds its job at work.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))

    def now() -> datetime:
        return DUE_AT + timedelta(seconds=time.time() - begun_at.value)

    site = replace(open_site(settings, now), notifiers={Instant.name: Instant()})
    engine = LocalEngine(site)
    said.put(0.0)
    begin.wait()
    used = time.process_time()
    engine.start()
    end.wait()
    said.put(time.process_time() - used)
    engine.stop()


def _wait_until_sent(database: Database, size: int) -> None:
    """Wait until all has been handed over. Raises RuntimeError if that takes too long."""
    sent = select(func.count()).select_from(Nudge).where(Nudge.sent_at.is_not(None))
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        with database.read() as session:
            found = session.scalar(sent) or 0
        if found == size:
            return
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"Only {found:,} of {size:,} messages were sent.")
        time.sleep(0.2)
