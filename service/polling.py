"""Messages and reports that are fetched from providers: without an open port, and whatever a webhook missed.

Each channel has a mark in the database. It moves on only after all before it is stored, so that what a death
in between leaves is fetched again; what was stored already is known by its provider's id.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import structlog
from sqlalchemy import CursorResult, delete, select
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm import Session

from notifiers.base import Inbound, Polled, Poller, SendError
from service import hearing, inbound, receipts, returned, storing
from service.log import place_of
from service.models import Attempt, Meta, Receipt, Reply
from service.site import Site
from service.states import AddressKind
from service.strangers import Sender
from service.traces import LISTED_FOR
from service.trouble import DatabaseError

log = structlog.get_logger()

AT_ONCE = 500
MOST_ROUNDS = 50
"""Fetched in one go at most; the next ring goes on from the mark."""
PATIENCE_SECONDS = 25
"""No further round of a channel begins later than this: a slow provider must not make the job look hung."""
TRIES = 5
"""A message that could not be stored so many times keeps the mark back no longer."""
DATABASE = (DBAPIError, DatabaseError, NoneFree)
"""The database is in trouble, not the message; unless it calls a value of the message's wrong."""
FAILED = "unstored"
"""In `meta`: how often a message could not be stored, by a keyed hash of its id."""
_SID = re.compile(r"[A-Za-z0-9-]{1,64}")


def poll(site: Site, clock: Callable[[], float] = time.monotonic) -> int:
    """Fetch what is new from every channel that is to be asked; return how much of it was new.

    `clock` counts seconds. Each channel has its first round, however slow those before it were.
    """
    until = clock() + PATIENCE_SECONDS
    return sum(
        _poll(site, name, notifier, lambda: clock() < until)
        for name, notifier in site.notifiers.items()
        if isinstance(notifier, Poller) and notifier.polls
    )


def _poll(site: Site, name: str, notifier: Poller, has_time: Callable[[], bool]) -> int:
    new = 0
    for _ in range(MOST_ROUNDS):
        now = site.now()
        mark = _mark(site, name)
        polled = _asked(site, name, notifier, mark, now)
        if polled is None:
            break
        taken, whole = _take_all(site, name, polled, now)
        new += taken
        if not whole:
            break
        if polled.mark != mark:
            _move_mark(site, name, polled.mark)
        if not polled.more or not has_time():
            break
    return new


def _asked(site: Site, name: str, notifier: Poller, mark: str | None, now: datetime) -> Polled | None:
    """Return what a channel has since the mark, or None if it cannot be asked just now; note which."""
    try:
        polled = notifier.poll(mark, now)
    except SendError as error:
        log.warning("cannot fetch", channel=name, kind=error.kind.value, code=error.code, why=error.reason)
        why = error.reason
    except Exception as error:  # A channel with a bug; its words could hold a person's.
        log.error("channel broke", channel=name, error=type(error).__name__)
        why = f"The channel broke ({type(error).__name__}); please report it."
    else:
        hearing.heard(site, name)
        return polled
    hearing.failed(site, name, why, now)
    return None


def _take_all(site: Site, name: str, polled: Polled, now: datetime) -> tuple[int, bool]:
    """Store what is new; return how much that was, and whether all is stored now or passed over.

    One that cannot be stored holds none of the others back; it is fetched again, since the mark stays.
    After so many tries it is passed over, or else nothing behind the mark's reach would ever be fetched.
    """
    known = _known(site, name, polled)
    taken, whole = 0, True
    for report in polled.reports:
        if (report.provider_id, report.status) in known.receipts:
            continue
        # A mail names its attempt, and may be returned before we know that it was sent.
        attempt_id = returned.attempt_in(report.provider_id)
        if not attempt_id and report.provider_id not in known.attempts:
            continue
        try:
            taken += receipts.record(site, name, report, attempt_id, now)
        except Exception as error:  # It holds no message of a person's back; it is listed again.
            if isinstance(error, DATABASE) and not isinstance(error, DataError):
                raise
            log.error("not recorded", channel=name, error=type(error).__name__, place=place_of(error))
    for message in polled.messages:
        if message.provider_id in known.replies:
            continue
        try:
            taken += _take(site, name, message, now)
        except Exception as error:
            if isinstance(error, DATABASE) and not isinstance(error, DataError):
                raise
            log.error("not stored", channel=name, error=type(error).__name__, place=place_of(error))
            whole = _is_passed_over(site, name, message.provider_id, now) and whole
    return taken, whole


def _is_passed_over(site: Site, name: str, provider_id: str, now: datetime) -> bool:
    """Count one more failure to store a message; say whether it is to hold the mark no longer."""
    hashed = site.sealer.lookup(f"message of {name}", provider_id).hex()
    key = f"{FAILED} {hashed}"[:40]
    with site.db.write() as session:
        row = session.get(Meta, key)
        tries = 1 + (int(row.value.rpartition(" ")[2]) if row else 0)
        session.merge(Meta(key=key, value=f"{now.isoformat()} {tries}"))
    if tries == TRIES:
        # A Message-ID may hold somebody's address: then what it is known by here.
        shown = provider_id if _SID.fullmatch(provider_id) else key
        log.error("message passed over", channel=name, provider_id=shown, tries=tries)
    return tries >= TRIES


def forget_passed_over(session: Session, now: datetime) -> int:
    """Drop the counts of messages that no provider lists any more; return how many."""
    counts = Meta.key.startswith(f"{FAILED} ", autoescape=True)
    old = delete(Meta).where(counts, Meta.value < (now - LISTED_FOR).isoformat())
    return cast(CursorResult[object], session.execute(old)).rowcount


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored already of what was fetched, so that a repeat costs no transaction."""

    attempts: frozenset[str]
    receipts: frozenset[tuple[str, str]]
    replies: frozenset[str]


def _known(site: Site, name: str, polled: Polled) -> _Known:
    reported = sorted({report.provider_id for report in polled.reports})
    said = sorted({message.provider_id for message in polled.messages})
    attempts: set[str | None] = set()
    told: set[tuple[str, str]] = set()
    replies: set[str] = set()
    with site.db.read() as session:
        for ids in _by_hundreds(reported):
            ours = (Attempt.channel == name, Attempt.provider_id.in_(ids))
            attempts.update(session.scalars(select(Attempt.provider_id).where(*ours)))
            theirs = (Receipt.channel == name, Receipt.provider_id.in_(ids))
            rows = session.execute(select(Receipt.provider_id, Receipt.status).where(*theirs))
            told.update((row.provider_id, row.status) for row in rows)
        for ids in _by_hundreds(said):
            mine = (Reply.channel == name, Reply.provider_id.in_(ids))
            replies.update(session.scalars(select(Reply.provider_id).where(*mine)))
    return _Known(frozenset(filter(None, attempts)), frozenset(told), frozenset(replies))


def _by_hundreds(ids: list[str]) -> Iterator[list[str]]:
    """Yield ids by the 500, as many as one question may hold."""
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _take(site: Site, name: str, message: Inbound, now: datetime) -> bool:
    """Store a message and understand it; say whether it was new."""
    kind = AddressKind(message.address_kind)
    reply_id = inbound.store(site, name, kind, message, now)
    if reply_id:
        sender = Sender(kind, storing.one_form(site, kind, message.sender), message.provider_id)
        inbound.understand(site, reply_id, now, sender)
    return reply_id is not None


def _mark(site: Site, name: str) -> str | None:
    with site.db.read() as session:
        row = session.get(Meta, _key(name))
        return row.value if row else None


def _move_mark(site: Site, name: str, mark: str) -> None:
    with site.db.write() as session:
        session.merge(Meta(key=_key(name), value=mark))


def _key(name: str) -> str:
    return f"mark {name}"[:40]
