"""A person's message: stored once and sealed, then understood, in two transactions.

First: store it, apply an exact opt-out, commit. Second: understand it, write what it says and the answer,
drop its text. A sweep takes up what was left in between, so that no bug in the grammar loses a message.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import structlog
from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm import Session

from habits import parts, replies
from habits.parts import Part
from habits.replies import Rule
from notifiers.base import Inbound
from service import (
    acts,
    addresses,
    answering,
    due,
    loops,
    outbox,
    reading,
    rests,
    returned,
    storing,
    strangers,
    traces,
)
from service.acting import Acting
from service.answering import Came
from service.db import insert_new
from service.models import Address, Person, Reply
from service.site import Site
from service.states import AddressKind, ReplyState
from service.strangers import Sender
from service.trouble import DatabaseError

log = structlog.get_logger()

LEFT_FOR = timedelta(seconds=30)
TRIES = 3
STUCK_FOR = timedelta(days=7)
WIPE_SECONDS = 1.0
"""So long a message that deletes all waits for whoever reads; the tidying has more patience."""
NO_SIGN_OF_LIFE = (parts.Automatic,)


@dataclass(frozen=True, slots=True)
class Understood:
    """What one message was taken to say and why, and our answer: for the simulator, kept nowhere."""

    parts: tuple[Part, ...] = field(default=(), repr=False)
    answer: str | None = field(default=None, repr=False)
    rule: Rule = Rule.UNCLEAR
    unanswered: str | None = None
    """Why there is no answer, if there is a reason besides that nothing has to be said."""
    of_stranger: bool = False
    forgets: bool = False
    """The person was deleted with this message."""


def store(site: Site, channel: str, kind: AddressKind, message: Inbound, now: datetime) -> UUID | None:
    """Keep a message once, sealed, and apply an exact opt-out at once; return its id, None for a repeat.

    One from an address that its provider had called gone is its person's, and the address is in use again.
    """
    if reply_id := storing.of_known(site, channel, kind, message, storing.text_of(message), now):
        return reply_id
    with site.db.write() as session:
        return store_in(session, site, channel, kind, message, now)


def store_in(
    session: Session, site: Site, channel: str, kind: AddressKind, message: Inbound, now: datetime
) -> UUID | None:
    """Do what `store` does, in a transaction of the caller's."""
    lookup = addresses.lookup(site.sealer, kind, storing.one_form(site, kind, message.sender))
    text = storing.text_of(message)
    address = _address_of(session, lookup)
    nudge = returned.nudge_of(session, site, channel, message, address.person_id if address else None)
    if nudge and address is None and (own := returned.mailbox_of(session, nudge, kind)):
        lookup, address = own, _address_of(session, own)  # They wrote from another mailbox of theirs.
    nudge_id = nudge.id if nudge and address and address.person_id == nudge.person_id else None
    if traces.is_kept(session, site, channel, message.provider_id):
        return None
    person_id = address.person_id if address else None
    row = storing.row(site, channel, kind, message, text, lookup, now)
    row |= {"person_id": person_id, "nudge_id": nudge_id}
    if not insert_new(session, Reply, [row]):
        return None
    proved = not returned.proves_nothing(channel, kind, nudge_id)
    if proved and address and address.dead_at and addresses.revive(session, address):
        due.refresh(session, session.get_one(Person, address.person_id), now)
    reply_id = cast(UUID, row["id"])
    if storing.opts_out(message, text):
        came = Came(reply_id, channel, kind, lookup, cast(datetime, row["received_at"]))
        answering.opt_out(session, site, came, address, not message.opted_out, now)
    return reply_id


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


def understand(site: Site, reply_id: UUID, now: datetime, sender: Sender | None = None) -> Understood | None:
    """Understand one stored message; None if it was understood already. Safe to repeat.

    `sender` is where it came from, if that is still known: a stranger's address is kept nowhere, and so one
    who was left to the sweep gets no answer. A bug counts a try and leaves the message sealed; after
    three it is `stuck`. A database that is busy or gone counts none: the sweep tries for as long as it takes.
    """
    try:
        with site.db.write() as session:
            understood = understand_in(session, site, reply_id, now, sender)
    except (OperationalError, DatabaseError, NoneFree) as error:
        log.warning("reply not understood yet", reply=str(reply_id), error=type(error).__name__)
        return None
    except Exception as error:
        log.error("reply not understood", reply=str(reply_id), error=type(error).__name__)
        _count_try(site, reply_id)
        return None
    if understood and understood.forgets:
        traces.wipe(site, WIPE_SECONDS)
    if understood and understood.of_stranger and understood.answer and sender:
        strangers.send(site, sender, understood.answer)
    return understood


def understand_in(
    session: Session, site: Site, reply_id: UUID, now: datetime, sender: Sender | None
) -> Understood | None:
    """Do what `understand` does, in the caller's transaction; what has to follow it is the caller's too."""
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
        return _of_stranger(session, site, reply, text, sender, now)
    answered = returned.arrived(session, reply, now)
    # Read as of when it came: it may have been left for a while.
    read, context = reading.read(session, site.sealer, person, address, text, reply.received_at, answered)
    at = Acting(session, site, person, address, reply, context, now)
    if returned.proves_nothing(reply.channel, reply.kind, reply.nudge_id):
        return _without_proof(at, read)
    if not isinstance(read.parts[0], NO_SIGN_OF_LIFE):
        rests.alive(session, person, now)
    words = _act(at, read)
    if at.answer.forgets:
        return Understood(read.parts, words, read.rule, forgets=True)
    return _answered(at, read, words)


def _of_stranger(
    session: Session, site: Site, reply: Reply, text: str, sender: Sender | None, now: datetime
) -> Understood:
    read = strangers.read(text, reply.received_at)
    # Anybody could write that mail: a made-up STOP keeps us quiet, a made-up START would not.
    if not returned.proves_nothing(reply.channel, reply.kind, reply.nudge_id):
        strangers.heed_start(session, reply, read)
    strangers.heed_stop(session, reply, read)
    words = strangers.answer(session, site, reply, read, sender, now)
    return Understood(read.parts, words, read.rule, of_stranger=True)


def _without_proof(at: Acting, read: replies.Reading) -> Understood:
    """Do what counts even from a mail that may be forged; else ask, once a day, to answer one of ours."""
    heeded = tuple(part for part in read.parts if isinstance(part, returned.WITHOUT_PROOF))
    if heeded:
        return _answered(at, read, _act(at, replace(read, parts=heeded)))
    silent = at.person.stopped_at or isinstance(read.parts[0], strangers.SILENT)
    if not silent and returned.first_today(at.session, at.reply):
        return _answered(at, read, at.branded("mail_unproven"))
    return Understood(read.parts, None, read.rule, "nothing in the mail proves who wrote it")


def _act(at: Acting, read: replies.Reading) -> str:
    """Do what a message says; return the words of the answer."""
    stops = any(isinstance(part, parts.Stop) for part in read.parts)
    others = [part for part in read.parts if not isinstance(part, parts.Stop)]
    words = acts.act(at, others) if others else ""
    # An exact one was applied when it was stored, and a START may have come since.
    if stops and read.rule is not Rule.OPT_OUT:
        answering.opt_out(at.session, at.site, _came(at), at.address, not words, at.now)
    return words


def _came(at: Acting) -> Came:
    return Came(at.reply.id, at.reply.channel, at.address.kind, at.reply.lookup, at.reply.received_at)


def _answered(at: Acting, read: replies.Reading, words: str) -> Understood:
    """Plan the answer, unless there is a reason for none."""
    if not words:
        return Understood(read.parts, None, read.rule, at.answer.unanswered)
    why = _unanswered(at)
    if why is None:
        answering.answer(at.session, at.site, _came(at), at.address, words, at.answer, at.now)
    return Understood(read.parts, words if why is None else None, read.rule, why)


def _unanswered(at: Acting) -> str | None:
    """Return why a message gets no answer, or None."""
    if at.reply.answered:
        return "the provider has answered it"
    if loops.repeats(at.session, at.reply):
        return "the same text came over and over"
    return None


def _lock_person_of(session: Session, reply_id: UUID) -> Person | None:
    person_id = session.scalar(select(Reply.person_id).where(Reply.id == reply_id))
    return outbox.lock_people(session, [person_id])[person_id] if person_id else None


def _count_try(site: Site, reply_id: UUID) -> None:
    with site.db.write() as session:
        reply = session.get(Reply, reply_id)
        if reply and reply.state is ReplyState.RECEIVED:
            reply.tries += 1
            if reply.tries >= TRIES:
                reply.state = ReplyState.STUCK


def sweep(site: Site, now: datetime, limit: int = 500) -> int:
    """Understand what was stored 30 s ago and left; return how many messages were taken up.

    By when it was stored: one that was fetched late is still in the hands of whoever fetched it, who alone
    knows where a stranger's answer goes.
    """
    with site.db.read() as session:
        left = session.scalars(
            select(Reply.id)
            .where(
                Reply.state == ReplyState.RECEIVED,
                Reply.received_at <= now - LEFT_FOR,
                func.coalesce(Reply.stored_at, Reply.received_at) <= now - LEFT_FOR,
            )
            .order_by(Reply.received_at)
            .limit(limit)
        ).all()
    for reply_id in left:
        understand(site, reply_id, now)
    return len(left)


class _Rehearsed(Exception):  # noqa: N818 (It is no error: it takes everything back.)
    """Ends a transaction that is not to change anything."""


def rehearse(
    site: Site, channel: str, kind: AddressKind, message: Inbound, now: datetime
) -> Understood | None:
    """Return how a message would be understood and answered; nothing is kept, and nothing is sent."""
    understood: Understood | None = None
    sender = Sender(kind, storing.one_form(site, kind, message.sender))
    try:
        with site.db.write() as session:
            if reply_id := store_in(session, site, channel, kind, message, now):
                understood = understand_in(session, site, reply_id, now, sender)
            raise _Rehearsed
    except _Rehearsed:
        return understood


def drop_stuck(session: Session, now: datetime) -> int:
    """Drop the texts of messages that nothing could be made of for 7 days; return how many."""
    old = (
        update(Reply)
        .where(Reply.state == ReplyState.STUCK, Reply.received_at <= now - STUCK_FOR)
        .values(state=ReplyState.UNDERSTOOD, raw_sealed=None)
    )
    return cast(CursorResult[object], session.execute(old)).rowcount
