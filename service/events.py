"""Facts that somebody waits for: past tense, ids only, written in the transaction of what they tell."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from service.models import Event


def tell(session: Session, kind: str, subject_id: UUID, now: datetime, person_id: UUID | None = None) -> None:
    """Add one event, such as `nudge sent`, about the row `subject_id`."""
    session.add(Event(kind=kind, person_id=person_id, subject_id=subject_id, at=now))


def tell_all(session: Session, kind: str, about: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
    """Add an event of one kind about each of these rows, given with their people; one statement."""
    rows = [{"kind": kind, "subject_id": subject, "person_id": who, "at": now} for subject, who in about]
    if rows:
        session.connection().execute(insert(cast(Table, Event.__table__)), rows)
