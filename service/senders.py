"""The state of each sender, shared by all processes: a broken account is stopped, and tried again gently."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.db import insert_new
from service.models import SenderState

TRY_AGAIN = timedelta(minutes=5)
"""A stopped sender is tried again this long after its last failure."""


def closed_until(session: Session, sender: str, now: datetime) -> datetime | None:
    """Return when a stopped sender may be tried again, or None if it may be used now."""
    stopped_at = session.scalar(select(SenderState.stopped_at).where(SenderState.sender == sender))
    if stopped_at is None or now >= stopped_at + TRY_AGAIN:
        return None
    return stopped_at + TRY_AGAIN


def stop(session: Session, sender: str, code: str | None, now: datetime) -> None:
    """Stop a sender whose account the provider refused; a repeat moves the time on."""
    insert_new(session, SenderState, [{"sender": sender}])
    state = session.get_one(SenderState, sender, with_for_update=True)
    state.stopped_at, state.code = now, code


def works(session: Session, sender: str) -> None:
    """Note that the provider took a message from this sender."""
    state = session.get(SenderState, sender)
    if state and state.stopped_at:
        state.stopped_at = state.code = None


def stopped(session: Session) -> list[SenderState]:
    """Return the senders that are stopped."""
    return list(session.scalars(select(SenderState).where(SenderState.stopped_at.is_not(None))))
