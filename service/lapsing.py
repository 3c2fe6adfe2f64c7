"""Planned nudges that are of no use any more are let go: after the commit none of them is claimed.

Beside `outbox` and `attempting` nobody else writes nudges. The caller holds the locks of their people.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Exists, exists, or_, update
from sqlalchemy.orm import Session

from service.models import Nudge, NudgeItem
from service.outbox import living
from service.states import Cause, NudgeKind, NudgeState

HELP_KEPT_FOR = timedelta(hours=2)
ABOUT_HABITS = (NudgeKind.NUDGE, NudgeKind.RESCUE)
ENDED = "the habit has ended"
REMOVED = "the reminder was removed"


def lapse_planned(
    session: Session, person_id: UUID, reason: str, kinds: Sequence[NudgeKind] = tuple(NudgeKind)
) -> None:
    """Let go of all that is planned for a person: after the commit none of it is claimed."""
    session.execute(
        update(Nudge)
        .where(Nudge.person_id == person_id, Nudge.state == NudgeState.PLANNED, Nudge.kind.in_(kinds))
        .values(state=NudgeState.LAPSED, reason=reason)
    )


def lapse_ended(session: Session, person_ids: Collection[UUID]) -> None:
    """Let go of what is planned for these people about habits that have all ended.

    A digest with a living habit goes out as it is: its words are sealed, and an answer about the ended one
    is told that there is no such habit.
    """
    _lapse(session, ENDED, Nudge.person_id.in_(person_ids), _has_item(), ~_has_item(living()))


def lapse_habits(session: Session, person_id: UUID, habit_ids: Collection[UUID], reason: str) -> None:
    """Let go of what is planned for a person about nothing but these habits."""
    others = _has_item(NudgeItem.habit_id.not_in(habit_ids))
    _lapse(session, reason, Nudge.person_id == person_id, Nudge.kind.in_(ABOUT_HABITS), _has_item(), ~others)


def lapse_removed(session: Session, person_id: UUID, reminder_id: UUID) -> None:
    """Let go of what is planned by a reminder that is about to be removed.

    A digest that another reminder of a living habit is part of goes out as it is.
    """
    # A check-in and a summary have no items.
    of_it = or_(Nudge.cause_id == reminder_id, _has_item(NudgeItem.reminder_id == reminder_id))
    others = _has_item(NudgeItem.reminder_id.is_distinct_from(reminder_id), living())
    _lapse(session, REMOVED, Nudge.person_id == person_id, of_it, ~others)


def drop_help_words(session: Session, now: datetime) -> int:
    """Empty the words of HELP and danger lines that are over: nobody can tell the one from the other then."""
    done = (NudgeState.SENT, NudgeState.DELIVERED, NudgeState.LAPSED, NudgeState.FAILED)
    over = (
        update(Nudge)
        .where(
            Nudge.cause_kind == Cause.HELP,
            Nudge.words_sealed.is_not(None),
            Nudge.not_before <= now - HELP_KEPT_FOR,
            Nudge.state.in_(done),
        )
        .values(words_sealed=None)
    )
    return cast(CursorResult[object], session.execute(over)).rowcount


def _has_item(*conditions: ColumnElement[bool]) -> Exists:
    """Return the condition that a nudge has an item for which all of these hold."""
    return exists().where(NudgeItem.nudge_id == Nudge.id, *conditions)


def _lapse(session: Session, reason: str, *which: ColumnElement[bool]) -> None:
    session.execute(
        update(Nudge)
        .where(Nudge.state == NudgeState.PLANNED, *which)
        .values(state=NudgeState.LAPSED, reason=reason)
    )
