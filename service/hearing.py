"""Which channels cannot be read: since when and why, kept in the database so that it outlives a daemon.

Why is a channel's own sentence of its settings or its provider, without an address or a word of anybody's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from notifiers.base import Poller
from service.db import insert_new
from service.models import Meta
from service.site import Site

LONG = timedelta(minutes=30)
"""A provider's trouble that is over sooner is nobody's business."""


@dataclass(frozen=True, slots=True)
class Deaf:
    """A channel from which nothing has been read since, and why."""

    channel: str
    since_at: datetime
    why: str

    def for_long(self, now: datetime) -> bool:
        """Say whether an admin should hear of it."""
        return now - self.since_at >= LONG


def failed(site: Site, channel: str, why: str, now: datetime) -> None:
    """Note that a channel could not be read; since when stays as it was, unless the clock was set back."""
    with site.db.read() as session:
        known = _of(session, channel)
    since_at = min(known.since_at, now) if known else now
    value = f"{since_at.isoformat()} {why}"[:255]
    if known and value == f"{known.since_at.isoformat()} {known.why}":
        return  # It is asked every 20 seconds, for weeks perhaps.
    with site.db.write() as session:
        insert_new(session, Meta, [{"key": _key(channel), "value": ""}])
        session.execute(update(Meta).where(Meta.key == _key(channel)).values(value=value))


def heard(site: Site, channel: str) -> None:
    """Note that a channel was read."""
    with site.db.read() as session:
        known = _of(session, channel)
    if known:
        with site.db.write() as session:
            session.execute(update(Meta).where(Meta.key == _key(channel)).values(value=""))


def asked(site: Site) -> Iterator[str]:
    """Yield the channels that are to be asked for messages."""
    yield from (name for name, one in site.notifiers.items() if isinstance(one, Poller) and one.polls)


def deaf(session: Session, site: Site) -> list[Deaf]:
    """Return which of the channels that are to be asked could not be read at the last try."""
    return [one for name in asked(site) if (one := _of(session, name))]


def _of(session: Session, channel: str) -> Deaf | None:
    value = session.scalar(select(Meta.value).where(Meta.key == _key(channel)))
    if not value:
        return None
    since, _, why = value.partition(" ")
    return Deaf(channel, datetime.fromisoformat(since), why)


def _key(channel: str) -> str:
    return f"unread {channel}"[:40]
