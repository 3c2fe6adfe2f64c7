"""One of any number of workers, that share the work on one PostgreSQL."""

import gc
import os
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Protocol

from service import migrate
from service.db import Database
from service.errors import WrongUsage
from service.running import SELDOM
from service.running.daemon import get_ready_to_read, watched
from service.running.signals import end_by_signals, note_signals
from service.settings import Settings
from service.site import Site, open_key

NOT_SHARED = (
    "Workers share a PostgreSQL, and this database is SQLite: set ATTUNE_DATABASE_URL, or start `attune up`."
)


class Worker(Protocol):
    """An engine that shares the work with those of other processes."""

    def start(self) -> None:
        """Begin to work."""

    def late(self) -> Mapping[str, str]:
        """Return the jobs that hang or fail, and what they fail of."""

    def stop(self) -> bool:
        """Finish what is under way; say whether all of it ended in time."""


def run_worker(site: Site, worker: Worker, tell: Callable[[str], None]) -> None:
    """Run one of any number of workers until a signal ends it, in 10 s at the most."""
    ended = note_signals()
    get_ready_to_read()
    # A batch of planning makes thousands of values and no circles: to look for those takes a tenth of it.
    gc.set_threshold(*SELDOM)
    site.db.count_rows()
    worker.start()
    with watched(site, worker.late):
        gc.freeze()
        tell("the worker is at work")
        ended.wait()
        end_by_signals()
    if not worker.stop():
        # Python would wait for the threads that still hang. What they have claimed, other workers settle.
        os._exit(0)


def make_first_tables(settings: Settings) -> None:
    """Let the first of several workers that start on an empty database make the tables.

    Raises WrongUsage for a database that workers cannot share.
    """
    with closing(Database(settings.url, settings.busy_seconds)) as db:
        if db.is_sqlite:
            raise WrongUsage(NOT_SHARED)
        migrate.make_first(db, open_key(settings))
