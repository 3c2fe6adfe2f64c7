"""The same text over and over, as two machines that answer each other send it."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session

from habits import words
from service.models import Reply
from service.sealing import Sealer

WITHIN = timedelta(minutes=30)
MOST = 5
"""Equal texts within half an hour that are answered."""
_BYTES = 8


def echo(sealer: Sealer, lookup: bytes, text: str) -> bytes:
    """Return a keyed hash by which the same text of the same sender is known again."""
    return sealer.lookup("echo", f"{lookup.hex()}:{words.fold(text)}")[:_BYTES]


def repeats(session: Session, reply: Reply) -> bool:
    """Say whether this sender has sent this text too often."""
    equal = select(func.count()).where(
        Reply.lookup == reply.lookup,
        Reply.echo == reply.echo,
        Reply.received_at > reply.received_at - WITHIN,
        Reply.received_at <= reply.received_at,
    )
    return (session.scalar(equal) or 0) > MOST


def forget(session: Session, now: datetime) -> int:
    """Drop the hashes that are of no more use; return how many."""
    old = update(Reply).where(Reply.echo.is_not(None), Reply.received_at <= now - WITHIN).values(echo=None)
    return cast(CursorResult[object], session.execute(old)).rowcount
