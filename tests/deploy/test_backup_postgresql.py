"""backup.sh on a real PostgreSQL that asks for a password."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from pwd import getpwnam

import psycopg
import pytest

from tests.deploy.installation import Place, assert_one_sentence

PASSWORD = "pa:ss/w@rd %"
IN_URL = "pa%3Ass%2Fw%40rd%20%25"


def run_as_server(*command: str | Path) -> None:
    """Run a program of PostgreSQL, which refuses to be root."""
    owner = getpwnam("postgres") if os.getuid() == 0 else None
    subprocess.run(
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
        user=owner.pw_uid if owner else None,
        group=owner.pw_gid if owner else None,
        extra_groups=[] if owner else None,
    )


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL that asks for a password, on a local socket; yield the folder of the socket."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2]))
    if not found:
        pytest.skip("There is no PostgreSQL here; install the Debian package postgresql.")
    programs = found[-1]
    # Not pytest's folder: the server's user may not look into it.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        password = Path(folder) / "password"
        password.write_text(PASSWORD)
        if os.getuid() == 0:
            for path in (folder, password):
                os.chown(path, getpwnam("postgres").pw_uid, -1)
        data = Path(folder) / "data"
        access = ["-U", "attune", "-A", "scram-sha-256", f"--pwfile={password}"]
        run_as_server(programs / "initdb", "--no-sync", "-D", data, *access)
        server: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w", "-s"]
        options = f"-k {folder} -p 5432 -c listen_addresses= -c fsync=off"
        run_as_server(*server, "-o", options, "-l", Path(folder) / "log", "start")
        try:
            yield folder
        finally:
            run_as_server(*server, "-m", "immediate", "stop")


def connect(folder: str, name: str) -> psycopg.Connection:
    """Open one database of the server whose socket lies in the folder."""
    return psycopg.connect(
        host=folder, port=5432, user="attune", password=PASSWORD, dbname=name, autocommit=True
    )


def test_postgresql_is_dumped_and_restored(postgresql: str, place: Place) -> None:
    with connect(postgresql, "postgres") as connection:
        connection.execute("CREATE TABLE entry (day date)")
        connection.execute("INSERT INTO entry VALUES ('2026-01-02'), ('2026-01-03')")
        connection.execute("CREATE DATABASE restored")

    url = f"postgresql+psycopg://attune:{IN_URL}@/postgres?host={postgresql}"
    done = place.back_up(ATTUNE_DATABASE_URL=url)
    assert (done.returncode, done.stderr) == (0, "")
    dump = Path(done.stdout.strip())
    assert place.left() == [dump.name]
    assert dump.suffix == ".dump"

    place_of = [f"--host={postgresql}", "--port=5432", "--username=attune", "--dbname=restored"]
    restore = ["pg_restore", "--no-owner", *place_of, str(dump)]
    subprocess.run(restore, env=os.environ | {"PGPASSWORD": PASSWORD}, check=True, capture_output=True)
    with connect(postgresql, "restored") as connection:
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (2,)


def test_a_password_file_serves_as_well(postgresql: str, place: Place) -> None:
    passwords = place.home / "pgpass"
    passwords.write_text("*:*:*:attune:" + PASSWORD.replace("\\", "\\\\").replace(":", "\\:") + "\n")
    passwords.chmod(0o600)
    url = f"postgresql+psycopg://attune@/postgres?host={postgresql}"
    done = place.back_up(ATTUNE_DATABASE_URL=url, PGPASSFILE=str(passwords))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_refused_login_is_told_without_the_password(postgresql: str, place: Place) -> None:
    url = f"postgresql+psycopg://attune:a-wrong-one@/postgres?host={postgresql}"
    done = place.back_up(ATTUNE_DATABASE_URL=url)
    assert_one_sentence(done, "password authentication failed")
    assert "a-wrong-one" not in done.stderr
    assert place.left() == []
