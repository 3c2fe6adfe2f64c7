"""Planned nudges are claimed, handed to a channel, and what came of it is recorded.

At most once: the claim commits before the channel is called, nothing is called inside a transaction, and
after anything ambiguous there is no new attempt.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm import Session

from habits.nudging import Reason
from notifiers.base import Accepted, Kind, Message, Notifier, SendError
from service import (
    addresses,
    admitting,
    composing,
    deliveries,
    due,
    letters,
    links,
    meter,
    outbox,
    outcomes,
    senders,
    waiting,
)
from service.admitting import Ready
from service.db import DatabaseError
from service.models import Address, Attempt, Nudge, Person
from service.site import Site
from service.states import Cause, NudgeKind, NudgeState

log = structlog.get_logger()

HOLD = timedelta(minutes=10)
"""A check-in waits for the answer to a digest whose numbers look like scores; it is looked at this often."""
LOOK_AGAIN = timedelta(minutes=1)
"""A message whose channel is not set up is looked at this often: the next start may have it."""
SHORTEST = timedelta(seconds=1)
"""A provider can be told to give up after a whole second at the soonest: what has less left is late."""
STOPPED_AT = select(Person.stopped_at).where(Person.id == bindparam("id"))
EVEN_IF_STOPPED = waiting.URGENT
ASKED_FOR = (NudgeKind.ANSWER, NudgeKind.CONSENT, NudgeKind.NOTICE)
"""Messages that a person or the enrolment asked for: a pause or a rest does not hold them."""


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
class Handed:
    """How a hand-over ended: accepted by the provider, the error, or called back before it began."""

    claimed: Claimed
    result: Accepted | SendError | CalledBack


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
    """Return how many have lapsed or were put off, and those claimed."""
    ready: list[Ready] = []
    with site.db.write() as session:
        kinds = admitting.open_kinds(session, site, now)
        ripe = waiting.waiting_for_hand_over(session, now, limit, kinds, admitting.is_limited(site))
        if not ripe:
            return 0, []
        reach = addresses.open_addresses(session, {person.id for person in ripe.values()})
        unneeded = waiting.unneeded(session, [nudge.id for nudge in ripe])
        for nudge, person in ripe.items():
            # What was asked for is wanted even of a habit that is done: another prompt.
            done = None if nudge.kind in ASKED_FOR else unneeded.get(nudge.id)
            why = done or _not_any_more(session, nudge, person, now)
            route = why or _route(session, site, nudge, reach.get(person.id, []))
            if isinstance(route, str):
                outbox.move(session, nudge.id, [NudgeState.PLANNED], NudgeState.LAPSED, route)
            elif route is None:
                nudge.not_before = min(now + LOOK_AGAIN, nudge.expires_at)
            elif _asks(nudge) and (by_day := due.out_of_quiet(person, now)) > now:
                nudge.not_before = by_day  # It may have waited for a channel until the night.
            elif nudge.kind is NudgeKind.PULSE and waiting.digest_waits(session, person.id, now):
                nudge.not_before = now + HOLD
            else:
                assert nudge.words_sealed is not None
                text = site.sealer.unseal(nudge.words_sealed)
                ready.append(admitting.measured(nudge, person, *route, text))
        admitted, moved = admitting.admit(session, site, ready, now)
        claimed = [_start(session, site, one, now) for one in admitted]
    return len(ripe) - len(ready) + moved, claimed


def _asks(nudge: Nudge) -> bool:
    """Say whether a message is one that somebody else asked for: the opt-in question, a code."""
    return nudge.kind is NudgeKind.CONSENT or nudge.cause_kind is Cause.CODE


def _not_any_more(session: Session, nudge: Nudge, person: Person, now: datetime) -> str | None:
    """Return why a planned nudge must not go out, checked again under the person's lock."""
    if nudge.expires_at - now < SHORTEST:
        return Reason.LATE
    if person.stopped_at and nudge.cause_kind not in EVEN_IF_STOPPED:
        return Reason.STOPPED
    if nudge.kind in ASKED_FOR:
        return None
    if person.rested_until and now < person.rested_until:
        return Reason.RESTING
    if due.paused_on(session, person.id, due.today(person, now)):
        return Reason.PAUSED
    return None


def _route(
    session: Session, site: Site, nudge: Nudge, reach: list[Address]
) -> tuple[Address, Notifier] | Reason | None:
    """Return the address and channel to use, why there is no address, or None if only the channel lacks."""
    usable = [address for address in reach if address.verified_at]
    if nudge.address_id and nudge.kind in ASKED_FOR:
        # An answer goes back to where the question came from.
        usable = [address for address in reach if address.id == nudge.address_id]
        if nudge.cause_kind in EVEN_IF_STOPPED:
            usable = [a for a in [session.get(Address, nudge.address_id)] if a and a.dead_at is None]
    for address in usable:
        notifier = site.notifier_for(address.kind)
        if notifier:
            return address, notifier
    return None if usable else Reason.NO_CONSENT


def _start(session: Session, site: Site, ready: Ready, now: datetime) -> Claimed:
    nudge, person, address, notifier = ready.nudge, ready.person, ready.address, ready.notifier
    attempt = outbox.start(session, nudge, address.id, notifier.name, notifier.sender, now)
    letter = letters.of(session, site, nudge, person, address.kind, notifier.name, attempt.id)
    attempt.segments, attempt.cost = ready.segments, ready.cost
    message = Message(
        attempt_id=str(attempt.id),
        to=site.sealer.unseal(address.value_sealed),
        text=ready.text,
        subject=letter.subject,
        valid_for=nudge.expires_at - now,
        status_url=links.status(site, notifier.name, attempt.id),
        reply_url=links.reply(site, nudge.id),
        unsubscribe_url=links.unsubscribe(site, address.id),
        reply_label=composing.text(person.language, "mail_reply"),
        unsubscribe_label=composing.text(person.language, "mail_unsubscribe"),
        language=person.language,
        address_kind=address.kind,
        reply_token=letter.reply_token,
        answers=letter.answers,
    )
    even_if_stopped = nudge.cause_kind in EVEN_IF_STOPPED
    private = nudge.cause_kind in deliveries.PRIVATE_CAUSES
    could_go_at = None if private else due.out_of_quiet(person, nudge.due_at)
    return Claimed(
        nudge.id, attempt.id, nudge.person_id, notifier.name, message, even_if_stopped, could_go_at
    )


def hand_over(site: Site, claimed: Claimed) -> Handed:
    """Call the channel, outside any transaction; never raises for what a channel does.

    A STOP that has come since the claim still holds the message back.
    """
    if not claimed.even_if_stopped and _has_stopped(site, claimed.person_id):
        return Handed(claimed, CalledBack())
    try:
        with meter.CALLS.labels(claimed.channel).time():
            return Handed(claimed, site.notifiers[claimed.channel].send(claimed.message))
    except SendError as error:
        return Handed(claimed, error)
    except Exception as error:  # A channel with a bug: nobody knows whether the message went out.
        log.error("channel broke", channel=claimed.channel, error=type(error).__name__)
        return Handed(claimed, SendError(Kind.UNKNOWN, "the channel broke in the middle"))


def _has_stopped(site: Site, person_id: UUID) -> bool:
    """Say whether a person wants nothing more, or was forgotten; not if the database cannot tell just now."""
    try:
        with site.db.read() as session:
            found = session.execute(STOPPED_AT, {"id": person_id}).first()
    except (DBAPIError, DatabaseError, NoneFree):
        return False  # The claim has just looked; a database that is gone now must not lose the message.
    return found is None or found.stopped_at is not None


def record(site: Site, handed: Handed, now: datetime) -> None:
    """Write how a hand-over ended."""
    with site.db.write() as session:
        outbox.lock_people(session, [handed.claimed.person_id])
        attempt = session.get(Attempt, handed.claimed.attempt_id)
        if attempt is None:
            return  # The person was forgotten in the meantime.
        if isinstance(handed.result, CalledBack):
            stopped = Reason.STOPPED
            outbox.move(session, handed.claimed.nudge_id, [NudgeState.SENDING], NudgeState.LAPSED, stopped)
            senders.give_back(session, attempt)
            session.delete(attempt)  # Nothing was tried.
        elif isinstance(handed.result, Accepted):
            outcomes.accepted(session, attempt, handed.result, now)
        else:
            outcomes.refused(session, attempt, handed.result, now)
    meter.handed_over(handed.claimed.channel, handed.claimed.could_go_at, handed.result, now)
