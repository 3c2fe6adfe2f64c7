"""The health of delivery: what went out and what did not, as an admin sees it. Reads only.

An admin may be the partner. Without `show_all` nothing here tells what a person did, wished or left undone:
answers are left out, telling reasons are told as one, and what only silence brings looks like any nudge.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from habits.reasons import Reason
from service import acting, due, finding, lapsing
from service.models import Attempt, Nudge, Person, Reminder
from service.site import SIMULATORS
from service.states import Cause, NudgeKind, NudgeState, Outcome, Purpose

PRIVATE_REASONS = (
    Reason.DONE,
    Reason.SKIPPED,
    Reason.ASKED,
    Reason.GOAL_MET,
    Reason.TAPERED,
    Reason.NO_RESCUE,
    Reason.NOTHING,
    Reason.PAUSED,
    Reason.RESTING,
    Reason.SILENT,
    Reason.STOPPED,
    Reason.NO_CONSENT,
    Reason.OWN_CAP,  # Only who writes very much is answered that often.
    lapsing.ENDED,  # For them: they may have left it.
)
"""Reasons from which an operator could read what a person did; they are told as one."""
PRIVATE_CAUSES = (Cause.REPLY, Cause.HELP, Cause.OPT_OUT, Cause.TOGETHER, Cause.DELETE)
"""Messages that something a person wrote brought about: answers, and nudges that were asked for again."""
PRIVATE_KINDS = (NudgeKind.RESCUE, NudgeKind.WELCOME, NudgeKind.QUESTION)
"""Messages that only silence or absence brings, when a reminder is due; they are shown as what was due."""
OF_PRIVATE_KINDS = (Reason.RESCUE, Reason.WELCOME, Reason.USEFUL)
NOT_NEEDED = "no nudge was needed"
FOUND = "it arrived after all"
UNREACHABLE = "this address cannot be reached"
"""Said alike of a number that is wrong and of one whose owner wants nothing more."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the admin sees it: on its way or not, never what it said or what was answered."""

    id: UUID
    person_id: UUID
    kind: NudgeKind
    state: NudgeState
    due_at: datetime
    sent_at: datetime | None
    reason: str


def deliveries(
    session: Session,
    person: Person | None = None,
    state: NudgeState | None = None,
    before: UUID | None = None,
    limit: int = 50,
    show_all: bool = False,
) -> list[Delivery]:
    """Return messages, newest first, from the one before the id `before` on.

    Without `show_all`, answers and nudges that were not needed are left out: they would tell what people did.
    """
    wanted = select(Nudge).order_by(Nudge.id.desc()).limit(limit)
    if person:
        wanted = wanted.where(Nudge.person_id == person.id)
    if state:
        wanted = wanted.where(Nudge.state == state)
    if before:
        wanted = wanted.where(Nudge.id < before)
    if not show_all:
        wanted = wanted.where(~private())
    return [delivery(session, nudge, show_all) for nudge in session.scalars(wanted)]


def private() -> ColumnElement[bool]:
    """Return the condition that a message would tell what its person did by being there at all."""
    reasons = [str(reason) for reason in PRIVATE_REASONS]
    unneeded = (Nudge.state == NudgeState.LAPSED) & or_(
        Nudge.reason.in_(reasons), Nudge.kind == NudgeKind.RESCUE
    )
    return or_(unneeded, Nudge.cause_kind.in_(PRIVATE_CAUSES))


def delivery(session: Session, nudge: Nudge, show_all: bool) -> Delivery:
    """Return a message as the admin sees it; without `show_all` nothing that tells of a person's doings."""
    # One that an answer proved to be sent was not sent when that answer came.
    proved = nudge.reason == acting.ARRIVED and not show_all
    return Delivery(
        id=nudge.id,
        person_id=nudge.person_id,
        kind=nudge.kind if show_all else _plain_kind(session, nudge),
        state=nudge.state,
        due_at=nudge.due_at,
        sent_at=nudge.not_before if proved else nudge.sent_at,
        reason=(nudge.reason or "") if show_all else _plain_reason(session, nudge),
    )


def _is_disguised(nudge: Nudge) -> bool:
    return nudge.kind in PRIVATE_KINDS and nudge.cause_kind is Cause.REMINDER


def _plain_kind(session: Session, nudge: Nudge) -> NudgeKind:
    """Return what the reminder behind a message brings as a rule."""
    if not _is_disguised(nudge):
        return nudge.kind
    reminder = session.get(Reminder, nudge.cause_id)
    return NudgeKind.PULSE if reminder and reminder.purpose is Purpose.PULSE else NudgeKind.NUDGE


def _plain_reason(session: Session, nudge: Nudge) -> str:
    unneeded = _is_disguised(nudge) and nudge.kind is NudgeKind.RESCUE and nudge.state is NudgeState.LAPSED
    if nudge.reason in PRIVATE_REASONS or unneeded:
        return NOT_NEEDED
    if nudge.reason == acting.ARRIVED:
        return FOUND
    if nudge.state is NudgeState.FAILED and any(_tells(one) for one in attempts_of(session, nudge)):
        return UNREACHABLE
    if nudge.reason in OF_PRIVATE_KINDS:
        person = session.get_one(Person, nudge.person_id)
        moved = due.out_of_quiet(person, nudge.due_at) != nudge.due_at
        return Reason.MOVED if moved else Reason.DUE
    return nudge.reason or ""


def code_of(attempt: Attempt, show_all: bool) -> str | None:
    """Return the provider's code of an attempt, unless it would tell a stop from a wrong number."""
    return attempt.code if show_all or not _tells(attempt) else None


def _tells(attempt: Attempt) -> bool:
    return attempt.outcome is Outcome.CONTACT


def find_nudge(session: Session, wanted: str, show_all: bool = False) -> Nudge:
    """Return the message with this id or end of an id. Raises WrongUsage if it is not just one.

    Without `show_all` there are no answers: they would tell that somebody wrote.
    """
    found = [session.get_one(Nudge, id_) for id_ in finding.by_end(session, Nudge.id, wanted)]
    seen = [nudge.id for nudge in found if show_all or nudge.cause_kind not in PRIVATE_CAUSES]
    return session.get_one(Nudge, finding.the_one(seen, "message", "attune nudge list"))


def was_really_reached(session: Session, person_id: UUID) -> bool:
    """Say whether anything was ever handed to a channel that reaches somebody, for this person."""
    handed = select(Attempt.id).join(Nudge, Nudge.id == Attempt.nudge_id).where(Nudge.person_id == person_id)
    return session.scalar(handed.where(Attempt.channel.not_in(SIMULATORS)).limit(1)) is not None


def attempts_of(session: Session, nudge: Nudge) -> list[Attempt]:
    """Return the attempts at sending a message, in order."""
    return list(session.scalars(select(Attempt).where(Attempt.nudge_id == nudge.id).order_by(Attempt.n)))
