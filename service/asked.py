"""What last went out to a person, and whether it asks something that a yes, a no or a code belongs to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from habits.context import Asked, Question
from service import due
from service.models import Nudge
from service.states import Cause, NudgeKind, NudgeState

OPEN_FOR = timedelta(days=7)
"""A question that is answered by yes or no waits for it this long."""
CODE_FOR = timedelta(days=1)
"""The code that deletes all is good for so long."""
ON_THE_WAY = (NudgeState.PLANNED, NudgeState.SENDING)
GONE = (NudgeState.SENDING, NudgeState.UNKNOWN, NudgeState.SENT, NudgeState.DELIVERED)


@dataclass(frozen=True, slots=True)
class Open:
    """A question that waits for its answer, and the message that asked it."""

    question: Question
    nudge: Nudge


def newest(session: Session, person_id: UUID, now: datetime) -> Nudge | None:
    """Return what last went out to a person in the last week; HELP and danger lines change no subject."""
    return _newest(session, person_id, now, GONE)


def newest_answer(session: Session, person_id: UUID, now: datetime) -> Nudge | None:
    """Return what last went out, or is about to: a second message may come before the answer is sent."""
    return _newest(session, person_id, now, (*ON_THE_WAY, *GONE))


def _newest(
    session: Session, person_id: UUID, now: datetime, states_of_answers: tuple[NudgeState, ...]
) -> Nudge | None:
    answers = (Cause.REPLY, Cause.DELETE)
    return session.scalar(
        select(Nudge)
        .where(
            Nudge.person_id == person_id,
            Nudge.not_before.between(now - OPEN_FOR, now),
            or_(
                and_(Nudge.kind.in_(due.REMINDED), Nudge.state.in_(GONE)),
                and_(
                    Nudge.kind == NudgeKind.ANSWER,
                    Nudge.cause_kind.in_(answers),
                    Nudge.state.in_(states_of_answers),
                ),
            ),
        )
        .order_by(Nudge.not_before.desc(), Nudge.id.desc())
        .limit(1)
    )


def question(nudge: Nudge | None, now: datetime) -> Asked | None:
    """Return what a message asks, if it waits for its answer."""
    if nudge is None or nudge.answered_at:
        return None
    if nudge.cause_kind is Cause.DELETE:
        return Asked.DELETE if nudge.not_before > now - CODE_FOR else None
    if nudge.kind is not NudgeKind.QUESTION:
        return None
    return Asked.TOGETHER if nudge.cause_kind is Cause.TOGETHER else Asked.USEFUL


def answers(session: Session, person_id: UUID) -> int:
    """Return how many answers a person has had."""
    wanted = select(func.count()).where(Nudge.person_id == person_id, Nudge.kind == NudgeKind.ANSWER)
    return session.scalar(wanted) or 0
