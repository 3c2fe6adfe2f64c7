"""The people who are due and their reminders: claimed, read and written back in a statement each.

They are values and no rows: to keep track of rows took longer than to decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, select
from sqlalchemy.orm import Session

from habits.entries import Pause
from habits.hours import Rules
from service import batches
from service.batches import Batch
from service.columns import UTCDateTime
from service.facts import Share
from service.joints import Joined
from service.models import Habit, Member, Person, Reminder
from service.states import NudgeKind, Purpose


@dataclass(slots=True, eq=False)
class DueReminder:
    """A reminder of somebody who is due; what is known of its habit is read if it is decided about."""

    id: UUID
    habit_id: UUID | None
    purpose: Purpose
    schedule: str
    seed: int
    starts_on: date
    fired_on: date | None
    next_at: datetime | None
    thinned: int
    asked_on: list[date] = field(default_factory=list)
    """The latest days that it was asked about."""
    prompts: list[str] = field(default_factory=list)
    """What its habit had since all prompts had last been used, oldest first."""
    share: Share = field(init=False)
    has_moved: bool = False


@dataclass(slots=True, eq=False)
class DuePerson:
    """Somebody who is due, their reminders, and what planning knows of them.

    `planned` are the instants of the latest messages; `unanswered` is what was due since their last sign of
    life and went out, summaries aside; `pulses` and `summaries` are what is not to be asked or told again.
    """

    id: UUID
    zone: str
    day_starts: time
    week_starts: int
    language: str
    discreet: bool
    quiet_from: time
    quiet_to: time
    daily_cap: int
    due_at: datetime | None
    rested_until: datetime | None
    stopped_at: datetime | None
    away_on: date | None
    rules: Rules = field(init=False)
    reminders: list[DueReminder] = field(default_factory=list)
    groups: list[list[DueReminder]] = field(default_factory=list)
    """Reminders that share a message now."""
    verified: bool = False
    pauses: dict[UUID | None, list[Pause]] = field(default_factory=dict)
    """By habit; None: of all that the person does."""
    planned: list[datetime] = field(default_factory=list)
    unanswered: list[tuple[NudgeKind, datetime]] = field(default_factory=list)
    pulses: list[date] = field(default_factory=list)
    summaries: list[datetime] = field(default_factory=list)
    living: list[Share] = field(default_factory=list)
    """For a summary: the living habits, in the order of their numbers, and what is joint."""
    joined: dict[UUID, Joined] = field(default_factory=dict)


_people, _reminders, _habits, _members = (row.__table__.c for row in (Person, Reminder, Habit, Member))
CLAIM = (
    select(
        _people.id,
        _people.zone,
        _people.day_starts,
        _people.week_starts,
        _people.language,
        _people.discreet,
        _people.quiet_from,
        _people.quiet_to,
        _people.daily_cap,
        _people.due_at,
        _people.rested_until,
        _people.stopped_at,
        _people.away_on,
    )
    .where(_people.due_at <= bindparam("now", type_=UTCDateTime))
    .order_by(_people.due_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
PEOPLE = Batch("people", {"id": Uuid()})


def claim(session: Session, now: datetime, limit: int) -> list[DuePerson]:
    """Lock people who are due, those who are due for longest first, and return them with their reminders."""
    claimed: Sequence[Sequence[Any]] = batches.read(session, CLAIM, {"now": now, "limit": limit})
    people = [DuePerson(*row) for row in claimed]
    if people:
        on_sqlite = batches.on_sqlite(session)
        for place, *row in (
            session.connection()
            .execute(_live(on_sqlite), PEOPLE.values(on_sqlite, [[p.id] for p in people]))
            .all()
        ):
            people[place].reminders.append(DueReminder(*row))
    return people


@cache
def _live(on_sqlite: bool) -> Select[*tuple[Any, ...]]:
    """Return the statement for reminders of habits that have not ended and that the people have not left."""
    people = PEOPLE.table(on_sqlite)
    tables = people.join(Reminder.__table__, _reminders.person_id == people.c.id)
    tables = tables.outerjoin(Habit.__table__, _habits.id == _reminders.habit_id)
    shared = (_members.habit_id == _reminders.habit_id) & (_members.person_id == _reminders.person_id)
    return (
        select(
            people.c.place,
            _reminders.id,
            _reminders.habit_id,
            _reminders.purpose,
            _reminders.schedule,
            _reminders.seed,
            _reminders.starts_on,
            _reminders.fired_on,
            _reminders.next_at,
            _reminders.thinned,
        )
        .select_from(tables.outerjoin(Member.__table__, shared))
        .where(_habits.ended_on.is_(None), _members.left_on.is_(None))
        .order_by(_reminders.next_at, _reminders.id)
    )


def save(session: Session, people: Sequence[DuePerson]) -> None:
    """Write when people and those of their reminders that have moved are due next."""
    moved = [reminder for person in people for reminder in person.reminders if reminder.has_moved]
    batches.update_many(
        session,
        Reminder,
        [
            {"id": one.id, "fired_on": one.fired_on, "next_at": one.next_at, "thinned": one.thinned}
            for one in moved
        ],
    )
    batches.update_many(
        session, Person, [{"id": one.id, "due_at": one.due_at, "away_on": one.away_on} for one in people]
    )
