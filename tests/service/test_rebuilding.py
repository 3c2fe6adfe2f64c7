"""Later migrations will rebuild tables on SQLite; no row may be lost by it."""

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from service import migrate
from service.db import Database
from service.trouble import DatabaseError
from tests.service.looking import add_person, counts


def rebuild_person(connection: Connection) -> None:
    """What a later migration may do to a table that half of the others refer to."""
    with Operations(MigrationContext.configure(connection)).batch_alter_table(
        "person", recreate="always" if connection.dialect.name == "sqlite" else "auto"
    ) as table:
        table.alter_column("zone", new_column_name="time_zone")


def test_a_rebuilt_table_keeps_all_rows_that_refer_to_it(database: Database) -> None:
    with database.write() as session:
        add_person(session)
        before = counts(session)
    with migrate.rebuilding(database) as connection:
        rebuild_person(connection)
    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT time_zone FROM person")) == "UTC"
        for name, rows in before.items():
            assert connection.scalar(text(f"SELECT count(*) FROM {name}")) == rows
    assert before["entry"] == before["person"] == 1
    assert_parents_are_needed(database)


def test_a_rebuild_that_would_leave_orphans_is_undone(database: Database) -> None:
    with database.write() as session:
        add_person(session)
        before = counts(session)

    def lose_the_habit() -> None:
        with migrate.rebuilding(database) as connection:
            connection.execute(text("DELETE FROM habit"))

    if database.is_sqlite:
        with pytest.raises(DatabaseError, match="it was undone"):
            lose_the_habit()
        with database.read() as session:
            assert counts(session) == before
    else:
        lose_the_habit()  # PostgreSQL takes the rows that refer to it along.
        with database.read() as session:
            assert counts(session)["entry"] == 0
    assert_parents_are_needed(database)


def test_a_migration_that_fails_is_undone(database: Database) -> None:
    def fail() -> None:
        with migrate.rebuilding(database) as connection:
            rebuild_person(connection)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.write() as session:
        add_person(session)
    assert_parents_are_needed(database)


def assert_parents_are_needed(database: Database) -> None:
    """On every connection of the pool, those that were used for a rebuild as well."""
    if database.is_sqlite:
        with database.read() as one, database.read() as other:
            assert [session.scalar(text("PRAGMA foreign_keys")) for session in (one, other)] == [1, 1]


def test_a_deleted_person_takes_their_rows_along(database: Database) -> None:
    with database.write() as session:
        session.delete(add_person(session))
        session.flush()
        left = counts(session)
    assert (left["entry"], left["person"], left["couple"], left["habit"]) == (0, 0, 1, 1)
