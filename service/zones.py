"""A new time zone database: when reminders come next is worked out anew for everybody.

Only a newer one than the database was last gone through with counts, so that two machines with different ones
do not undo each other. Stopped half-way, it carries on from where it was.
"""

import time
import zoneinfo
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID

import structlog
import tzdata
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service import due, outbox
from service.db import insert_new
from service.models import Meta, Person
from service.site import Site

log = structlog.get_logger()

DONE = "time_zones"
"""The key of the version that all reminders have been gone through with."""
REACHED = "time_zones_reached"
"""The key of the version that they are being gone through with, and the last person so far."""
BATCH = 500
BREATH_SECONDS = 0.02
"""Between two writes, for whoever else wants to."""
MOST_SECONDS = 30.0
"""So long one call goes on; what is left is for the next, so that a daemon which is to stop can."""
NAMED_IN = ("tzdata.zi", "+VERSION")
"""Where a system's time zone database says its version: `# version 2026a`, or that alone."""


@cache
def version(folders: Sequence[str] = zoneinfo.TZPATH) -> str:
    """Return the version of the time zone database that this process uses, such as `2026a`.

    That is the system's if it has one, else the package's. It is looked at once: zones that were read before
    an update stay as they were until the process ends.
    """
    for folder in map(Path, folders):
        for name in NAMED_IN:
            try:
                with (folder / name).open(encoding="ascii") as file:
                    return file.readline().removeprefix("# version").strip()[:20]
            except (OSError, UnicodeDecodeError):
                continue
    return str(tzdata.IANA_VERSION)


def follow(site: Site) -> int:
    """Work out all reminders anew if the time zone database is a newer one; return how many people's."""
    mine, people, end = version(), 0, time.monotonic() + MOST_SECONDS
    with site.db.read() as session:
        if mine <= (_kept(session, DONE) or ""):
            return 0
    while time.monotonic() < end:
        with site.db.write() as session:
            found = _go_on(session, mine, site.now())
        people += found
        if not found:
            log.info("time zones are new", version=mine)
            break
        time.sleep(BREATH_SECONDS)
    return people


def _go_on(session: Session, mine: str, now: datetime) -> int:
    """Work out the reminders of the next people by their ids, and note how far that is; return how many."""
    insert_new(session, Meta, [{"key": REACHED, "value": ""}])
    value = session.scalar(select(Meta.value).where(Meta.key == REACHED).with_for_update())
    if mine <= (_kept(session, DONE) or ""):
        return 0  # Another process has come to the end meanwhile.
    of, _, reached = (value or "").partition(" ")
    after = [Person.id > UUID(reached)] if of == mine and reached else []
    ids = session.scalars(select(Person.id).where(*after).order_by(Person.id).limit(BATCH)).all()
    if not ids:
        _keep(session, DONE, mine)
        _keep(session, REACHED, "")
        return 0
    people = outbox.lock_people(session, ids)
    due.work_out(session, people, now)
    _keep(session, REACHED, f"{mine} {ids[-1]}")
    return len(ids)


def _kept(session: Session, key: str) -> str | None:
    return session.scalar(select(Meta.value).where(Meta.key == key))


def _keep(session: Session, key: str, value: str) -> None:
    insert_new(session, Meta, [{"key": key, "value": ""}])
    session.execute(update(Meta).where(Meta.key == key).values(value=value))
