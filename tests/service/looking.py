"""What tests ask of rows and refusals, and rows to ask about."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from habits.entries import Mark
from service.db import Database
from service.errors import WrongUsage
from service.models import Couple, EntryRow, Habit, Person, Reminder, Row
from tests.world import World

Change = Callable[[Session, Person], None]
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def on(text: str) -> datetime:
    """An instant in UTC, as in `2026-03-02T09:00`."""
    return datetime.fromisoformat(f"{text}+00:00")


def refused(verb: Callable[..., object], *arguments: Any) -> str:
    with pytest.raises(WrongUsage) as caught:
        verb(*arguments)
    assert caught.value.__cause__ is None
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def rows(world: World, table: type[Row]) -> int:
    with world.site.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def reminders(world: World, person_id: UUID) -> list[Reminder]:
    with world.site.db.read() as session:
        found = session.scalars(select(Reminder).where(Reminder.person_id == person_id).order_by(Reminder.id))
        made = list(found)
        session.expunge_all()
        return made


def couples(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Couple)) or 0


def change(world: World, person_id: UUID, how: Change) -> Person:
    with world.site.db.write() as session:
        how(session, session.get_one(Person, person_id))
    return world.person(person_id)


def add_person(session: Session) -> Person:
    """Somebody with a habit and an entry, in a couple: rows that refer to rows that refer to rows."""
    couple = Couple()
    session.add(couple)
    session.flush()
    person = Person(name_sealed=b"sealed", zone="UTC", couple_id=couple.id)
    habit = Habit(couple_id=couple.id, practice="gratitude", started_on=date(2026, 3, 1))
    session.add_all([person, habit])
    session.flush()
    entry = EntryRow(
        seq=1,
        habit_id=habit.id,
        person_id=person.id,
        day=date(2026, 3, 1),
        kind=Mark.DONE,
        source="reply",
        source_id=couple.id,
        at=NOW,
    )
    session.add(entry)
    session.flush()
    return person


def counts(session: Session) -> dict[str, int]:
    return {
        name: session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in Row.metadata.tables.items()
    }
