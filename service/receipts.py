"""What became of messages: providers' reports, hand-overs that never ended, and asking about the unknown."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from notifiers.base import Accepted, Finder, Message, Report, SendError
from service import deliveries, meter, outbox, outcomes, waiting
from service.db import insert_new
from service.models import Address, Attempt, Nudge, Receipt
from service.site import Site
from service.states import NudgeState, Outcome

log = structlog.get_logger()

ASK_FOR = timedelta(hours=1)
"""An unknown attempt is asked about this long; later it is for the admin to see."""
PATIENCE_SECONDS = 25
"""Nothing more is asked in one go later than this: a slow provider must not make the job look hung."""


def record(site: Site, channel: str, report: Report, attempt_id: UUID | None, now: datetime) -> bool:
    """Keep a provider's report once and apply it; return False for a repeat or a message that is not ours.

    `attempt_id` comes from our own status URL, so a report may come before the provider's answer to us.
    """
    with site.db.write() as session:
        attempt = outcomes.attempt_of(session, channel, report.provider_id)
        if attempt is None and attempt_id is not None:
            attempt = session.get(Attempt, attempt_id)
        if attempt is None or attempt.channel != channel or not _lock_person_of(session, attempt):
            return False
        row = {
            "channel": channel,
            "provider_id": report.provider_id,
            "status": report.status,
            "rank": report.rank,
            "failure": report.failure,
            "code": report.code,
            "at": now,
        }
        if not insert_new(session, Receipt, [row]):
            return False
        outcomes.reported(session, attempt, report, now)
        if session.get_one(Nudge, attempt.nudge_id).cause_kind not in deliveries.PRIVATE_CAUSES:
            meter.reported(channel, report)
        return True


def _lock_person_of(session: Session, attempt: Attempt) -> bool:
    """Lock the person whom an attempt is for, and look at it once more; False if they were just forgotten."""
    nudge = session.get(Nudge, attempt.nudge_id)
    if nudge is None or not outbox.lock_people(session, [nudge.person_id]):
        return False
    session.refresh(attempt)
    return True


def sweep(site: Site, now: datetime, limit: int = 100) -> int:
    """Call hand-overs unknown that were claimed `claim_seconds` ago and never ended; return how many."""
    before_at = now - timedelta(seconds=site.settings.claim_seconds)
    with site.db.write() as session:
        attempts = waiting.abandoned(session, before_at, limit)
        for attempt in attempts:
            outcomes.lost(session, attempt)
        return len(attempts)


def settle(site: Site, now: datetime, limit: int = 20, clock: Callable[[], float] = time.monotonic) -> int:
    """Ask the providers about unknown attempts; return how many turned out to have been sent.

    Each minute's call begins with another one: those that nobody knows, or that cannot be asked about, hold
    up no others. A channel that does not answer is asked no more in this call; `clock` counts seconds.
    """
    found, until = 0, clock() + PATIENCE_SECONDS
    silent: set[str] = set()
    for attempt_id, channel, message, claimed_at, matched in _unknown(site, now, limit):
        notifier: object = site.notifiers.get(channel)
        if channel in silent or not isinstance(notifier, Finder):
            continue
        if clock() >= until:
            break
        try:
            answer = notifier.find(message, claimed_at - timedelta(minutes=1), matched)
        except SendError as error:
            log.warning("cannot ask", channel=channel, kind=error.kind.value, code=error.code)
            silent.add(channel)
            continue
        if answer and _settled(site, attempt_id, answer, now):
            found += 1
    return found


def _to_ask_about(now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions that an attempt and its nudge are to be asked about.

    Not while another message to the same person is under way: what the provider has could be that one, if
    its words are the same.
    """
    other = aliased(Nudge)
    return [
        Nudge.state == NudgeState.UNKNOWN,
        Attempt.outcome == Outcome.UNKNOWN,
        Attempt.provider_id.is_(None),
        Attempt.claimed_at >= now - ASK_FOR,
        Nudge.words_sealed.is_not(None),
        ~exists().where(other.person_id == Nudge.person_id, other.state == NudgeState.SENDING),
    ]


def _unknown(
    site: Site, now: datetime, limit: int
) -> list[tuple[UUID, str, Message, datetime, frozenset[str]]]:
    wanted = (
        select(Attempt, Nudge, Address)
        .join(Nudge, Nudge.id == Attempt.nudge_id)
        .join(Address, Address.id == Nudge.address_id)
        .where(*_to_ask_about(now))
    )
    with site.db.read() as session:
        count = session.scalar(wanted.with_only_columns(func.count())) or 0
        if not count:
            return []
        minute = int(now.timestamp()) // 60
        begin = minute * limit % count if count > limit else 0
        rows = session.execute(
            wanted.order_by(Attempt.claimed_at, Attempt.id).offset(begin).limit(limit)
        ).all()
        # The first one is another each time round, as its failure would end the call for its channel.
        turn = minute // -(-count // limit) % len(rows) if rows else 0
        return [
            (
                attempt.id,
                attempt.channel,
                Message(
                    attempt_id=str(attempt.id),
                    to=site.sealer.unseal(address.value_sealed),
                    text=site.sealer.unseal(nudge.words_sealed or b""),
                    address_kind=address.kind,
                ),
                attempt.claimed_at,
                _matched(session, nudge.person_id, attempt.channel),
            )
            for attempt, nudge, address in (*rows[turn:], *rows[:turn])
        ]


def _matched(session: Session, person_id: UUID, channel: str) -> frozenset[str]:
    """Return the provider's ids that belong to attempts of this person."""
    rows = session.scalars(
        select(Attempt.provider_id)
        .join(Nudge, Nudge.id == Attempt.nudge_id)
        .where(Nudge.person_id == person_id, Attempt.channel == channel, Attempt.provider_id.is_not(None))
    )
    return frozenset(provider_id for provider_id in rows if provider_id)


def _settled(site: Site, attempt_id: UUID, answer: Accepted, now: datetime) -> bool:
    with site.db.write() as session:
        attempt = session.get(Attempt, attempt_id)
        if attempt is None or not _lock_person_of(session, attempt):
            return False
        if attempt.provider_id or outcomes.attempt_of(session, attempt.channel, answer.provider_id):
            return False  # It was settled in the meantime, or the message belongs to another attempt.
        outcomes.accepted(session, attempt, answer, now)
        return True
