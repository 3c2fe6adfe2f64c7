"""Days on which a person's part in a joint habit rests besides pauses: stopped, silent, or `together` taken back.

The caller holds the person's lock. Days are the person's own.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from habits.entries import Pause
from service.models import Rest
from service.states import RestKind


def begin(session: Session, person_id: UUID, kind: RestKind, day: date, habit_id: UUID | None = None) -> None:
    """Let a person rest from `day` on; one who rests for the same reason already goes on resting."""
    session.flush()
    if session.scalar(_open(person_id, kind, habit_id)) is None:
        session.add(Rest(person_id=person_id, habit_id=habit_id, kind=kind, from_on=day))
        session.flush()


def end(session: Session, person_id: UUID, kind: RestKind, day: date, habit_id: UUID | None = None) -> None:
    """End a rest, so that `day` is the first day back."""
    session.flush()
    for rest in session.scalars(_open(person_id, kind, habit_id)):
        if rest.from_on >= day:
            session.delete(rest)
        else:
            rest.to_on = day - timedelta(days=1)
    session.flush()


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
