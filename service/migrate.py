"""Bringing the tables up to this version, on either store."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from service import schema
from service.db import Database
from service.models import Meta
from service.sealing import Sealer
from service.trouble import DatabaseError, explain


def config(connection: Connection) -> Config:
    """Return Alembic's configuration for our migrations on an open connection."""
    made = Config()
    made.set_main_option("script_location", str(resources.files("service") / "migrations"))
    made.attributes["connection"] = connection
    return made


def upgrade(db: Database, sealer: Sealer) -> tuple[str | None, str]:
    """Bring the tables up to this version; return the revisions before and after. A repeat changes nothing.

    A new database is bound to the key. A newer one, or one of another key, is refused before any write.
    """
    try:
        before = _refuse(db, sealer)
        with rebuilding(db) as connection:
            command.upgrade(config(connection), "head")
        with db.write() as session:
            schema.bind_key(session, sealer)
    except DBAPIError as error:
        raise DatabaseError(explain(error)) from None
    return before, schema.REVISIONS[-1]


def make_first(db: Database, sealer: Sealer) -> None:
    """Make the tables in an empty database and bind them to the key; any others are left as they are."""
    try:
        with db.read() as session:
            # Another worker may have made them just now, and not bound them yet.
            empty = schema.revision(session) is None or session.get(Meta, schema.FINGERPRINT) is None
    except DBAPIError as error:
        raise DatabaseError(explain(error)) from None
    if empty:
        upgrade(db, sealer)


@contextmanager
def rebuilding(db: Database) -> Iterator[Connection]:
    """Open a transaction in which SQLite may rebuild tables: rows that refer to them stay.

    Raises DatabaseError, and changes nothing, if rows would be left without their parents.
    """
    with db.writers.connect() as connection:
        if db.is_sqlite:
            # A batch rebuild drops the old table and with it, were they on, all rows that refer to it.
            # PRAGMA does nothing inside a transaction, so it goes to the driver before one begins.
            pragma(connection, "foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                if db.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise DatabaseError("The upgrade would leave rows without their parents; it was undone.")
        finally:
            if db.is_sqlite:
                pragma(connection, "foreign_keys = ON")


def _refuse(db: Database, sealer: Sealer) -> str | None:
    with db.read() as session:
        before = schema.revision(session)
        if before is not None and before not in schema.REVISIONS:
            schema.check(session)
        if before is not None and session.get(Meta, schema.FINGERPRINT) is not None:
            schema.check_key(session, sealer)
        return before


def pragma(connection: Connection, setting: str) -> None:
    """Change a setting of SQLite's on this connection, outside any transaction."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA {setting}")
