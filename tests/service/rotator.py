"""A rotation of the key in a process that kills itself, and another process that goes on meanwhile.

It may die before and after each commit of a write, and before and after each replacement of the key file.
"""

import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, event, update
from sqlalchemy.orm import Session

from notifiers.base import Inbound
from service import inbound, rotation, sealing
from service.connecting import WRITE
from service.models import Person
from service.settings import Settings
from service.site import open_site
from service.states import AddressKind
from tests.world import NUMBERS


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


def keep_storing(settings: Settings, at: datetime, stop: Path) -> None:
    """Store and understand messages, and change the names of all, until the file `stop` is there."""
    site = open_site(settings, lambda: at)
    turn = 0
    while not stop.exists():
        turn += 1
        said = Inbound(f"at-work-{turn}", NUMBERS["Alex"], f"done {turn}, and more")
        reply_id = inbound.store(site, "phone", AddressKind.SMS, said, at)
        if turn % 2:
            assert reply_id
            assert inbound.understand(site, reply_id, at)
        with site.db.write() as session:
            session.execute(update(Person).values(name_sealed=site.sealer.seal(f"Name {turn}")))
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
