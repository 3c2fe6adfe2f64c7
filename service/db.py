"""The database: two kinds of session, and plain words for what can go wrong with it.

`read()` never writes. `write()` takes SQLite's one write lock at its beginning (`BEGIN IMMEDIATE`), so a
transaction can fail only before it did anything; on PostgreSQL it is an ordinary transaction.
"""

import re
import select
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Connection,
    Dialect,
    Engine,
    Insert,
    Table,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError, NoSuchModuleError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from service import batches
from service.errors import AttuneError
from service.gathering import Gathering

GONE = "The database file is gone; put it back from a backup, then start Attune again."
WRITE = "attune_write"
T = TypeVar("T")
RESTED = "attune_rested"
LONG_REST_SECONDS = 5.0
"""After so long a connection may be dead and not know it."""
MOMENT_MS = 200
"""How long an emptying of SQLite's log waits for whoever reads before it makes way for others."""
REWRITTEN_BYTES = 512 * 1024 * 1024
"""A larger file is not rewritten to be rid of what was deleted: nobody could write for many seconds."""

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


class DatabaseError(AttuneError):
    """The database cannot be used; the message says what to do."""


class Database:
    """One database, its connection pool, and in this process one SQLite writer at a time.

    One opened `beside` another is the same database for whoever cannot wait: it shares that one's turns, and
    waits `busy_seconds` at most for its turn, and as long again for other programs.
    """

    def __init__(self, url: str, busy_seconds: float = 30.0, beside: "Database | None" = None) -> None:
        self.engine = _engine(url, busy_seconds)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.writers = self.engine.execution_options(**{WRITE: True})
        """The same connections, whose transactions take SQLite's write lock at their beginning."""
        # SQLite's busy handler polls and is unfair; a lock of our own queues the threads of this process.
        self._turn: threading.Lock = beside._turn if beside else threading.Lock()
        self._turn_seconds = busy_seconds if beside else -1.0  # Without end: each turn is a short one.
        self._writing = threading.local()
        self._gathering = Gathering(self._my_turn, self._begin)
        self._was_there = not self.is_missing
        self._busy_seconds = busy_seconds

    @property
    def is_missing(self) -> bool:
        """Say whether there is no SQLite file yet; the first look would make one."""
        file = self.engine.url.database or ""
        return self.is_sqlite and not file.startswith("file:") and not Path(file).exists()

    def check_there(self) -> None:
        """Raise DatabaseError if there was an SQLite file, and there is none any more.

        A connection stays readable when the name of its file is gone, and what is written to it is lost; a
        new one would make an empty file in its place.
        """
        if not self.is_missing:
            self._was_there = True
        elif self._was_there:
            raise DatabaseError(GONE)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session for one consistent look."""
        self.check_there()
        with Session(self.engine) as session, session.begin():
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session for one short transaction: committed at the end, rolled back by an error."""
        with self._alone(), Session(self.writers) as session, session.begin():
            if self.is_sqlite:
                # The lock is taken now and not by the first statement: what is sealed in here is
                # committed before whoever waits for the lock, such as a rotation of the key, goes on.
                session.connection()
            yield session

    def add(self, work: Callable[[Connection], T]) -> T:
        """Do one small thing in a transaction, past any session; return what it gave once that is committed.

        On SQLite together with what other threads add meanwhile, and again if one of them is at fault.
        """
        if self.is_sqlite:
            return self._gathering.do(work)
        with self._begin() as connection:
            return work(connection)

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        self.check_there()
        with self.writers.begin() as connection:
            yield connection

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait for the turn to write, and hold it."""
        if getattr(self._writing, "now", False):
            raise RuntimeError("write() inside write() would wait for itself.")
        with self._my_turn() if self.is_sqlite else nullcontext():
            self.check_there()
            self._writing.now = True
            try:
                yield
            finally:
                self._writing.now = False

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=self._turn_seconds):
            raise DatabaseError(SQLITE_TROUBLE["SQLITE_BUSY"])
        try:
            yield
        finally:
            self._turn.release()

    def purge(self, seconds: float = 0) -> bool:
        """Leave nothing in SQLite's file and log of what was deleted; say whether that was done.

        Deleted rows are overwritten where they were, but a page that was split or merged keeps remains of the
        rows that moved; so the file is rewritten, up to a size. It cannot be done while somebody reads: it is
        tried again for so many seconds, each time for a moment only, as who wants to write waits for as long.
        """
        if not self.is_sqlite:
            return True
        end = time.monotonic() + seconds
        connection = self.engine.raw_connection()  # A plain one: this cannot be part of a transaction.
        try:
            connection.execute(f"PRAGMA busy_timeout = {MOMENT_MS}")
            rewritten = self._bytes() > REWRITTEN_BYTES
            while not (rewritten := rewritten or _rewrite(connection)) or _log_is_in_use(connection):
                if time.monotonic() >= end:
                    return False
                time.sleep(MOMENT_MS / 1000)
            return True
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(self._busy_seconds * 1000)}")
            connection.close()

    def _bytes(self) -> int:
        return Path(self.engine.url.database or "").stat().st_size

    def close(self) -> None:
        self.engine.dispose()


def _rewrite(connection: PoolProxiedConnection) -> bool:
    """Write SQLite's file anew; False, with nothing changed, while others write or on a full disk."""
    try:
        connection.execute("VACUUM")
    except sqlite3.OperationalError:
        return False
    return True


def _log_is_in_use(connection: PoolProxiedConnection) -> bool:
    """Move SQLite's log into the file and empty it; say whether a reader kept us from it."""
    return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])


def _engine(url: str, busy_seconds: float) -> Engine:
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


SQLITE_TROUBLE = {
    "SQLITE_BUSY": "The database is locked by another program; close what holds it and try again.",
    "SQLITE_LOCKED": "The database is locked by another program; close what holds it and try again.",
    "SQLITE_READONLY": "The database cannot be written; make its file and folder writable for this user.",
    "SQLITE_FULL": "The disk is full; nothing was changed. Free some space and try again.",
    "SQLITE_IOERR": "The disk of the database does not answer; nothing was changed. Check it and try again.",
    "SQLITE_CANTOPEN": "The database file cannot be opened; check that its folder exists and is writable.",
    "SQLITE_CORRUPT": "The database file is damaged; restore the newest backup.",
    "SQLITE_NOTADB": "The file in ATTUNE_DATABASE_URL is not an SQLite database; point it to another one.",
    "SQLITE_PERM": "The database file may not be opened by this user; change its owner or mode.",
}


NO_TABLES = "The database has no tables of Attune's yet; run `attune db upgrade`."
POSTGRESQL_TROUBLE = {
    "08": "PostgreSQL does not answer; check that it runs and that ATTUNE_DATABASE_URL names it.",
    "25006": "PostgreSQL takes no changes here; point ATTUNE_DATABASE_URL to the server that does.",
    "28": "PostgreSQL refused the login; check user and password in ATTUNE_DATABASE_URL.",
    "3D000": "PostgreSQL has no such database; create it, then run `attune db upgrade`.",
    "42501": "The user in ATTUNE_DATABASE_URL may not do that; make it the owner of the database.",
    "42703": NO_TABLES,
    "42P01": NO_TABLES,
    "53300": "PostgreSQL has no connection left; close what holds them, or raise its max_connections.",
    "53": "PostgreSQL is out of disk or memory; nothing was changed.",
    "57P": "PostgreSQL does not answer; check that it runs and that ATTUNE_DATABASE_URL names it.",
}
REFUSED = {
    r'database ".*" does not exist': "3D000",
    r'password|authentication|pg_hba\.conf|role ".*" (does not exist|is not permitted)': "28000",
    r"too many (clients|connections)|connection slots": "53300",
}
"""What the server says of a connection that it refuses: libpq passes on the words and no SQLSTATE."""


def explain(error: DBAPIError | DatabaseError) -> str:
    """Return one sentence that says what is wrong with the database and what to do; it names no value."""
    if isinstance(error, DatabaseError):
        return str(error)
    original = cast(object, error.orig)
    if isinstance(original, sqlite3.Error):
        return _explain_sqlite(original)
    state = getattr(original, "sqlstate", None) or _state_of_refusal(str(original))
    for prefix, sentence in POSTGRESQL_TROUBLE.items():
        if state.startswith(prefix):
            return sentence
    return f"PostgreSQL refused (SQLSTATE {state}); run `attune doctor`."


def _explain_sqlite(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "") or ""
    for prefix, sentence in SQLITE_TROUBLE.items():
        if name.startswith(prefix):
            return sentence
    if "no such table" in str(error) or "no such column" in str(error):
        return NO_TABLES
    return f"SQLite refused ({name or 'no code'}); run `attune doctor`."


def _state_of_refusal(words: str) -> str:
    return next((state for pattern, state in REFUSED.items() if re.search(pattern, words)), "08001")


@cache
def _insert_new(table: Table, on_sqlite: bool) -> Insert:
    insert = sqlite_insert if on_sqlite else postgresql_insert
    return insert(table).on_conflict_do_nothing()


def insert_new(session: Session, row: type[DeclarativeBase], values: Sequence[Mapping[str, object]]) -> int:
    """Insert rows, skip those whose unique key is taken, and return how many were new; one statement."""
    if not values:
        return 0
    if len(values) > 1:
        return batches.insert_many(session, row, values)
    statement = _insert_new(cast(Table, row.__table__), batches.on_sqlite(session))
    # Without the option the count is gone, and -1, before it can be asked for.
    # Past the session, which has no part in it and takes its time.
    connection = session.connection()
    return connection.execute(statement, list(values), execution_options={"preserve_rowcount": True}).rowcount
