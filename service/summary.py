"""What has come of it: entries and streaks of a person, and the health of delivery. Reads only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from habits import schedule
from habits.nudging import Reason
from service import acts, due, facts
from service.errors import WrongUsage
from service.facts import Share
from service.models import Address, Attempt, EntryRow, Habit, Nudge, Person, Reminder, Reply
from service.states import AddressKind, Cause, NudgeKind, NudgeState, ReplyState

PRIVATE_REASONS = (
    Reason.DONE,
    Reason.SKIPPED,
    Reason.ASKED,
    Reason.GOAL_MET,
    Reason.PAUSED,
    Reason.RESTING,
    Reason.STOPPED,
    Reason.NO_CONSENT,
)
"""Reasons from which an operator could read what a person did; they are told as one."""
PRIVATE_CAUSES = (Cause.REPLY, Cause.HELP, Cause.OPT_OUT)
"""Messages that something a person wrote brought about: answers, and nudges that were asked for again."""
NOT_NEEDED = "no nudge was needed"
FOUND = "it arrived after all"


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


@dataclass(frozen=True, slots=True)
class Reminding:
    """A reminder as the admin sees it. `next_at` follows from the schedule alone, whatever its person did."""

    id: UUID
    practice: str | None
    """None for the check-in."""
    schedule: str
    next_at: datetime | None
    """None once the habit has ended."""


def reminders_of(session: Session, person: Person, now: datetime) -> list[Reminding]:
    """Return a person's reminders in the order they were made."""
    rows = session.execute(
        select(Reminder, Habit)
        .outerjoin(Habit, Habit.id == Reminder.habit_id)
        .where(Reminder.person_id == person.id)
        .order_by(Reminder.id)
    )
    return [_reminding(person, reminder, habit, now) for reminder, habit in rows]


def _reminding(person: Person, reminder: Reminder, habit: Habit | None, now: datetime) -> Reminding:
    next_at = None
    if habit is None or habit.ended_on is None:
        parsed = due.parse(reminder.schedule)
        next_at = schedule.next_at(parsed, now, due.zone_of(person.zone), reminder.starts_on, reminder.seed)
    return Reminding(reminder.id, habit.practice if habit else None, reminder.schedule, next_at)


def find_reminder(session: Session, wanted: str) -> UUID:
    """Return the reminder with this id or end of an id. Raises WrongUsage if it is not just one."""
    return _the_one(_ending(session, Reminder.id, wanted), "reminder", "attune reminder list")


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
        wanted = wanted.where(~_private())
    return [_delivery(nudge, show_all) for nudge in session.scalars(wanted)]


def _private() -> ColumnElement[bool]:
    reasons = [reason.value for reason in PRIVATE_REASONS]
    unneeded = (Nudge.state == NudgeState.LAPSED) & Nudge.reason.in_(reasons)
    return or_(unneeded, Nudge.cause_kind.in_(PRIVATE_CAUSES))


def _delivery(nudge: Nudge, show_all: bool) -> Delivery:
    return Delivery(
        id=nudge.id,
        person_id=nudge.person_id,
        kind=nudge.kind,
        state=nudge.state,
        due_at=nudge.due_at,
        sent_at=sent_at(nudge, show_all),
        reason=why(nudge, show_all),
    )


def why(nudge: Nudge, show_all: bool) -> str:
    """Return why a message went out or not; without `show_all` nothing that tells of a person's doings."""
    if nudge.reason in PRIVATE_REASONS and not show_all:
        return NOT_NEEDED
    if nudge.reason == acts.ARRIVED and not show_all:
        return FOUND
    return nudge.reason or ""


def sent_at(nudge: Nudge, show_all: bool) -> datetime | None:
    """Return when a message was sent; of one that an answer proved to be sent, not when that answer came."""
    return nudge.not_before if nudge.reason == acts.ARRIVED and not show_all else nudge.sent_at


def find_nudge(session: Session, wanted: str, show_all: bool = False) -> Nudge:
    """Return the message with this id or end of an id. Raises WrongUsage if it is not just one.

    Without `show_all` there are no answers: they would tell that somebody wrote.
    """
    found = [session.get_one(Nudge, id_) for id_ in _ending(session, Nudge.id, wanted)]
    seen = [nudge.id for nudge in found if show_all or nudge.cause_kind not in PRIVATE_CAUSES]
    return session.get_one(Nudge, _the_one(seen, "message", "attune nudge list"))


def _ending(session: Session, column: InstrumentedAttribute[UUID], wanted: str) -> list[UUID]:
    """Return the ids that end with these four or more digits."""
    digits = wanted.strip().lower().replace("-", "")
    if not re.fullmatch("[0-9a-f]{4,32}", digits):
        return []
    plain = func.replace(cast(column, String), "-", "")  # The stores write ids with and without dashes.
    return list(session.scalars(select(column).where(plain.like(f"%{digits}")).limit(10)))


def _the_one(found: Sequence[UUID], what: str, where: str) -> UUID:
    if len(found) > 1:
        raise WrongUsage(f"Several ids end like that; give more of the one that `{where}` shows.")
    if not found:
        raise WrongUsage(f"There is no such {what}; `{where}` shows what there is.")
    return found[0]


def attempts_of(session: Session, nudge: Nudge) -> list[Attempt]:
    return list(session.scalars(select(Attempt).where(Attempt.nudge_id == nudge.id).order_by(Attempt.n)))


@dataclass(frozen=True, slots=True)
class Health:
    """Counts that tell whether delivery works; those of `unknown` and `failed` are in `deliveries` too."""

    overdue: int
    unknown: int
    failed_today: int
    stuck_replies: int
    unread_replies: int


def health(session: Session, now: datetime) -> Health:
    return Health(
        overdue=_count(
            session, Nudge, Nudge.state == NudgeState.PLANNED, Nudge.not_before < now - timedelta(minutes=5)
        ),
        unknown=_count(session, Nudge, Nudge.state == NudgeState.UNKNOWN, ~_private()),
        failed_today=_count(
            session,
            Nudge,
            Nudge.state == NudgeState.FAILED,
            Nudge.due_at > now - timedelta(days=1),
            ~_private(),
        ),
        stuck_replies=_count(session, Reply, Reply.state == ReplyState.STUCK),
        unread_replies=_count(
            session, Reply, Reply.state == ReplyState.RECEIVED, Reply.received_at < now - timedelta(minutes=2)
        ),
    )


def _count(session: Session, row: type[Nudge | Reply], *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(row).where(*conditions)) or 0


def kinds_of_address(session: Session) -> set[AddressKind]:
    """Return the kinds of address that people are to be reached at."""
    return set(session.scalars(select(Address.kind).where(Address.dead_at.is_(None)).distinct()))
