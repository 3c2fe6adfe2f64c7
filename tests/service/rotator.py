"""A rotation of the key in a process that kills itself with SIGKILL where it is told to.

It may die before and after each commit of a write, and before and after each replacement of the key file.
"""

import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from service import rotation, sealing
from service.db import WRITE
from service.settings import Settings
from service.site import open_site


def rotate_and_die(settings: Settings, at: datetime, nth: int) -> None:
    """Rotate, eight rows at a time, and die at the `nth` place."""
    left = nth

    def reach() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    rotation.BATCH = 8
    _listen(reach)
    site = open_site(settings, lambda: at)
    rotation.rotate(site, at)
    site.db.close()


def _listen(reach: Callable[[], None]) -> None:
    writes = False

    def before(session: Session) -> None:
        nonlocal writes
        connection = session.connection()
        assert isinstance(connection, Connection)
        writes = bool(connection.get_execution_options().get(WRITE))
        if writes:
            reach()

    def after(_: Session) -> None:
        if writes:
            reach()

    replaced = sealing.replace_key

    def replace(path: Path, key: str) -> None:
        reach()
        replaced(path, key)
        reach()

    event.listen(Session, "before_commit", before)
    event.listen(Session, "after_commit", after)
    setattr(rotation, "replace_key", replace)  # noqa: B010 (The name is not its own.)
