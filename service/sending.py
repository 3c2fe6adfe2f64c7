"""Planned nudges are claimed, handed to a channel, and what came of it is recorded.

At most once: the claim commits before the channel is called, nothing is called inside a transaction, and
after anything ambiguous there is no new attempt.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from uuid import UUID

import structlog
from sqlalchemy import bindparam, delete, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm import Session

from habits.nudging import Reason
from notifiers.base import Accepted, Kind, Message, SendError
from service import (
    admitting,
    attempting,
    composing,
    deliveries,
    due,
    letters,
    links,
    meter,
    outbox,
    outcomes,
    rechecking,
    senders,
    waiting,
)
from service.admitting import Ready
from service.models import Attempt, Person
from service.site import Site
from service.states import NudgeState
from service.trouble import DatabaseError

log = structlog.get_logger()

FRESH_SECONDS = 0.005
"""So long a look at who has said STOP holds: a call that begins later is preceded by another look."""
STOPPED_AT = select(Person.id, Person.stopped_at).where(Person.id.in_(bindparam("ids", expanding=True)))
THESE = select(Attempt).where(Attempt.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message that is ours to hand over now."""

    nudge_id: UUID
    attempt_id: UUID
    person_id: UUID
    channel: str
    message: Message = field(repr=False)
    even_if_stopped: bool = False
    could_go_at: datetime | None = None
    """When it was due, quiet hours aside; None for an answer, which no monitor is told of."""


@dataclass(frozen=True, slots=True)
class CalledBack:
    """The person has said STOP since the claim: nothing was handed over."""


@dataclass(frozen=True, slots=True)
class NotBegun:
    """Its turn did not come in time: nothing was handed over, and it goes back to the queue."""


@dataclass(frozen=True, slots=True)
class Handed:
    """How a hand-over ended: accepted by the provider, the error, or over before it began."""

    claimed: Claimed
    result: Accepted | SendError | CalledBack | NotBegun


def claim(site: Site, now: datetime, limit: int) -> list[Claimed]:
    """Claim up to `limit` planned nudges whose time has come; what may not go any more lapses with a reason.

    What no channel of this process can carry stays planned until it is too late.
    A caller claims no more than it can hand over in about a second: a STOP that commits later cannot call
    these back.
    """
    while True:
        moved, claimed = _claim(site, now, limit)
        if claimed or not moved:  # All that was looked at may have lapsed: there is more behind it.
            return claimed


def _claim(site: Site, now: datetime, limit: int) -> tuple[int, list[Claimed]]:
    """Return how many have lapsed or were put off, and those claimed.

    The number of statements does not grow with that of the messages.
    """
    with site.db.write() as session:
        kinds = admitting.open_kinds(session, site, now)
        ripe = waiting.waiting_for_hand_over(session, now, limit, kinds, admitting.is_limited(site))
        if not ripe:
            return 0, []
        checked = rechecking.check(session, site, ripe, now)
        admitted, held = admitting.admit(session, site, checked.ways, now)
        changes = checked.changes | held
        outbox.change(session, changes)
        return len(changes), _start(session, site, admitted, now)


def _start(session: Session, site: Site, admitted: Sequence[Ready], now: datetime) -> list[Claimed]:
    starts = [
        attempting.Start(
            nudge_id=one.way.nudge.id,
            address_id=one.way.address.id,
            channel=one.way.notifier.name,
            sender=one.way.notifier.sender,
            segments=one.segments,
            cost=one.cost,
        )
        for one in admitted
    ]
    attempting.start(session, starts, now)
    answered = letters.answered(session, [one.way.nudge for one in admitted])
    return [
        Claimed(
            nudge_id=start.nudge_id,
            attempt_id=start.id,
            person_id=one.way.person.id,
            channel=start.channel,
            message=_message(site, one, start, answered.get(start.nudge_id), now),
            even_if_stopped=one.way.is_urgent,
            could_go_at=_could_go_at(one),
        )
        for one, start in zip(admitted, starts, strict=True)
    ]


def _could_go_at(one: Ready) -> datetime | None:
    """Return since when a message is late, or None if nobody is to know that there was one."""
    nudge = one.way.nudge
    private = nudge.cause_kind in deliveries.PRIVATE_CAUSES
    return None if private else due.out_of_quiet(one.way.person, nudge.due_at)


def _message(
    site: Site, one: Ready, start: attempting.Start, answered: letters.Answered | None, now: datetime
) -> Message:
    nudge, person, address = one.way.nudge, one.way.person, one.way.address
    letter = letters.of(site, nudge, person, address.kind, start.channel, start.id, answered)
    return Message(
        attempt_id=str(start.id),
        to=one.to,
        text=one.text,
        subject=letter.subject,
        valid_for=nudge.expires_at - now,
        status_url=links.status(site, start.channel, start.id),
        reply_url=links.reply(site, nudge.id),
        unsubscribe_url=links.unsubscribe(site, address.id),
        reply_label=_label(person.language, "mail_reply"),
        unsubscribe_label=_label(person.language, "mail_unsubscribe"),
        language=person.language,
        address_kind=address.kind,
        reply_token=letter.reply_token,
        answers=letter.answers,
    )


@cache
def _label(language: str, key: str) -> str:
    return composing.text(language, key)


def hand_over(site: Site, claimed: Claimed) -> Handed:
    """Call the channel, outside any transaction; never raises for what a channel does.

    A STOP that has come since the claim still holds the message back.
    """
    return hand_over_some(site, [claimed])[0]


def hand_over_some(site: Site, claimed: Sequence[Claimed]) -> list[Handed]:
    """Hand over the first of these messages, and those after it while what was seen of STOP is fresh.

    So a channel that takes its time is called once, and a fast one for all of them.
    """
    gone = _gone(site, claimed)
    looked_at = time.monotonic()
    handed: list[Handed] = []
    for one in claimed:
        if handed and time.monotonic() - looked_at > FRESH_SECONDS:
            break
        handed.append(Handed(one, CalledBack() if one.person_id in gone else _call(site, one)))
    return handed


def _call(site: Site, claimed: Claimed) -> Accepted | SendError:
    try:
        with meter.CALLS.labels(claimed.channel).time():
            return site.notifiers[claimed.channel].send(claimed.message)
    except SendError as error:
        return error
    except Exception as error:  # A channel with a bug: nobody knows whether the message went out.
        log.error("channel broke", channel=claimed.channel, error=type(error).__name__)
        return SendError(Kind.UNKNOWN, "the channel broke in the middle")


def _gone(site: Site, claimed: Sequence[Claimed]) -> set[UUID]:
    """Return who wants nothing more, or was forgotten; nobody if the database cannot tell just now."""
    asked = {one.person_id for one in claimed if not one.even_if_stopped}
    if not asked:
        return asked
    try:
        with site.db.read() as session:
            found = session.execute(STOPPED_AT, {"ids": list(asked)}).all()
    except (DBAPIError, DatabaseError, NoneFree):
        return set()  # The claim has just looked; a database that is gone now must not lose the message.
    return asked - {person_id for person_id, stopped_at in found if stopped_at is None}


def record(site: Site, handed: Handed, now: datetime) -> None:
    """Write how a hand-over ended."""
    record_all(site, [handed], now)


def record_all(site: Site, handed: Sequence[Handed], now: datetime) -> None:
    """Write how hand-overs ended, in one transaction; the number of statements does not grow with theirs.

    Addresses that are gone or want no more are the exception: each calls for more than that.
    """
    with site.db.write() as session:
        outbox.hold_people(session, {one.claimed.person_id for one in handed})
        ids = [one.claimed.attempt_id for one in handed]
        attempts = {attempt.id: attempt for attempt in session.scalars(THESE, {"ids": ids})}
        if len(names := {attempt.sender for attempt in attempts.values()}) > 1:
            senders.lock(session, names)  # In one order: those that follow touch them in their own.
        ended: list[outcomes.Ended] = []
        called_back: list[Attempt] = []
        not_begun: list[Attempt] = []
        for one in handed:
            attempt = attempts.get(one.claimed.attempt_id)
            if attempt is None:
                continue  # The person was forgotten in the meantime.
            if isinstance(one.result, CalledBack):
                called_back.append(attempt)
            elif isinstance(one.result, NotBegun):
                not_begun.append(attempt)
            else:
                ended.append((attempt, one.result))
        _undo(session, called_back, NudgeState.LAPSED, reason=Reason.STOPPED)
        _undo(session, not_begun, NudgeState.PLANNED)
        outcomes.ended(session, ended, now)
    for one in handed:
        meter.handed_over(one.claimed.channel, one.claimed.could_go_at, one.result, now)


def _undo(session: Session, attempts: Sequence[Attempt], state: NudgeState, **values: object) -> None:
    """Take back attempts of which nothing was handed over; the sweep may have called them unknown already."""
    if not attempts:
        return
    ids, under_way = [attempt.nudge_id for attempt in attempts], [NudgeState.SENDING, NudgeState.UNKNOWN]
    outbox.move_all(session, ids, under_way, state, **values)
    sheet = senders.new_sheet()
    for attempt in attempts:
        senders.give_back(sheet, attempt)
    senders.book(session, sheet)
    session.execute(delete(Attempt).where(Attempt.id.in_([attempt.id for attempt in attempts])))
