"""backup.sh on a real PostgreSQL, as a user who needs a password."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Literal
from sqlalchemy import make_url

from tests import postgres
from tests.deploy.installation import Place, assert_one_sentence

PASSWORD = "pa:ss/w@rd %"
IN_URL = "pa%3Ass%2Fw%40rd%20%25"


@dataclass(frozen=True)
class Server:
    """A server of these tests' own, in which `guarded` is everybody's master and has a password."""

    programs: str
    host_and_port: str

    def url(self, password: str = "") -> str:
        """Return what would stand in ATTUNE_DATABASE_URL; the password as it is written in a URL."""
        login = f"guarded:{password}" if password else "guarded"
        return f"postgresql+psycopg://{login}@{self.host_and_port}/postgres"

    def connect(self, name: str) -> psycopg.Connection:
        url = f"postgresql://guarded:{IN_URL}@{self.host_and_port}/{name}"
        return psycopg.connect(url, autocommit=True)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    if postgres.folder_of_binaries() is None:
        pytest.skip("There is no PostgreSQL here; install the Debian package postgresql.")
    folder = Path(tempfile.mkdtemp(prefix="attune-backup-"))
    try:
        url = postgres.start(folder)
        role = SQL("CREATE ROLE guarded SUPERUSER LOGIN PASSWORD {}").format(Literal(PASSWORD))
        with psycopg.connect(url) as connection:
            connection.execute(role)
        address = make_url(url)
        yield Server(str(folder / "bin"), f"{address.host}:{address.port}")
    finally:
        postgres.stop(folder)


@pytest.fixture
def path(server: Server) -> str:
    """The PATH on which pg_dump is as new as the server."""
    if not (Path(server.programs) / "pg_dump").exists():
        pytest.skip("There is no pg_dump beside the server; install the Debian package postgresql.")
    return os.pathsep.join([server.programs, os.environ["PATH"]])


def test_a_database_is_dumped_and_restored(server: Server, path: str, place: Place) -> None:
    with server.connect("postgres") as connection:
        connection.execute("CREATE TABLE entry (day date)")
        connection.execute("INSERT INTO entry VALUES ('2026-01-02'), ('2026-01-03')")
        connection.execute("CREATE DATABASE restored")

    done = place.back_up(ATTUNE_DATABASE_URL=server.url(IN_URL), PATH=path)
    assert (done.returncode, done.stderr) == (0, "")
    dump = Path(done.stdout.strip())
    assert place.left() == [dump.name]
    assert dump.suffix == ".dump"

    into = f"postgresql://guarded:{IN_URL}@{server.host_and_port}/restored"
    restore = ["pg_restore", "--no-owner", f"--dbname={into}", str(dump)]
    subprocess.run(restore, env=os.environ | {"PATH": path}, check=True, capture_output=True)
    with server.connect("restored") as connection:
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (2,)


def test_a_password_file_serves_as_well(server: Server, path: str, place: Place) -> None:
    passwords = place.home / "pgpass"
    passwords.write_text("*:*:*:guarded:" + PASSWORD.replace(":", "\\:") + "\n")
    passwords.chmod(0o600)
    done = place.back_up(ATTUNE_DATABASE_URL=server.url(), PGPASSFILE=str(passwords), PATH=path)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_password_is_not_on_the_command_line(place: Place, tmp_path: Path) -> None:
    told = tmp_path / "told"
    dump = tmp_path / "pg_dump"
    dump.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" > {told}\nexit 1\n')
    dump.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    url = "postgresql+psycopg://attune:the-secret@127.0.0.1/attune"
    assert place.back_up(ATTUNE_DATABASE_URL=url, PATH=path).returncode == 1
    assert "//attune@127.0.0.1" in told.read_text()
    assert "the-secret" not in told.read_text()


def test_a_refused_login_is_told_without_the_password(server: Server, path: str, place: Place) -> None:
    done = place.back_up(ATTUNE_DATABASE_URL=server.url("a-wrong-one"), PATH=path)
    assert_one_sentence(done, "password authentication failed")
    assert "a-wrong-one" not in done.stderr
    assert place.left() == []


def test_a_database_on_the_local_socket_is_found(place: Place, tmp_path: Path) -> None:
    nowhere = {"PGHOST": str(tmp_path), "PGPORT": "5432"}
    done = place.back_up(ATTUNE_DATABASE_URL="postgresql+psycopg:///attune", **nowhere)
    assert_one_sentence(done, str(tmp_path))
