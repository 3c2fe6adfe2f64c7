"""What people agreed to: an append-only ledger, and the list of addresses that want nothing more."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import due, rests
from service.db import insert_new
from service.models import Address, Consent, Person, Suppression
from service.states import AddressKind, ConsentEvent, RestKind

WORDING_VERSION = "2026-11"
"""The opt-in text that the ledger's rows refer to; it changes with the text."""


def asked(session: Session, address: Address, source: str, now: datetime) -> None:
    """Note that the opt-in question was put to this address."""
    _note(session, address.lookup, address, ConsentEvent.ASKED, source, now)


def asked_at(session: Session, lookup: bytes) -> datetime | None:
    """Return when the opt-in question was last put to this address."""
    asked = select(func.max(Consent.at)).where(Consent.lookup == lookup, Consent.event == ConsentEvent.ASKED)
    return session.scalar(asked)


def is_open(session: Session, lookup: bytes) -> bool:
    """Say whether the newest fact about this address is a question without an answer."""
    return _newest(session, lookup) is ConsentEvent.ASKED


def withdrawn_since(session: Session, lookup: bytes, reply_id: UUID) -> bool:
    """Say whether this address was withdrawn after a message came in: ids sort by when they were made."""
    later = select(Consent.id).where(
        Consent.lookup == lookup, Consent.event == ConsentEvent.WITHDRAWN, Consent.id > reply_id
    )
    return session.scalar(later.limit(1)) is not None


def was_given(session: Session, address_id: UUID) -> bool:
    """Say whether this address ever said yes since it was enrolled, whatever it said later."""
    yes = select(Consent.id).where(
        Consent.address_id == address_id, Consent.event.in_((ConsentEvent.GIVEN, ConsentEvent.RESTORED))
    )
    return session.scalar(yes.limit(1)) is not None


def given(session: Session, person: Person, address: Address, source: str, now: datetime) -> None:
    """Note a yes from this address: it may be used, and a stopped person is back."""
    suppression = session.get(Suppression, (address.kind, address.lookup))
    event = ConsentEvent.RESTORED if suppression or person.stopped_at else ConsentEvent.GIVEN
    if suppression:
        session.delete(suppression)
    address.verified_at = now
    person.stopped_at = None
    rests.end(session, person.id, RestKind.STOPPED, due.today(person, now))
    _note(session, address.lookup, address, event, source, now)


def withdrawn(session: Session, person: Person, address: Address, source: str, now: datetime) -> None:
    """Note an opt-out: the address is suppressed and its person gets nothing more; safe to repeat."""
    suppress(session, address.kind, address.lookup, source, now)
    if person.stopped_at and _newest(session, address.lookup) is ConsentEvent.WITHDRAWN:
        return
    address.verified_at = None
    person.stopped_at = now
    rests.begin(session, person.id, RestKind.STOPPED, due.today(person, now))
    _note(session, address.lookup, address, ConsentEvent.WITHDRAWN, source, now)


def suppress(session: Session, kind: AddressKind, lookup: bytes, reason: str, now: datetime) -> None:
    """Put an address on the list of those that want nothing more; it needs no person, and outlives one."""
    insert_new(session, Suppression, [{"kind": kind, "lookup": lookup, "reason": reason, "at": now}])


def _newest(session: Session, lookup: bytes) -> ConsentEvent | None:
    return session.scalar(
        select(Consent.event)
        .where(Consent.lookup == lookup)
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(1)
    )


def _note(
    session: Session, lookup: bytes, address: Address | None, event: ConsentEvent, source: str, now: datetime
) -> None:
    session.add(
        Consent(
            address_id=address.id if address else None,
            lookup=lookup,
            event=event,
            wording_version=WORDING_VERSION,
            source=source,
            at=now,
        )
    )
    session.flush()
