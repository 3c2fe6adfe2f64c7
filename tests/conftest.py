"""What all tests share: a database of either store, an installation on it, and Alex, Sam and Charlie."""

import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from service import migrate
from service.db import Database
from service.sealing import Sealer, new_key
from service.settings import Settings
from tests import postgres
from tests.world import World

STORES = ("sqlite", "postgresql")
KEY = new_key()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this test process; skipped where there is none."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
    elif postgres.folder_of_binaries() is None:
        pytest.skip("No PostgreSQL: set TEST_DATABASE_URL or install Debian's postgresql.")
    else:
        with postgres.server(tmp_path_factory.mktemp("postgres")) as url:
            yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that each test copies."""
    path = tmp_path_factory.mktemp("template") / "attune.db"
    database = Database(f"sqlite:///{path}")
    migrate.upgrade(database, Sealer(KEY))
    database.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a migrated, empty PostgreSQL database that each test copies."""
    name = f"template_{uuid4().hex[:12]}"
    _execute(postgres_url, f'CREATE DATABASE "{name}"')
    database = Database(_named(postgres_url, name))
    migrate.upgrade(database, Sealer(KEY))
    database.close()
    return name


@pytest.fixture(params=STORES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database, once on each store."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path / "attune.db"
        path.write_bytes(template.read_bytes())
        yield f"sqlite:///{path}"
        return
    server: str = request.getfixturevalue("postgres_url")
    source: str = request.getfixturevalue("postgres_template")
    name = f"test_{uuid4().hex[:12]}"
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    yield _named(server, name)
    _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables; parametrize indirectly with a store."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: str = request.getfixturevalue("postgres_url")
    name = f"empty_{uuid4().hex[:12]}"
    _execute(server, f'CREATE DATABASE "{name}"')
    yield _named(server, name)
    _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _named(url: str, name: str) -> str:
    return f"postgresql+psycopg://{url.partition('://')[2].rpartition('/')[0]}/{name}"


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(home=tmp_path, database_url=database_url, key=KEY, notifiers={"phone": {}})


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """An installation on an empty database, at 09:00 UTC on Monday 2 March 2026."""
    made = World.open(settings, datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    yield made
    made.site.db.close()

