"""What the tests of the web server share: rows as they are, the log, a database in trouble."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url, select
from sqlalchemy.engine import Row as Result

from service.models.base import Row
from tests import logs, postgres
from tests.world import World

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For tests of what does not depend on the store."""
PUBLIC = "https://nudge.example.org"


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """All that has been logged."""
    with logs.kept_in(tmp_path / "log"):
        yield (tmp_path / "log").read_text


def everything(world: World) -> dict[str, list[Result[tuple[object, ...]]]]:
    """Return all rows of all tables."""
    with world.site.db.read() as session:
        return {
            table.name: list(session.execute(select(table).order_by(*table.primary_key)))
            for table in Row.metadata.sorted_tables
        }


@pytest.fixture
def out_of_reach(database_url: str) -> Callable[[], AbstractContextManager[None]]:
    """A block in which nobody can write to the database: SQLite is locked, PostgreSQL lets nobody in."""
    url = make_url(database_url)

    @contextmanager
    def locked() -> Iterator[None]:
        with closing(sqlite3.connect(url.database or "", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def closed() -> Iterator[None]:
        server = url.set(database="postgres").render_as_string(hide_password=False)
        postgres.execute(server, f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false')
        postgres.execute(
            server,
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{url.database}'",
        )
        yield
        postgres.execute(server, f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true')

    return locked if url.drivername == "sqlite" else closed
