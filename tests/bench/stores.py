"""An empty database of each kind for a measurement, as safe from a power cut as a real one."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import postgres


def stores() -> list[str]:
    """Return the kinds of database that this machine has."""
    return ["SQLite", *(["PostgreSQL"] if postgres.folder_of_binaries() else [])]


@contextmanager
def empty(store: str) -> Iterator[str]:
    """Yield the URL of a database without tables, alone on its server; all of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="attune-bench-") as name:
        folder = Path(name)
        if store == "SQLite":
            yield f"sqlite:///{folder / 'attune.db'}"
            return
        try:
            with postgres.database(postgres.start(folder, postgres.DURABLE), "bench") as url:
                yield url
        finally:
            postgres.stop(folder)
