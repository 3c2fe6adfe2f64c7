"""How a connection to each database is made, kept, and known to be dead.

SQLite takes its one write lock at the beginning of a transaction that is to write.
"""

import select
import sqlite3
import time
from functools import partial
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from service.trouble import DatabaseError

WRITE = "attune_write"
"""The option of a connection whose transactions write."""
RESTED = "attune_rested"
LONG_REST_SECONDS = 5.0
"""After so long a connection may be dead and not know it."""

POSTGRESQL = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A line that was cut says nothing: after 20 to 25 seconds its connections count as broken, here …"""
LET_GO = """
SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
SET tcp_user_timeout = 20000; SET idle_in_transaction_session_timeout = 300000
"""
"""… and at the server, or the rows that a machine had locked would stay locked for hours after it is gone."""


def engine_of(url: str, busy_seconds: float) -> Engine:
    """Return the connections to a database; none is opened yet. Raises DatabaseError for what is no URL."""
    try:
        parsed = make_url(url)
        if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
            raise ArgumentError
        if parsed.drivername == "sqlite" and parsed.database in (None, "", ":memory:"):
            raise ArgumentError
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise DatabaseError(
            "ATTUNE_DATABASE_URL must look like sqlite:////var/lib/attune/attune.db "
            "or postgresql+psycopg://user@host/attune."
        ) from None
    if parsed.drivername != "sqlite":
        engine = create_engine(
            parsed, pool_size=10, max_overflow=20, hide_parameters=True, connect_args=POSTGRESQL
        )
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "checkin", _rests)
        event.listen(engine, "checkout", partial(_check_alive, engine.dialect))
        return engine
    engine = create_engine(
        parsed, pool_size=16, max_overflow=48, connect_args={"timeout": busy_seconds}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.autocommit = True  # What is set inside a transaction ends with one that is rolled back.
    connection.cursor().execute(LET_GO)
    connection.autocommit = False


def _rests(_connection: object, entry: ConnectionPoolEntry) -> None:
    entry.info[RESTED] = time.monotonic()


def _check_alive(dialect: Dialect, connection: Any, entry: ConnectionPoolEntry, _proxy: object) -> None:
    """Let a connection of PostgreSQL's be replaced that its server has closed, and all others with it.

    The server itself is asked only where there is a reason to: that takes as long as adding a row.
    """
    rested_at = entry.info.get(RESTED)
    if rested_at is None:
        return  # It is new.
    try:
        line = select.poll()
        # Where nothing was asked there is nothing to be read, but that the server goes.
        line.register(connection.fileno(), select.POLLIN)
        if line.poll(0) or time.monotonic() - rested_at > LONG_REST_SECONDS:
            dialect.do_ping(connection)
    except connection.Error:
        raise InvalidatePoolError from None


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # We say BEGIN ourselves; the driver's own is deferred.
    connection.execute("PRAGMA foreign_keys = ON")
    # FULL, not NORMAL: after a power cut NORMAL may forget the newest commits, and a forgotten claim of a
    # message that went out would be sent again.
    connection.execute("PRAGMA synchronous = FULL")
    # What is deleted or emptied is overwritten, so that nobody finds it in the file afterwards.
    connection.execute("PRAGMA secure_delete = ON")


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE, False)
    if write and WRITE not in connection.info:
        # The file keeps this mode. Not at the connect: to look at a file that is not ours must not change it.
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        connection.info[WRITE] = True
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
