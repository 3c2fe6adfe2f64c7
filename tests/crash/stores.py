"""A database of each store for the crash tests: empty, and gone afterwards."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests import postgres

STORES = ("sqlite", "postgresql")


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a PostgreSQL server: TEST_DATABASE_URL, or one that lives inside the block."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    folder = Path(tempfile.gettempdir()) / f"attune-crash-{uuid4().hex[:12]}"
    try:
        yield postgres.start(folder)
    finally:
        postgres.stop(folder)


@contextmanager
def database(store: str) -> Iterator[str | None]:
    """Yield the URL of an empty database; None stands for an SQLite file wherever it is wanted."""
    if store == "sqlite":
        yield None
        return
    with server() as url, postgres.database(url, f"crash_{uuid4().hex[:12]}") as made:
        yield made
