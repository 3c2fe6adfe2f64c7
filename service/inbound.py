"""A person's message: stored once and sealed, then understood, in two transactions.

First: store it, apply an exact opt-out, commit. Second: understand it, write what it says and the answer,
drop its text. A sweep takes up what was left in between, so that no bug in the grammar loses a message.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from habits import replies
from habits.replies import Part
from notifiers.base import Inbound
from service import acts, addresses, composing, consent, due, outbox, reading, rests
from service.acting import Acting
from service.db import insert_new
from service.errors import WrongUsage
from service.ids import new_id
from service.models import Address, Person, Reply, Suppression
from service.outbox import NewNudge
from service.site import Site
from service.states import AddressKind, Cause, NudgeKind, NudgeState, ReplyState

log = structlog.get_logger()

LEFT_FOR = timedelta(seconds=30)
TRIES = 3
ANSWER_FOR = timedelta(hours=2)
PAGE = "page"
"""The channel of what is typed on a person's own page, where the answer is shown at once."""
LONGEST = 1600
"""Characters of a message that are read; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What one message was taken to say, and our answer: for the simulator, kept nowhere."""

    parts: tuple[Part, ...] = ()
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Came:
    """Which message is being answered, and where it came from."""

    reply_id: UUID
    channel: str


def store(site: Site, channel: str, kind: AddressKind, message: Inbound, now: datetime) -> UUID | None:
    """Keep a message once, sealed, and apply an exact opt-out at once; return its id, None for a repeat.

    One from an address that its provider had called gone is its person's, and the address is in use again.
    """
    lookup = addresses.lookup(site.sealer, kind, _one_form(site, kind, message.sender))
    text = message.text[:LONGEST]
    with site.db.write() as session:
        address = _address_of(session, lookup)
        reply_id = new_id()
        row = {
            "id": reply_id,
            "channel": channel,
            "provider_id": message.provider_id,
            "lookup": lookup,
            "person_id": address.person_id if address else None,
            "raw_sealed": site.sealer.seal(text),
            "received_at": now,
        }
        if not insert_new(session, Reply, [row]):
            return None
        if address and address.dead_at and addresses.revive(session, address):
            due.refresh(session, session.get_one(Person, address.person_id), now)
        if message.opted_out or replies.is_opt_out(text):
            _opt_out(session, site, kind, lookup, address, Came(reply_id, channel), message.opted_out, now)
    return reply_id


def _one_form(site: Site, kind: AddressKind, sender: str) -> str:
    try:
        return addresses.normalised(kind, sender, site.settings.region)
    except WrongUsage:
        return sender.strip()  # A short code or a name: it cannot be enrolled, so it is a stranger.


def _address_of(session: Session, lookup: bytes) -> Address | None:
    """Return the address that a message came from, its person locked; None for a stranger.

    Locked before the message is added: its foreign key shares the person's row, and two messages that share
    it and both want it for themselves would wait for each other.
    """
    address = addresses.last_known(session, lookup)
    if address is None or not outbox.lock_people(session, [address.person_id]):
        return None
    session.refresh(address)
    return address


def _opt_out(
    session: Session,
    site: Site,
    kind: AddressKind,
    lookup: bytes,
    address: Address | None,
    came: Came,
    provider_answered: bool,
    now: datetime,
) -> None:
    """End all messages to a person in this transaction: nothing is claimed after it commits."""
    if address is None:
        consent.suppress(session, kind, lookup, "opted out", now)
        return
    person = outbox.lock_people(session, [address.person_id])[address.person_id]
    first = person.stopped_at is None
    consent.withdrawn(session, person, address, "reply", now)
    outbox.lapse_planned(session, person.id, "stopped")
    person.due_at = None
    if first and not provider_answered:
        words = composing.text(person.language, "stopped", brand=site.settings.brand)
        _answer(session, site, address, came, words, Cause.OPT_OUT, now)


def understand(site: Site, reply_id: UUID, now: datetime) -> Understood | None:
    """Understand one stored message; None if it was understood already. Safe to repeat.

    A bug counts a try and leaves the message sealed; after three it is `stuck`.
    """
    try:
        return _understand(site, reply_id, now)
    except Exception as error:
        log.error("reply not understood", reply=str(reply_id), error=type(error).__name__)
        _count_try(site, reply_id)
        return None


def _understand(site: Site, reply_id: UUID, now: datetime) -> Understood | None:
    with site.db.write() as session:
        person = _lock_person_of(session, reply_id)
        reply = session.scalar(
            select(Reply).where(Reply.id == reply_id, Reply.state == ReplyState.RECEIVED).with_for_update()
        )
        if reply is None or reply.raw_sealed is None:
            return None
        text = site.sealer.unseal(reply.raw_sealed)
        reply.state, reply.raw_sealed = ReplyState.UNDERSTOOD, None
        address = addresses.last_known(session, reply.lookup, person.id) if person else None
        if person is None or address is None:
            return Understood(_stranger(session, reply, text))
        rests.alive(session, person, now)
        # Read as of when it came: it may have been left for a while.
        parts, context = reading.read(session, person, address, text, reply.received_at)
        came = Came(reply.id, reply.channel)
        at = Acting(session, site, person, address, reply, context, now)
        words, cause = acts.act(at, parts)
        if cause is Cause.OPT_OUT:
            # An exact one was applied when it was stored, and a START may have come since.
            if not replies.is_opt_out(text):
                _opt_out(session, site, address.kind, reply.lookup, address, came, False, now)
        elif words and not (person.stopped_at and cause is Cause.REPLY):
            _answer(session, site, address, came, words, cause, now)
        return Understood(parts, words)


def _lock_person_of(session: Session, reply_id: UUID) -> Person | None:
    person_id = session.scalar(select(Reply.person_id).where(Reply.id == reply_id))
    return outbox.lock_people(session, [person_id])[person_id] if person_id else None


def _stranger(session: Session, reply: Reply, text: str) -> tuple[Part, ...]:
    """A stranger gets no answer here; one who once said STOP may take that back with START."""
    parts = replies.understand(text, replies.Context(now=reply.received_at, stopped=True))
    if any(isinstance(part, replies.Agree) for part in parts):
        for suppression in session.scalars(select(Suppression).where(Suppression.lookup == reply.lookup)):
            session.delete(suppression)
    return parts


def _answer(
    session: Session,
    site: Site,
    address: Address,
    came: Came,
    words: str,
    cause: Cause,
    now: datetime,
) -> None:
    answer = NewNudge(
        person_id=address.person_id,
        kind=NudgeKind.ANSWER,
        cause_kind=cause,
        cause_id=came.reply_id,
        due_at=now,
        not_before=now,
        expires_at=now + ANSWER_FOR,
        words=words,
        reason="an answer",
        state=NudgeState.DELIVERED if came.channel == PAGE else NudgeState.PLANNED,
        address_id=address.id,
    )
    outbox.add(session, site.sealer, [answer])


def _count_try(site: Site, reply_id: UUID) -> None:
    with site.db.write() as session:
        reply = session.get(Reply, reply_id)
        if reply and reply.state is ReplyState.RECEIVED:
            reply.tries += 1
            if reply.tries >= TRIES:
                reply.state = ReplyState.STUCK


def sweep(site: Site, now: datetime, limit: int = 100) -> int:
    """Understand what was stored 30 s ago and left; return how many messages were taken up."""
    with site.db.read() as session:
        left = session.scalars(
            select(Reply.id)
            .where(Reply.state == ReplyState.RECEIVED, Reply.received_at <= now - LEFT_FOR)
            .order_by(Reply.received_at)
            .limit(limit)
        ).all()
    for reply_id in left:
        understand(site, reply_id, now)
    return len(left)
