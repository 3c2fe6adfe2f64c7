"""Days on which a part in a joint habit rests besides pauses: stopped, silent, or `together` taken back.

The caller holds the person's lock. Days are the person's own.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from habits.entries import Pause
from habits.silence import AWAY
from service import due
from service.db import insert_new
from service.models import Person, Rest
from service.states import RestKind


def begin(session: Session, person_id: UUID, kind: RestKind, day: date, habit_id: UUID | None = None) -> None:
    """Let a person rest from `day` on; one who rests for the same reason already goes on resting."""
    session.flush()
    if session.scalar(_open(person_id, kind, habit_id)) is None:
        session.add(Rest(person_id=person_id, habit_id=habit_id, kind=kind, from_on=day))
        session.flush()


def begin_all(session: Session, kind: RestKind, days: Mapping[UUID, date]) -> None:
    """Let people rest, each from a day of theirs on; those who rest for that reason already go on resting."""
    resting = set(
        session.scalars(
            select(Rest.person_id).where(
                Rest.person_id.in_(days), Rest.kind == kind, Rest.habit_id.is_(None), Rest.to_on.is_(None)
            )
        )
    )
    new = [{"person_id": who, "kind": kind, "from_on": on} for who, on in days.items() if who not in resting]
    insert_new(session, Rest, new)


def end(session: Session, person_id: UUID, kind: RestKind, day: date, habit_id: UUID | None = None) -> None:
    """End a rest, so that `day` is the first day back."""
    session.flush()
    for rest in session.scalars(_open(person_id, kind, habit_id)):
        if rest.from_on >= day:
            session.delete(rest)
        else:
            rest.to_on = day - timedelta(days=1)
    session.flush()


def drop_apart(session: Session, person_id: UUID, habit_id: UUID) -> None:
    """Drop that a person took `together` back: the habit is not joint any more."""
    session.execute(
        delete(Rest).where(
            Rest.person_id == person_id, Rest.habit_id == habit_id, Rest.kind == RestKind.APART
        )
    )


def alive(session: Session, person: Person, now: datetime) -> None:
    """Note a sign of life, that is a reply, an entry or a page opened: a rest for want of one ends today."""
    today = due.today(person, now)
    person.last_sign_of_life_at = now
    if person.away_on and (today - person.away_on).days < AWAY:
        person.away_on = None  # Not away for long enough to be welcomed back.
    end(session, person.id, RestKind.SILENT, today)


def of(session: Session, person_ids: Collection[UUID]) -> dict[tuple[UUID, UUID | None], list[Pause]]:
    """Return these people's rests by person and habit, None for all habits, without saying why."""
    session.flush()
    found: dict[tuple[UUID, UUID | None], list[Pause]] = defaultdict(list)
    for row in session.scalars(select(Rest).where(Rest.person_id.in_(person_ids))):
        found[row.person_id, row.habit_id].append(Pause(row.from_on, row.to_on))
    return found


def _open(person_id: UUID, kind: RestKind, habit_id: UUID | None) -> Select[Rest]:
    return select(Rest).where(
        Rest.person_id == person_id, Rest.kind == kind, Rest.habit_id == habit_id, Rest.to_on.is_(None)
    )
