"""Planning with policy, 90 days of history and sealed words, beside pure SQL that has none of these.

`python -m tests.bench.planning [--scale 0.01]`: by default 1,000,000 reminders, of which 100,000 are due in
the same minute. Seconds are those of the clock on the wall; the processor's own are said as well, since they
tell more on a machine that is busy otherwise.
"""

import gc
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path

from sqlalchemy import text

from service import planning
from service.db import Database
from service.running import SELDOM
from service.sealing import Sealer, new_key
from service.settings import Settings
from service.site import open_site
from tests.bench import bound, stores
from tests.bench.figures import Figure
from tests.bench.filling import at
from tests.bench.ground import DAY, NOW, build

REMINDERS, DUE = 1_000_000, 100_000
TODAY, YESTERDAY = {"day": str(NOW.date())}, {"day": str((NOW - DAY).date())}
AGAIN = (
    "DELETE FROM nudge_item WHERE day >= :today",
    "DELETE FROM nudge WHERE due_at >= :now",
    "UPDATE member SET drawn_from_on = NULL, drawn_from_id = NULL WHERE drawn_from_on = :today",
    "UPDATE person SET due_at = :now, away_on = NULL WHERE id IN"
    " (SELECT person_id FROM reminder WHERE fired_on = :today)",
    "UPDATE reminder SET next_at = :now, fired_on = :yesterday, thinned = 0 WHERE fired_on = :today",
)


@dataclass(frozen=True, slots=True)
class Run:
    """What some processes did together."""

    reminders: int
    messages: int
    let_go: int
    seconds: float
    processor: float


def figures(scale: float = 1.0) -> Iterator[Figure]:
    """Yield the rates of each store, beside those of pure SQL; on PostgreSQL those of two processes too."""
    for name in stores.stores():
        with stores.store(name) as (url, folder):
            settings = Settings(home=folder, database_url=url, key=new_key(), notifiers={"phone": {}})
            assert settings.key
            sealer = Sealer(settings.key.get_secret_value())
            build(settings, sealer, int(REMINDERS * scale), int(DUE * scale))
            yield from _of_store(name, settings)


def _of_store(name: str, settings: Settings) -> Iterator[Figure]:
    one = _run(settings, 1)
    _again(settings)
    begins = time.perf_counter()
    bound.plan(settings.url)
    pure = one.reminders / (time.perf_counter() - begins)
    yield Figure(f"planning, {name}", one.reminders / one.seconds, "reminders/s", "pure SQL", pure)
    yield Figure(f"planning, {name}", one.messages / one.seconds, "messages/s")
    yield Figure(f"planning, {name}", one.processor / one.reminders * 1e6, "µs of the processor a reminder")
    yield Figure(f"planning, {name}: let go", one.let_go / (one.messages + one.let_go) * 100, "%")
    if name == "PostgreSQL":
        _again(settings)
        two = _run(settings, 2)
        yield Figure(
            f"planning, {name}, two processes",
            two.reminders / two.seconds,
            "reminders/s",
            "one process",
            one.reminders / one.seconds,
        )


def _run(settings: Settings, processes: int) -> Run:
    """Let so many processes plan until nobody is due."""
    assert settings.key
    context = multiprocessing.get_context("spawn")
    ready, results = context.Barrier(processes + 1), context.SimpleQueue()
    given = settings.home, settings.url, settings.key.get_secret_value(), ready, results
    workers = [context.Process(target=_work, args=given) for _ in range(processes)]
    for worker in workers:
        worker.start()
    ready.wait()
    before, begins = _fired(settings), time.perf_counter()
    ready.wait()
    done = [results.get() for _ in workers]
    seconds = time.perf_counter() - begins
    for worker in workers:
        worker.join()
    messages, let_go, processor = (sum(of) for of in zip(*done, strict=True))
    return Run(_fired(settings) - before, messages, let_go, seconds, processor)


def _work(
    home: Path,
    url: str,
    key: str,
    ready: Barrier,
    results: "multiprocessing.SimpleQueue[tuple[int, int, float]]",
) -> None:
    """Plan as the daemon does, once all others are ready."""
    site = open_site(Settings(home=home, database_url=url, key=key, notifiers={"phone": {}}))
    planning.plan_due(site, NOW, 20)  # All statements are built with the first batch.
    gc.freeze()
    gc.set_threshold(*SELDOM)
    ready.wait()
    ready.wait()
    total, began = planning.Planned(), time.process_time()
    while (did := planning.plan_due(site, NOW)).people:
        total += did
    results.put((total.planned, total.let_go, time.process_time() - began))
    site.db.close()


def _fired(settings: Settings) -> int:
    database = Database(settings.url)
    with database.read() as session:
        fired = session.scalar(text("SELECT count(*) FROM reminder WHERE fired_on = :day"), TODAY) or 0
    database.close()
    return int(fired)


def _again(settings: Settings) -> None:
    """Put everything back as it was before."""
    database = Database(settings.url)
    given = {"now": at(NOW), "today": TODAY["day"], "yesterday": YESTERDAY["day"]}
    with database.write() as session:
        if not database.is_sqlite:
            session.execute(text("SET LOCAL timezone = 'UTC'"))
            session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in AGAIN:
            session.execute(text(statement), given)
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    database.close()
