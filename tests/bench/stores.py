"""An empty database of each kind for a measurement, as safe from a power cut as a real one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import postgres

SETTINGS = f"{postgres.DURABLE} -c shared_buffers=512MB -c max_wal_size=4GB -c checkpoint_timeout=30min"
"""The last of two settings of one name counts."""


def stores() -> list[str]:
    """Return the kinds of database that this machine has."""
    return ["SQLite", *(["PostgreSQL"] if postgres.folder_of_binaries() else [])]


@contextmanager
def store(name: str) -> Iterator[tuple[str, Path]]:
    """Yield the URL of a database without tables, alone on its server, and a folder; all of it goes after."""
    with TemporaryDirectory(prefix="attune-bench-") as made:
        folder = Path(made)
        if name == "SQLite":
            yield f"sqlite:///{folder / 'attune.db'}", folder
            return
        server = folder / "server"
        folder.chmod(0o711)
        try:
            with postgres.database(postgres.start(server, SETTINGS), "bench") as url:
                yield url, folder
        finally:
            postgres.stop(server)


@contextmanager
def empty(name: str) -> Iterator[str]:
    """Yield the URL alone."""
    with store(name) as (url, _):
        yield url
