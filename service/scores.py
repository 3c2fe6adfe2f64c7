"""The only writer of check-ins: opened by planning, answered or skipped by a message; scores are sealed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from habits import pulse as checkin
from service.models import Nudge, Pulse, PulseAnswer
from service.sealing import Sealer
from service.states import NudgeKind, PulseState


def open_pulse(session: Session, person_id: UUID, waiting: Sequence[Nudge]) -> Pulse | None:
    """Return the check-in that one of the waiting nudges asked for and that has no answer yet."""
    asked = [nudge.id for nudge in waiting if nudge.kind is NudgeKind.PULSE]
    if not asked:
        return None
    return session.scalar(
        select(Pulse)
        .where(Pulse.person_id == person_id, Pulse.nudge_id.in_(asked), Pulse.state == PulseState.ASKED)
        .order_by(Pulse.week_on.desc())
        .limit(1)
    )


def answer(session: Session, sealer: Sealer, pulse: Pulse, values: Sequence[int]) -> None:
    """Keep one score for each item that was asked, sealed."""
    for item, value in zip(checkin.asked(pulse.week_on), values, strict=True):
        session.add(PulseAnswer(pulse_id=pulse.id, item_id=item.id, score_sealed=sealer.seal(str(value))))
    pulse.state = PulseState.ANSWERED


def skip(pulse: Pulse) -> None:
    pulse.state = PulseState.SKIPPED
