"""What has come of it: entries, streaks and reminders of a person, and what went wrong. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import Session

from habits import schedule
from service import deliveries, due, facts, finding
from service.facts import Share
from service.models import Address, Attempt, EntryRow, Habit, Nudge, Person, Reminder, Reply
from service.states import AddressKind, NudgeState, Purpose, ReplyState

# In so many words: only then are both stores sure that the partial index holds all of them.
OPEN: ColumnElement[bool] = literal_column("nudge.state IN ('sending', 'unknown')")


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
    habit_id: UUID | None
    practice: str | None
    """None for the check-in and the summary, as is the habit's id."""
    purpose: Purpose
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
    practice = habit.practice if habit else None
    return Reminding(reminder.id, reminder.habit_id, practice, reminder.purpose, reminder.schedule, next_at)


def find_reminder(session: Session, wanted: str) -> UUID:
    """Return the reminder with this id or end of an id. Raises WrongUsage if it is not just one."""
    return finding.the_one(finding.by_end(session, Reminder.id, wanted), "reminder", "attune reminder list")


@dataclass(frozen=True, slots=True)
class Health:
    """Counts that tell whether delivery works; those of `unknown` and `failed` are in `deliveries` too."""

    overdue: int
    unknown: int
    failed_today: int
    stuck_replies: int
    unread_replies: int


def health(session: Session, now: datetime, show_all: bool = False) -> Health:
    """Return the counts; without `show_all` those of answers are left out, as in `deliveries`."""
    shown = [] if show_all else [~deliveries.private()]
    return Health(
        overdue=_count(
            session,
            Nudge,
            Nudge.state == NudgeState.PLANNED,
            Nudge.not_before < now - timedelta(minutes=5),
            *shown,
        ),
        unknown=_count(session, Nudge, OPEN, Nudge.state == NudgeState.UNKNOWN, *shown),
        failed_today=_count(
            session,
            Nudge,
            Nudge.state == NudgeState.FAILED,
            Nudge.due_at > now - timedelta(days=1),
            *shown,
        ),
        stuck_replies=_count(session, Reply, Reply.state == ReplyState.STUCK),
        unread_replies=_count(
            session, Reply, Reply.state == ReplyState.RECEIVED, Reply.received_at < now - timedelta(minutes=2)
        ),
    )


def tried_again(session: Session) -> int:
    """Return how many messages, answers aside, wait after a try at which they were not delivered."""
    tried = select(Attempt.id).where(Attempt.nudge_id == Nudge.id).exists()
    return _count(session, Nudge, Nudge.state == NudgeState.PLANNED, tried, ~deliveries.private())


def _count(session: Session, row: type[Nudge | Reply], *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(row).where(*conditions)) or 0


def kinds_of_address(session: Session) -> set[AddressKind]:
    """Return the kinds of address that people are to be reached at."""
    return set(session.scalars(select(Address.kind).where(Address.dead_at.is_(None)).distinct()))
