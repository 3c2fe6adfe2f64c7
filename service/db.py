"""The database: two kinds of session, and plain words for what can go wrong with it.

`read()` never writes. `write()` takes SQLite's one write lock at its beginning (`BEGIN IMMEDIATE`), so a
transaction can fail only before it did anything; on PostgreSQL it is an ordinary transaction.
"""

import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, CursorResult, Engine, Insert, Table, create_engine, event, make_url
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry

from service import batches
from service.errors import AttuneError

GONE = "The database file is gone; put it back from a backup, then start Attune again."
WRITE = "attune_write"
MOMENT_MS = 200
"""How long an emptying of SQLite's log waits for whoever reads before it makes way for others."""


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
        if getattr(self._writing, "now", False):
            raise RuntimeError("write() inside write() would wait for itself.")
        with self._my_turn() if self.is_sqlite else nullcontext():
            self.check_there()
            self._writing.now = True
            try:
                with Session(self.writers) as session, session.begin():
                    if self.is_sqlite:
                        # The lock is taken now and not by the first statement: what is sealed in here is
                        # committed before whoever waits for the lock, such as a rotation of the key, goes on.
                        session.connection()
                    yield session
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
        """Empty SQLite's log of writes, so that nothing deleted is left in it; say whether that was done.

        It cannot be while somebody reads. It is tried again for so many seconds, each time for a moment only:
        who wants to write waits for as long.
        """
        if not self.is_sqlite:
            return True
        end = time.monotonic() + seconds
        connection = self.engine.raw_connection()  # A plain one: this cannot be part of a transaction.
        try:
            connection.execute(f"PRAGMA busy_timeout = {MOMENT_MS}")
            while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() >= end:
                    return False
                time.sleep(MOMENT_MS / 1000)
            return True
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(self._busy_seconds * 1000)}")
            connection.close()

    def close(self) -> None:
        self.engine.dispose()


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
        return create_engine(
            parsed,
            pool_size=10,
            max_overflow=20,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": 10},
        )
    engine = create_engine(
        parsed, pool_size=16, max_overflow=48, connect_args={"timeout": busy_seconds}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


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
    added = session.execute(statement, list(values), execution_options={"preserve_rowcount": True})
    return cast(CursorResult[object], added).rowcount
