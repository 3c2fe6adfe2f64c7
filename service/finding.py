"""Rows by the end of their id, which is what people type."""

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.errors import WrongUsage


def by_end(session: Session, column: InstrumentedAttribute[UUID], wanted: str) -> list[UUID]:
    """Return the ids, ten at the most, that end with these four or more digits."""
    digits = wanted.strip().lower().replace("-", "")
    if not re.fullmatch("[0-9a-f]{4,32}", digits):
        return []
    plain = func.replace(cast(column, String), "-", "")  # The stores write ids with and without dashes.
    return list(session.scalars(select(column).where(plain.like(f"%{digits}")).limit(10)))


def the_one(found: Sequence[UUID], what: str, where: str) -> UUID:
    """Return the only one that was found. Raises WrongUsage, naming the command that shows all, otherwise."""
    if len(found) > 1:
        raise WrongUsage(f"Several ids end like that; give more of the one that `{where}` shows.")
    if not found:
        raise WrongUsage(f"There is no such {what}; `{where}` shows what there is.")
    return found[0]
