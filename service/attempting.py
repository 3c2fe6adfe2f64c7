"""Attempts: each is one try to hand a message over, and begins as the message is claimed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from service import batches
from service.db import insert_new
from service.ids import new_id
from service.models import Attempt, Nudge
from service.states import NudgeState

TRIED = (
    select(Attempt.nudge_id, func.max(Attempt.n).label("n"))
    .where(Attempt.nudge_id.in_(bindparam("ids", expanding=True)))
    .group_by(Attempt.nudge_id)
)


@dataclass(frozen=True, slots=True)
class Start:
    """An attempt that begins now, with what it will take."""

    nudge_id: UUID
    address_id: UUID
    channel: str
    sender: str
    segments: int
    cost: float
    id: UUID = field(default_factory=new_id)


def start(session: Session, starts: Sequence[Start], now: datetime) -> None:
    """Move locked, planned nudges to `sending` and add the attempts; three statements, however many."""
    if not starts:
        return
    ids = [one.nudge_id for one in starts]
    tried = {row.nudge_id: row.n for row in session.execute(TRIED, {"ids": ids})}
    attempts = [
        {
            "id": one.id,
            "nudge_id": one.nudge_id,
            "n": tried.get(one.nudge_id, 0) + 1,
            "channel": one.channel,
            "sender": one.sender,
            "claimed_at": now,
            "segments": one.segments,
            "cost": one.cost,
        }
        for one in starts
    ]
    if insert_new(session, Attempt, attempts) != len(starts):
        raise RuntimeError("Somebody else has begun an attempt at a locked message.")
    sending = [
        {"id": one.nudge_id, "state": NudgeState.SENDING, "address_id": one.address_id} for one in starts
    ]
    batches.update_many(session, Nudge, sending)
