"""What a provider's answer, or a later report, means for an attempt and its nudge.

The caller holds the person's lock. Only a definite non-delivery makes a nudge `planned` again.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified, set_committed_value

from notifiers.base import Accepted, Kind, Report, SendError
from service import addresses, batches, consent, due, events, lapsing, outbox, senders
from service.models import Address, Attempt, Nudge, Person
from service.states import NudgeState, Outcome

log = structlog.get_logger()

OPEN = (NudgeState.SENDING, NudgeState.UNKNOWN)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FINAL = 3
"""From this rank on a report tells of an end."""
Ended = tuple[Attempt, Accepted | SendError]
"""An attempt and how it ended."""


def ended(session: Session, results: Sequence[Ended], now: datetime) -> None:
    """Note how hand-overs ended, with a fixed number of statements unless an address is gone."""
    taken = [(attempt, result) for attempt, result in results if isinstance(result, Accepted)]
    _accepted(session, taken, now)
    left = [(attempt, result) for attempt, result in results if isinstance(result, SendError)]
    _refused(session, left, now, OPEN)


def accepted(session: Session, attempt: Attempt, answer: Accepted, now: datetime) -> None:
    """Note that the provider took the message; safe to repeat, and after a receipt that came first."""
    _accepted(session, [(attempt, answer)], now)


def _accepted(session: Session, answers: Sequence[tuple[Attempt, Accepted]], now: datetime) -> None:
    sheet = senders.new_sheet()
    taken: list[Attempt] = []
    values: list[dict[str, object]] = []
    for attempt, answer in answers:
        if answer.segments:
            senders.correct(sheet, attempt, answer.segments)
        if attempt.provider_id is not None:
            continue  # The receipt has said all this already, and perhaps more.
        taken.append(attempt)
        values.append(
            {
                "outcome": Outcome.ACCEPTED,
                "provider_id": answer.provider_id,
                "segments": attempt.segments,
                "cost": attempt.cost,
            }
        )
    _write_all(session, taken, values)
    sent = outbox.move_all(session, [one.nudge_id for one in taken], OPEN, NudgeState.SENT, sent_at=now)
    events.tell_all(session, "nudge sent", sent, now)
    senders.book(session, sheet)
    for sender in sorted({attempt.sender for attempt in taken}):
        senders.works(session, sender)


def _write_all(session: Session, attempts: Sequence[Attempt], values: Sequence[Mapping[str, object]]) -> None:
    """Write the same columns of all of them with one statement; the session would take one for each."""
    rows = [{**each, "id": attempt.id} for attempt, each in zip(attempts, values, strict=True)]
    batches.update_many(session, Attempt, rows)
    for attempt, each in zip(attempts, values, strict=True):
        for name, value in each.items():
            set_committed_value(attempt, name, value)


def reported(session: Session, attempt: Attempt, report: Report, now: datetime) -> None:
    """Apply a later report; a lower or equal rank than one already applied changes nothing."""
    if attempt.provider_id not in (None, report.provider_id) or report.rank <= attempt.rank:
        return
    if attempt.provider_id is None:
        accepted(session, attempt, Accepted(report.provider_id), now)
    attempt.rank, attempt.code = report.rank, report.code
    if report.failure:
        error = SendError(report.failure, report.status, code=report.code, opted_out=report.opted_out)
        refused(session, attempt, error, now, (*OPEN, NudgeState.SENT))
        return
    if report.rank >= FINAL:
        senders.delivers(session, attempt)
        nudge = session.get_one(Nudge, attempt.nudge_id)
        if outbox.move(session, nudge.id, (*OPEN, NudgeState.SENT), NudgeState.DELIVERED, nudge.reason):
            events.tell(session, "nudge delivered", nudge.id, now, nudge.person_id)


def refused(
    session: Session,
    attempt: Attempt,
    error: SendError,
    now: datetime,
    states: tuple[NudgeState, ...] = OPEN,
) -> None:
    """Note that the message was not delivered, or that nobody knows, and do what that calls for.

    `states` are those that the nudge may be moved from: a report may take back `sent`, the answer to a
    hand-over may not, since a receipt may have come first.
    """
    _refused(session, [(attempt, error)], now, states)


def _refused(
    session: Session,
    errors: Sequence[tuple[Attempt, SendError]],
    now: datetime,
    states: tuple[NudgeState, ...],
) -> None:
    sheet = senders.new_sheet()
    returns: list[outbox.Return] = []
    stopped: dict[str, Attempt] = {}
    for attempt, error in errors:
        if states == OPEN and (attempt.provider_id or attempt.outcome not in (None, Outcome.UNKNOWN)):
            continue  # A receipt came first, or this was written before and nobody could tell us so.
        if attempt.provider_id is None and error.kind is not Kind.UNKNOWN:
            senders.give_back(sheet, attempt)
        attempt.outcome = Outcome(error.kind.value)
        attempt.code = error.code
        flag_modified(attempt, "code")
        log.warning(
            "not sent", attempt=str(attempt.id), kind=error.kind.value, code=error.code, why=error.reason
        )
        again_at: datetime | None = None
        match error.kind:
            case Kind.RETRY:
                again_at = now + _wait(attempt.n, error.after)
            case Kind.SENDER:
                again_at = now + senders.TRY_AGAIN
                stopped[attempt.sender] = attempt
            case Kind.CONTACT:
                again_at = now if _contact(session, attempt, error, now) else None
        over = NudgeState.UNKNOWN if error.kind is Kind.UNKNOWN else NudgeState.FAILED
        state = NudgeState.PLANNED if again_at else over
        returns.append(outbox.Return(attempt.nudge_id, state, error.reason, again_at))
    outbox.take_back(session, returns, states)
    senders.book(session, sheet)
    for sender, attempt in sorted(stopped.items()):
        stop = senders.stop_as_reported if attempt.provider_id else senders.stop
        stop(session, sender, attempt.code, now)


def lost(session: Session, attempt: Attempt) -> None:
    """Note that a hand-over never ended: nobody knows whether the message went out."""
    why = "the hand-over never ended"
    if outbox.move(session, attempt.nudge_id, [NudgeState.SENDING], NudgeState.UNKNOWN, why):
        attempt.outcome = Outcome.UNKNOWN


def _contact(session: Session, attempt: Attempt, error: SendError, now: datetime) -> bool:
    """Stop using an address that is gone or wants no more; say whether the person has another one."""
    nudge = session.get_one(Nudge, attempt.nudge_id)
    person = session.get_one(Person, nudge.person_id)
    address = session.get(Address, nudge.address_id) if nudge.address_id else None
    if address and error.opted_out:
        consent.withdrawn(session, person, address, "provider", now)
        lapsing.lapse_planned(session, person.id, "stopped")
    elif address:
        addresses.mark_dead(session, address.id, now)
    due.set_due(session, person)
    return due.reachable(session, person)


def _wait(tries: int, asked: timedelta | None) -> timedelta:
    """Return how long to wait: doubled each time, at least what the provider asked, up to a fifth more."""
    doubled = min(FIRST_WAIT * 2 ** min(tries - 1, 10), LONGEST_WAIT)
    spread: float = random.uniform(1, 1.2)  # noqa: S311 (Not a secret: it spreads retries.)
    longer: timedelta = max(doubled, asked or timedelta())
    return longer * spread


def attempt_of(session: Session, channel: str, provider_id: str) -> Attempt | None:
    return session.scalar(
        select(Attempt).where(Attempt.channel == channel, Attempt.provider_id == provider_id)
    )
