"""Facts that somebody waits for: past tense, ids only, written in the transaction of what they tell."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.models import Event


def tell(session: Session, kind: str, subject_id: UUID, now: datetime, person_id: UUID | None = None) -> None:
    """Add one event, such as `nudge sent`, about the row `subject_id`."""
    session.add(Event(kind=kind, person_id=person_id, subject_id=subject_id, at=now))
