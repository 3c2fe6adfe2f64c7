"""What can happen to a database for a minute, done for real: each is a block inside which it is so."""

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from service import migrate
from service.db import Database
from service.sealing import Sealer
from service.trouble import GONE, POSTGRESQL_TROUBLE, SQLITE_TROUBLE
from tests import postgres
from tests.conftest import KEY

KINDS = ("locked", "moved away", "disk full", "server stopped")
DISK = 8 * 1024 * 1024


@dataclass(frozen=True)
class Trouble:
    """A database, what happens to it inside a block, and the sentence that says so."""

    url: str
    block: Callable[[], AbstractContextManager[None]]
    sentence: str


@contextmanager
def trouble(kind: str, template: Path, folder: Path) -> Iterator[Trouble]:
    """Make a database to which `kind` can happen; skip the test where that cannot be done."""
    with ExitStack() as stack:
        if kind == "server stopped":
            yield _stopped_server(stack)
            return
        place = stack.enter_context(_small_disk(folder / "disk")) if kind == "disk full" else folder
        file = place / "attune.db"
        file.write_bytes(template.read_bytes())
        blocks = {
            "locked": (lambda: _locked(file), SQLITE_TROUBLE["SQLITE_BUSY"]),
            "moved away": (lambda: _moved_away(file), GONE),
            "disk full": (lambda: _full(place), SQLITE_TROUBLE["SQLITE_FULL"]),
        }
        yield Trouble(f"sqlite:///{file}", *blocks[kind])


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def _moved_away(file: Path) -> Iterator[None]:
    elsewhere = file.with_name("elsewhere.db")
    file.rename(elsewhere)
    yield
    # Nobody has made an empty one in its place.
    assert not file.exists()
    elsewhere.rename(file)


@contextmanager
def _small_disk(place: Path) -> Iterator[Path]:
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("This user may not mount a small disk to fill.")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@contextmanager
def _full(place: Path) -> Iterator[None]:
    # What the log of writes has room for already would still be taken.
    with closing(sqlite3.connect(place / "attune.db", isolation_level=None)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    yield
    filler.unlink()


def _stopped_server(stack: ExitStack) -> Trouble:
    if postgres.folder_of_binaries() is None:
        pytest.skip("No PostgreSQL of its own for this test: install Debian's postgresql.")
    folder = Path(f"/tmp/attune-postgres-{uuid4().hex[:12]}")
    server = postgres.start(folder)
    stack.callback(postgres.stop, folder)
    url = postgres.named(server, postgres.create(server, "attune"))
    database = Database(url)
    migrate.upgrade(database, Sealer(KEY))
    database.close()
    return Trouble(url, lambda: postgres.stopped(folder), POSTGRESQL_TROUBLE["57P"])
