"""The tables of the cluster's jobs: made once, apart from ours, refused if not right."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, text

from service import migrate
from service.db import Database
from service.engine import tables
from service.running.worker import make_first_tables
from service.settings import Settings
from service.trouble import DatabaseError
from tests.conftest import KEY

pytestmark = pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
OLD = "03.03.00_01_pre_priority_lock_fetch_job"


@pytest.fixture
def db(empty_url: str) -> Iterator[Database]:
    made = Database(empty_url)
    yield made
    made.close()


def execute(db: Database, *statements: str) -> None:
    with db.write() as session:
        for statement in statements:
            session.execute(text(statement))


def shape(db: Database) -> dict[str, list[str]]:
    """Return the columns of all tables of the jobs."""
    with db.engine.connect() as connection:
        found = inspect(connection)
        return {
            name: sorted(str(column) for column in found.get_columns(name, schema=tables.SCHEMA))
            for name in found.get_table_names(schema=tables.SCHEMA)
        }


def test_workers_that_start_at_once_on_an_empty_database(
    db: Database, empty_url: str, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, database_url=empty_url, key=KEY)
    for _ in range(2):  # At once, in processes: tests/service/test_migrations.py.
        make_first_tables(settings)
    failed: list[Exception] = []

    def start() -> None:
        try:
            tables.prepare(db)
        except Exception as error:
            failed.append(error)

    starting = [threading.Thread(target=start) for _ in range(3)]
    for one in starting:
        one.start()
    for one in starting:
        one.join()
    assert failed == []
    assert shape(db).keys() >= {"procrastinate_jobs", "procrastinate_workers"}
    with db.engine.begin() as connection:
        command.check(migrate.config(connection))  # Alembic does not meet them.
        assert not [
            name for name in inspect(connection).get_table_names() if name.startswith("procrastinate")
        ]


def test_tables_that_are_not_right_are_refused_in_one_sentence(db: Database) -> None:
    execute(db, f"CREATE SCHEMA {tables.SCHEMA}")
    for change, said in (
        ("NULL", tables.FOREIGN),
        ("'99.00.00_01'", tables.NEWER),
        (f"'{OLD}'", tables.OLDER),
    ):
        execute(db, f"COMMENT ON SCHEMA {tables.SCHEMA} IS {change}")
        with pytest.raises(DatabaseError, match=said[:60]):
            tables.prepare(db)
        if said != tables.OLDER:
            with pytest.raises(DatabaseError, match=said[:60]):
                tables.upgrade(db)
    assert shape(db) == {}


def test_older_tables_are_brought_up(db: Database) -> None:
    tables.upgrade(db)
    assert shape(db) == {}  # Where no worker ever was, none are made.
    tables.prepare(db)
    wanted = shape(db)
    execute(db, f"DROP SCHEMA {tables.SCHEMA} CASCADE", f"CREATE SCHEMA {tables.SCHEMA}")
    # As Procrastinate has it that was before the newest migrations.
    for name in [name for name in tables.versions() if name <= OLD]:
        with db.writers.begin() as connection:
            tables.run(connection, tables.script(name), name)
    with pytest.raises(DatabaseError, match="older"):
        tables.prepare(db)
    tables.upgrade(db)
    assert shape(db) == wanted
    tables.prepare(db)
