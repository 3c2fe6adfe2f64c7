"""Procrastinate's tables, in a schema of PostgreSQL's of their own: ours and Alembic never meet them."""

from pathlib import Path

from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from service.db import Database
from service.trouble import DatabaseError, explain

SCHEMA = "attune_jobs"
LOCK = text("SELECT pg_advisory_xact_lock(hashtext('attune migrations'))")
EXISTS = text("SELECT to_regnamespace(:schema)")
COMMENT = text("SELECT obj_description(to_regnamespace(:schema), 'pg_namespace')")
OLDER = "The tables of the cluster's jobs are from an older Procrastinate; run `attune db upgrade`."
NEWER = "The tables of the cluster's jobs are from a newer Procrastinate; install the newer Attune here."
FOREIGN = f"PostgreSQL's schema {SCHEMA} is not Attune's; rename it, then run `attune db upgrade`."


def versions() -> list[str]:
    """Return the names of Procrastinate's migrations, oldest first; the last is what this package needs."""
    return sorted(file.stem for file in Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def prepare(db: Database) -> None:
    """Make the tables if there are none; any number of workers may do so at once.

    Raises DatabaseError if there are others than this package needs: `upgrade` may change them.
    """
    _change(db, upgrading=False)


def upgrade(db: Database) -> None:
    """Bring the tables up to this package's, if there are any. Raises DatabaseError if they are newer."""
    _change(db, upgrading=True)


def _change(db: Database, upgrading: bool) -> None:
    try:
        while _step(db, upgrading):
            pass
    except DBAPIError as error:
        raise DatabaseError(explain(error)) from None


def _step(db: Database, upgrading: bool) -> bool:
    """Run the one script that comes next, in a transaction of its own; say whether there was one.

    Two in one may not be: PostgreSQL takes a new value of an enumeration only after a commit.
    """
    known = versions()
    with db.writers.begin() as connection:
        connection.execute(LOCK)
        if connection.scalar(EXISTS, {"schema": SCHEMA}) is None:
            if upgrading:
                return False  # No worker was ever here, and there may never be one.
            connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
            run(connection, SchemaManager.get_schema(), known[-1])
            return True
        found = connection.scalar(COMMENT, {"schema": SCHEMA})
        if found is None:
            raise DatabaseError(FOREIGN)
        if found > known[-1]:
            raise DatabaseError(NEWER)
        later = [name for name in known if name > found]
        if later and not upgrading:
            raise DatabaseError(OLDER)
        for name in later[:1]:
            run(connection, script(name), name)
        return bool(later)


def script(name: str) -> str:
    """Return the text of one of Procrastinate's migrations."""
    return (Path(SchemaManager.get_migrations_path()) / f"{name}.sql").read_text("utf-8")


def run(connection: Connection, words: str, version: str) -> None:
    """Run a script of several statements in the schema, and note there what it is up to now."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"SET LOCAL search_path TO {SCHEMA}".encode())
    driver.execute(words.encode())
    driver.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{version}'".encode())
    driver.execute(b"RESET search_path")
