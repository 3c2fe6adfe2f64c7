"""What has come of it: entries and streaks of a person, and the health of delivery. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from habits.nudging import Reason
from service import facts
from service.errors import WrongUsage
from service.facts import Share
from service.models import Attempt, EntryRow, Habit, Nudge, NudgeItem, Person, Reminder, Reply
from service.states import NudgeKind, NudgeState, ReplyState

PRIVATE_REASONS = (
    Reason.DONE,
    Reason.ASKED,
    Reason.GOAL_MET,
    Reason.PAUSED,
    Reason.RESTING,
    Reason.STOPPED,
    Reason.NO_CONSENT,
)
"""Reasons from which an operator could read what a person did; they are told as one."""
NOT_NEEDED = "no nudge was needed"


def shares_of(session: Session, person_id: UUID) -> list[Share]:
    """Return a person's habits in the order of their numbers."""
    return list(facts.shares(session, {person_id}).values())


def entries_of(session: Session, person_id: UUID, limit: int = 100) -> list[EntryRow]:
    """Return a person's newest entries, newest first."""
    newest = select(EntryRow).where(EntryRow.person_id == person_id).order_by(EntryRow.seq.desc())
    return list(session.scalars(newest.limit(limit)))


def shares_with_people(session: Session, person_ids: Sequence[UUID]) -> list[tuple[Share, Person]]:
    """Return these people's habits, each with its person, by person and number."""
    people = {p.id: p for p in session.scalars(select(Person).where(Person.id.in_(person_ids)))}
    return [(share, people[share.person_id]) for share in facts.shares(session, person_ids).values()]


def reminders_of(session: Session, person_id: UUID) -> list[tuple[Reminder, str | None]]:
    """Return a person's reminders, each with its practice; None for the check-in."""
    rows = session.execute(
        select(Reminder, Habit.practice)
        .outerjoin(Habit, Habit.id == Reminder.habit_id)
        .where(Reminder.person_id == person_id)
        .order_by(Reminder.id)
    )
    return [(reminder, practice) for reminder, practice in rows]


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
        private = (Nudge.state == NudgeState.LAPSED) & Nudge.reason.in_(
            [reason.value for reason in PRIVATE_REASONS]
        )
        wanted = wanted.where(Nudge.kind != NudgeKind.ANSWER, ~private)
    return [_delivery(nudge, show_all) for nudge in session.scalars(wanted)]


def _delivery(nudge: Nudge, show_all: bool) -> Delivery:
    return Delivery(
        nudge.id, nudge.person_id, nudge.kind, nudge.state, nudge.due_at, nudge.sent_at, why(nudge, show_all)
    )


def why(nudge: Nudge, show_all: bool) -> str:
    """Return why a message went out or not; what would tell of a person's doings is told as not needed."""
    if nudge.reason in PRIVATE_REASONS and not show_all:
        return NOT_NEEDED
    return nudge.reason or ""


def find_nudge(session: Session, wanted: str) -> Nudge:
    """Return the message with this id. Raises WrongUsage if there is none."""
    try:
        found = session.get(Nudge, UUID(wanted))
    except ValueError:
        found = None
    if found is None:
        raise WrongUsage("There is no such nudge; `attune nudge list` shows the newest.")
    return found


def attempts_of(session: Session, nudge: Nudge) -> list[Attempt]:
    return list(session.scalars(select(Attempt).where(Attempt.nudge_id == nudge.id).order_by(Attempt.n)))


def items_of(session: Session, nudge: Nudge) -> list[NudgeItem]:
    rows = select(NudgeItem).where(NudgeItem.nudge_id == nudge.id).order_by(NudgeItem.position)
    return list(session.scalars(rows))


@dataclass(frozen=True, slots=True)
class Health:
    """Counts that tell whether delivery works."""

    waiting: int
    overdue: int
    unknown: int
    failed_today: int
    stuck_replies: int
    unread_replies: int


def health(session: Session, now: datetime) -> Health:
    return Health(
        waiting=_count(session, Nudge, Nudge.state == NudgeState.PLANNED),
        overdue=_count(
            session, Nudge, Nudge.state == NudgeState.PLANNED, Nudge.not_before < now - timedelta(minutes=5)
        ),
        unknown=_count(session, Nudge, Nudge.state == NudgeState.UNKNOWN),
        failed_today=_count(
            session, Nudge, Nudge.state == NudgeState.FAILED, Nudge.due_at > now - timedelta(days=1)
        ),
        stuck_replies=_count(session, Reply, Reply.state == ReplyState.STUCK),
        unread_replies=_count(
            session, Reply, Reply.state == ReplyState.RECEIVED, Reply.received_at < now - timedelta(minutes=2)
        ),
    )


def _count(session: Session, row: type[Nudge | Reply], *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(row).where(*conditions)) or 0
