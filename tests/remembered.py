"""What tests begin with, such as a couple that has lived here for days, is played once and then given back.

The first process of a run plays it on each store; from then on a new installation is given the same rows.
Only an empty one is: after whatever else a test did before, it is played for real.
"""

import fcntl
import hashlib
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Table

from notifiers.phone import Phone
from service.models import Event, Meta, Row
from service.schema import FINGERPRINT
from service.site import Site

T = TypeVar("T")
TABLES = Row.metadata.sorted_tables
BOUND = f"key = '{FINGERPRINT}'"
"""The row that an installation has before anybody is here."""


@dataclass(frozen=True)
class Life:
    """What was there at the end: the rows of each table as the driver gives them."""

    rows: dict[str, list[tuple[object, ...]]]
    at: datetime
    result: object


FOLDERS: list[Path] = []
"""The one that all processes of a test run share."""
LIVES: dict[str, Life] = {}


def remembered(
    site: Site, at: datetime, key: tuple[object, ...], live: Callable[[], tuple[T, datetime]]
) -> tuple[T, datetime]:
    """Return what `live` returns, a result and the time by then, and leave the rows that it leaves.

    A channel of a test's own has to be told of what goes out: there nothing is given back.
    """
    usual = all(type(channel) is Phone for channel in site.notifiers.values()) and not site.on_planned
    if not (FOLDERS and usual and _is_empty(site)):
        return live()
    known = repr((site.db.is_sqlite, at, *_circumstances(site), *key))
    if known not in LIVES:
        with _shared(known) as file:
            if not file.exists():
                result, then = live()
                with site.db.read() as session:
                    LIVES[known] = Life(_rows(session.connection()), then, result)
                file.write_bytes(pickle.dumps(LIVES[known]))
                return result, then
            LIVES[known] = pickle.loads(file.read_bytes())
    life = LIVES[known]
    with site.db.writers.begin() as connection:
        _give(connection, life, site.db.is_sqlite)
    return life.result, life.at  # type: ignore[return-value]


@contextmanager
def _shared(known: str) -> Iterator[Path]:
    """Lend the file in which a life is kept for all processes; the others wait meanwhile."""
    (folder,) = FOLDERS
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / hashlib.sha256(known.encode()).hexdigest()
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield file


def _circumstances(site: Site) -> tuple[object, ...]:
    """Return all that what happens depends on beside the rows and the time."""
    given = site.settings.model_dump(exclude={"home", "database_url", "key"})
    key = site.settings.key
    return key and key.get_secret_value(), given, tuple(site.notifiers)


@cache
def _anything() -> str:
    looks = (
        f"EXISTS (SELECT 1 FROM {table.name}{f' WHERE NOT {BOUND}' if table is Meta.__table__ else ''})"
        for table in TABLES
    )
    return f"SELECT {' OR '.join(looks)}"


def _is_empty(site: Site) -> bool:
    with site.db.read() as session:
        return not session.connection().exec_driver_sql(_anything()).scalar()


def _rows(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    for table in TABLES:
        looked_up = f"SELECT {_columns(table)} FROM {table.name} ORDER BY {_key(table)}"
        if rows := connection.exec_driver_sql(looked_up).all():
            found[table.name] = [tuple(row) for row in rows]
    return found


def _columns(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _key(table: Table) -> str:
    return ", ".join(column.name for column in table.primary_key)


def _give(connection: Connection, life: Life, on_sqlite: bool) -> None:
    connection.exec_driver_sql(f"DELETE FROM {Meta.__tablename__}")
    for name, rows in life.rows.items():
        table = Row.metadata.tables[name]
        places = ", ".join("?" if on_sqlite else "%s" for _ in table.columns)
        connection.exec_driver_sql(f"INSERT INTO {name} ({_columns(table)}) VALUES ({places})", rows)
    if not on_sqlite and Event.__tablename__ in life.rows:
        # The numbers that the rows brought along are not given again.
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{Event.__tablename__}', 'seq'), max(seq)) "
            f"FROM {Event.__tablename__}"
        )
