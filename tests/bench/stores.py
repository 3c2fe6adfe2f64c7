"""Both stores for a measurement: an SQLite file on the disk, and a PostgreSQL that writes to it as well."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import postgres

SETTINGS = (
    "-c unix_socket_directories= -c max_connections=100 -c shared_buffers=512MB -c max_wal_size=4GB"
    " -c checkpoint_timeout=30min"
)
"""Unlike that of the tests it waits for the disk, as one that is used does."""


def names() -> list[str]:
    """Return the stores that there are on this machine."""
    return ["sqlite", *(["postgresql"] if postgres.folder_of_binaries() else [])]


@contextmanager
def store(name: str) -> Iterator[tuple[str, Path]]:
    """Yield the URL of an empty database of this store, and a folder; nothing of it stays."""
    with TemporaryDirectory(prefix="attune-bench-") as made:
        folder = Path(made)
        if name == "sqlite":
            yield f"sqlite:///{folder / 'attune.db'}", folder
            return
        server = folder / "server"
        folder.chmod(0o711)
        try:
            with postgres.database(postgres.start(server, SETTINGS), "bench") as url:
                yield url, folder
        finally:
            postgres.stop(server)
