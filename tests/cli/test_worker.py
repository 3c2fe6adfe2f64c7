"""`attune run worker` where it cannot work: one sentence each, and what to do."""

import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from service.db import Database
from service.engine import tables
from service.sealing import new_key
from tests.cli.conftest import Cli
from tests.conftest import KEY


@pytest.fixture
def on_postgresql(tmp_path: Path, database_url: str) -> Cli:
    """An installation on a PostgreSQL with all tables."""
    home = tmp_path / "shared"
    home.mkdir()
    (home / "attune.toml").write_text(f'database_url = "{database_url}"\n[notifiers.phone]\n')
    (home / "secrets").mkdir(mode=0o700)
    (home / "secrets" / "attune_key").write_text(KEY)
    return Cli(home)


def refused(cli: Cli, code: int) -> str:
    result = cli.run("run", "worker", code=code)
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_sqlite_cannot_be_shared(cli: Cli) -> None:
    assert cli.refused("run", "worker").startswith("Workers share a PostgreSQL, and this database is SQLite")


def test_the_extra_is_missing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    assert cli.refused("run", "worker").endswith("pip install 'attune[cluster]'.")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_other_tables_or_another_key(on_postgresql: Cli, database_url: str) -> None:
    cli = on_postgresql
    db = Database(database_url)
    tables.prepare(db)
    before = tables.versions()[-2]
    with db.write() as session:
        session.execute(text(f"COMMENT ON SCHEMA {tables.SCHEMA} IS '{before}'"))
    assert "run `attune db upgrade`" in refused(cli, 1)
    with db.write() as session:
        session.execute(text(f"COMMENT ON SCHEMA {tables.SCHEMA} IS '99.00'"))
    for command in (("run", "worker"), ("db", "upgrade")):
        assert "from a newer Procrastinate" in cli.run(*command, code=1).stderr
    with db.write() as session:
        session.execute(text(f"DROP SCHEMA {tables.SCHEMA} CASCADE"))
    db.close()
    (cli.home / "secrets" / "attune_key").write_text(new_key())
    assert "not the one that its database was sealed with" in refused(cli, 1)
