"""Daemon and worker with 1,000, 100,000 and 1,000,000 people: memory, idling, how soon they begin.

Each person has a reminder: first nobody is due, then 1,000. Beside it a page of a listing, by key.
"""

import os
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from timeit import timeit
from uuid import UUID

from sqlalchemy import delete, text

from service import people, zones
from service.db import Database
from service.models import Meta
from service.sealing import Sealer, new_key
from service.settings import Settings
from tests.acceptance.process import Installation
from tests.bench import stores
from tests.bench.figures import Figure
from tests.bench.filling import at
from tests.bench.ground import build

PEOPLE = (1_000, 100_000, 1_000_000)
DUE = 1_000
IDLE_SECONDS = 20
PAGES = 20
PATIENCE = 120
HERE = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


def figures(scale: float) -> Iterator[Figure]:
    """Yield the figures of each number of people, on each store; from a `scale` of 0.5 on up to a million."""
    for name in stores.stores():
        for size in [number for number in PEOPLE if number <= 2 * PEOPLE[-1] * scale]:
            with stores.store(name) as (url, folder):
                key = new_key()
                settings = Settings(home=folder, database_url=url, key=key, notifiers={"phone": {}})
                build(settings, Sealer(key), size, due=0, each=1)
                yield from _of_store(f"{size:,} people, {name}", settings, folder)


def _of_store(what: str, settings: Settings, folder: Path) -> Iterator[Figure]:
    database = Database(settings.url)
    with database.read() as session:
        (first,) = people.list_ids(session, None, 1)
    seconds = timeit(lambda: _page(database, first), number=PAGES) / PAGES
    yield Figure(f"{what}: a page of 100 people, by key", seconds * 1000, "ms")
    database.close()
    for role in ("daemon",) if "SQLite" in what else ("daemon", "worker"):
        yield from _of_process(f"{what}, {role}", role, settings, folder / role)


def _page(database: Database, behind: UUID) -> None:
    with database.read() as session:
        people.list_ids(session, behind, 100)


def _of_process(what: str, role: str, settings: Settings, home: Path) -> Iterator[Figure]:
    assert settings.key
    database = Database(settings.url)
    environment = {
        "PYTHONPATH": str(HERE),
        "ATTUNE_DATABASE_URL": settings.url,
        "ATTUNE_NOTIFIERS": '{"phone": {}}',
    }
    installation = Installation(home, environment)
    installation.set_secret("attune_key", settings.key.get_secret_value())
    _put_off(database)
    _make_due(database, 1)
    begins = time.monotonic()
    with installation.running("run", role) as running:
        _wait_until_nobody_is_due(database)
        pid, took = running.process.pid, time.monotonic() - begins
        yield Figure(f"{what}: from the start to the first tick", took, "s")
        yield Figure(f"{what}: the processor's share of that", _worked(pid), "s")
        time.sleep(3)  # What is done once at the start, such as the hourly jobs, is over.
        worked, since = _worked(pid), time.monotonic()
        time.sleep(IDLE_SECONDS)
        share = (_worked(pid) - worked) / (time.monotonic() - since) * 100
        yield Figure(f"{what}: idle", share, "% of a core")
        yield Figure(f"{what}: memory, nobody due", _peak(pid), "MB")
        _make_due(database, DUE)
        _wait_until_nobody_is_due(database)
        yield Figure(f"{what}: memory, {DUE:,} were due", _peak(pid), "MB")
    database.close()


def _put_off(database: Database) -> None:
    """Let nobody be due for a day from now on, as the ground's clock is not that of the daemon.

    Nobody's reminders are to be worked out anew for new time zones, as where people come one by one.
    """
    with database.write() as session:
        session.execute(delete(Meta).where(Meta.key == zones.DONE))
        session.add(Meta(key=zones.DONE, value=zones.version()))
    tomorrow = {"at": at(datetime.now(UTC) + timedelta(days=1))}
    _execute(database, "UPDATE reminder SET next_at = :at", tomorrow)
    _execute(database, "UPDATE person SET due_at = :at", tomorrow)
    if not database.is_sqlite:
        # Nowhere do all rows change at once; what is left of them PostgreSQL clears away within minutes.
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))


def _make_due(database: Database, size: int) -> None:
    now = {"at": at(datetime.now(UTC)), "people": size}
    these = "(SELECT id FROM person ORDER BY id LIMIT :people)"
    _execute(database, f"UPDATE reminder SET next_at = :at WHERE person_id IN {these}", now)
    _execute(database, f"UPDATE person SET due_at = :at WHERE id IN {these}", now)


def _execute(database: Database, statement: str, values: Mapping[str, object]) -> None:
    with database.write() as session:
        if not database.is_sqlite:
            session.execute(text("SET LOCAL timezone = 'UTC'"))
        session.execute(text(statement), values)


def _wait_until_nobody_is_due(database: Database) -> None:
    now, deadline = {"now": at(datetime.now(UTC))}, time.monotonic() + PATIENCE
    due = text("SELECT 1 FROM person WHERE due_at <= :now LIMIT 1")
    while time.monotonic() < deadline:
        with database.read() as session:
            if not database.is_sqlite:
                session.execute(text("SET LOCAL timezone = 'UTC'"))
            if session.execute(due, now).first() is None:
                return
        time.sleep(0.02)
    raise TimeoutError("The daemon did not plan for whoever was due.")


def _worked(pid: int) -> float:
    """Return the seconds that the processor has worked for a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _peak(pid: int) -> float:
    """Return the most memory that a process ever held, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
