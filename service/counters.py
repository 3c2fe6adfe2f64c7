"""Counts of what happened in the whole installation, without a person in them."""

from sqlalchemy.orm import Session

from service.db import insert_new
from service.models import Meta

DANGER = "danger_words"


def count(session: Session, name: str) -> None:
    """Add one to a counter."""
    insert_new(session, Meta, [{"key": name, "value": "0"}])
    row = session.get_one(Meta, name, with_for_update=True, populate_existing=True)
    row.value = str(int(row.value) + 1)
    session.flush()
