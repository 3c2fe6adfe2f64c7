"""What people agreed to: an append-only ledger, and the list of addresses that want nothing more.

Each row names the version of the opt-in text that it is about; for an answer that of the question which was
put last. The very text of each version is kept once, with the brand and the contact in it, and nobody's name:
the question has none.
"""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from habits import catalogue
from service import due, rests
from service.db import insert_new
from service.models import Address, Consent, Person, Reply, Suppression, Wording
from service.states import AddressKind, ConsentEvent, RestKind

NEVER_ASKED = "none"
"""In place of a version, for what came from an address that was never asked by us."""


def asked(session: Session, address: Address, language: str, words: str, source: str, now: datetime) -> None:
    """Note that the opt-in question was put to this address in these words, and keep them if they are new."""
    spoken = catalogue.language_of(language)
    version = version_of(spoken, words)
    insert_new(session, Wording, [{"version": version, "language": spoken, "words": words, "since": now}])
    _note(session, address, ConsentEvent.ASKED, version, source, now)


def version_of(language: str, words: str) -> str:
    """Return the name of a text: two equal texts have the same, two different ones never."""
    return f"{language}-{hashlib.sha256(words.encode()).hexdigest()[:12]}"


def asked_at(session: Session, lookup: bytes) -> datetime | None:
    """Return when the opt-in question was last put to this address."""
    asked = select(func.max(Consent.at)).where(Consent.lookup == lookup, Consent.event == ConsentEvent.ASKED)
    return session.scalar(asked)


def is_open(session: Session, lookup: bytes) -> bool:
    """Say whether the newest fact about this address is a question without an answer."""
    return _newest(session, lookup) is ConsentEvent.ASKED


def withdrawn_since(session: Session, person_id: UUID, reply: Reply) -> bool:
    """Say whether somebody said STOP, from any address of theirs, after a message of theirs had come.

    By when both came, for one may have been fetched later; ids sort by when they were made.
    """
    theirs = select(Address.lookup).where(Address.person_id == person_id)
    came_at = func.coalesce(Reply.received_at, Consent.at)
    later = or_(came_at > reply.received_at, and_(came_at == reply.received_at, Consent.id > reply.id))
    stops = (
        select(Consent.id)
        .join(Reply, Reply.id == Consent.reply_id, isouter=True)
        .where(Consent.lookup.in_(theirs), Consent.event == ConsentEvent.WITHDRAWN, later)
    )
    return session.scalar(stops.limit(1)) is not None


def was_given(session: Session, address_id: UUID) -> bool:
    """Say whether this address ever said yes since it was enrolled, whatever it said later."""
    yes = select(Consent.id).where(
        Consent.address_id == address_id, Consent.event.in_((ConsentEvent.GIVEN, ConsentEvent.RESTORED))
    )
    return session.scalar(yes.limit(1)) is not None


def given(
    session: Session,
    person: Person,
    address: Address,
    source: str,
    now: datetime,
    reply_id: UUID | None = None,
) -> None:
    """Note a yes from this address: it may be used, and a stopped person is back."""
    suppression = session.get(Suppression, (address.kind, address.lookup))
    event = ConsentEvent.RESTORED if suppression or person.stopped_at else ConsentEvent.GIVEN
    if suppression:
        session.delete(suppression)
    address.verified_at = now
    person.stopped_at = None
    rests.end(session, person.id, RestKind.STOPPED, due.today(person, now))
    _note(session, address, event, _version_asked(session, address.lookup), source, now, reply_id)


def withdrawn(
    session: Session,
    person: Person,
    address: Address,
    source: str,
    now: datetime,
    reply_id: UUID | None = None,
) -> None:
    """Note an opt-out: the address is suppressed and its person gets nothing more; safe to repeat.

    Each message that says so is noted, if they had stopped before too: a START in between undoes it no more.
    """
    suppress(session, address.kind, address.lookup, source, now)
    if not (person.stopped_at and _newest(session, address.lookup) is ConsentEvent.WITHDRAWN):
        address.verified_at = None
        person.stopped_at = now
        rests.begin(session, person.id, RestKind.STOPPED, due.today(person, now))
    elif reply_id is None:
        return
    version = _version_asked(session, address.lookup)
    _note(session, address, ConsentEvent.WITHDRAWN, version, source, now, reply_id)


def suppress(session: Session, kind: AddressKind, lookup: bytes, reason: str, now: datetime) -> None:
    """Put an address on the list of those that want nothing more; it needs no person, and outlives one.

    One that is on it stays as it is, but for when it asked so last: no older START takes it off.
    """
    row = {"kind": kind, "lookup": lookup, "reason": reason, "at": now}
    if not insert_new(session, Suppression, [row]):
        its = (Suppression.kind == kind, Suppression.lookup == lookup, Suppression.at < now)
        session.execute(update(Suppression).where(*its).values(at=now))


def _newest(session: Session, lookup: bytes) -> ConsentEvent | None:
    return session.scalar(
        select(Consent.event)
        .where(Consent.lookup == lookup)
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(1)
    )


def _version_asked(session: Session, lookup: bytes) -> str:
    """Return the version of the question that was last put to this address."""
    newest = (
        select(Consent.wording_version)
        .where(Consent.lookup == lookup, Consent.event == ConsentEvent.ASKED)
        .order_by(Consent.at.desc(), Consent.id.desc())
    )
    return session.scalar(newest.limit(1)) or NEVER_ASKED


def _note(
    session: Session,
    address: Address,
    event: ConsentEvent,
    version: str,
    source: str,
    now: datetime,
    reply_id: UUID | None = None,
) -> None:
    row = Consent(
        address_id=address.id,
        lookup=address.lookup,
        event=event,
        wording_version=version,
        source=source,
        at=now,
        reply_id=reply_id,
    )
    session.add(row)
    session.flush()
