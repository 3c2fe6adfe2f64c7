"""The database: sessions that read, and sessions that write.

`read()` never writes. `write()` takes SQLite's one write lock at its beginning (`BEGIN IMMEDIATE`), so a
transaction can fail only before it did anything; on PostgreSQL it is an ordinary transaction.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

from sqlalchemy import Connection, Insert, Table, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import PoolProxiedConnection

from service import batches
from service.connecting import WRITE, engine_of
from service.gathering import Gathering
from service.trouble import GONE, SQLITE_TROUBLE, DatabaseError

T = TypeVar("T")
MOMENT_MS = 200
"""How long an emptying of SQLite's log waits for whoever reads before it makes way for others."""
REWRITTEN_BYTES = 128 * 1024 * 1024
"""A larger file is not rewritten to be rid of what was deleted: nobody could write for many seconds."""

NEVER_COUNTED = text(
    "SELECT quote_ident(relname) FROM pg_stat_user_tables WHERE schemaname = current_schema()"
    " AND last_analyze IS NULL AND last_autoanalyze IS NULL"
)


class Database:
    """One database, its connection pool, and in this process one SQLite writer at a time.

    One opened `beside` another is the same database for whoever cannot wait: it shares that one's turns, and
    waits `busy_seconds` at most for its turn, and as long again for other programs.
    """

    def __init__(self, url: str, busy_seconds: float = 30.0, beside: "Database | None" = None) -> None:
        self.engine = engine_of(url, busy_seconds)
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

    def count_rows(self) -> None:
        """Let PostgreSQL count the rows of the tables in which it never did, as after a restore.

        Until it has, which it does by itself within minutes, it may read whole tables for a few rows.
        """
        if self.is_sqlite:
            return
        with self.write() as session:
            if tables := session.scalars(NEVER_COUNTED).all():
                session.execute(text(f"ANALYZE (SKIP_LOCKED) {', '.join(tables)}"))

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
