"""The people of a habit under their locks, and the reminders that they get."""

import os
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from habits import schedule
from habits.schedule import ScheduleError
from service import due, outbox
from service.errors import WrongUsage
from service.ids import new_id
from service.models import Habit, Member, Person, Reminder
from service.states import Purpose

NO_HABIT = "There is no such habit; `attune habit list` shows them all."


def check_schedule(text: str) -> str:
    """Return the schedule in its one form. Raises WrongUsage that points at the word which is wrong."""
    try:
        return schedule.text(schedule.parse(text))
    except ScheduleError as error:
        raise WrongUsage(str(error)) from None


def locked(session: Session, person_ids: Sequence[UUID]) -> list[Person]:
    """Return these people, locked, in this order. Raises WrongUsage if one of them is not there."""
    found = outbox.lock_people(session, person_ids)
    if len(found) != len(set(person_ids)) or not found:
        raise WrongUsage("There is no such person; `attune person list` shows them all.")
    return [found[person_id] for person_id in dict.fromkeys(person_ids)]


def with_members(session: Session, habit_id: UUID) -> tuple[Habit, list[Person]]:
    """Return a habit and all who ever were its members, locked. Raises WrongUsage if there is none."""
    # Those who left it as well: who did is not to be told from what an edit answers.
    ids = session.scalars(select(Member.person_id).where(Member.habit_id == habit_id)).all()
    if not ids:
        raise WrongUsage(NO_HABIT)
    people = locked(session, ids)
    # Read only now, under the lock: another process may have ended it since.
    return session.get_one(Habit, habit_id, populate_existing=True), people


def new_reminder(
    person: Person, habit_id: UUID | None, text: str, now: datetime, purpose: Purpose = Purpose.NUDGE
) -> Reminder:
    """Return a reminder from today on; without a habit it brings what `purpose` says."""
    return Reminder(
        id=new_id(),
        habit_id=habit_id,
        person_id=person.id,
        purpose=purpose,
        schedule=text,
        seed=int.from_bytes(os.urandom(4)),
        starts_on=now.astimezone(due.zone_of(person.zone)).date(),
    )
