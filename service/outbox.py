"""The only writer of nudges: adds them once, hands them out once, notes how they ended.

Lock order: person, then nudge. Each function works inside its caller's transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import cache
from typing import cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Table,
    Update,
    bindparam,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from service.columns import UTCDateTime
from service.db import insert_new
from service.ids import new_id
from service.models import Habit, Member, Nudge, NudgeItem, Person
from service.sealing import Sealer
from service.states import Cause, NudgeKind, NudgeState

# Built once: to build a statement takes longer than to run it.
PEOPLE = select(Person).where(Person.id.in_(bindparam("ids", expanding=True))).order_by(Person.id)
LOCK = PEOPLE.with_for_update()
HOLD = LOCK.with_only_columns(Person.id)
LOCK_FREE = PEOPLE.with_for_update(skip_locked=True)
_TABLE = cast(Table, Nudge.__table__)
_ONE_PLANNED = update(_TABLE).where(
    _TABLE.c.id == bindparam("nudge_id"), _TABLE.c.state == NudgeState.PLANNED
)
LAPSE = _ONE_PLANNED.values(state=NudgeState.LAPSED, reason=bindparam("why"))
PUT_OFF = _ONE_PLANNED.values(not_before=bindparam("at"))


@dataclass(frozen=True, slots=True)
class NewItem:
    """One habit in a message; `day` is the person's day that an answer counts for."""

    habit_id: UUID
    day: date
    reminder_id: UUID | None = None
    turn: int = 0
    prompt_id: str | None = None
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class NewNudge:
    """One message to plan, or one that a decision let go (`state` lapsed, with its reason)."""

    person_id: UUID
    kind: NudgeKind
    cause_kind: Cause
    cause_id: UUID
    due_at: datetime
    not_before: datetime
    expires_at: datetime
    words: str | None = None
    turn: int = 0
    state: NudgeState = NudgeState.PLANNED
    reason: str | None = None
    items: tuple[NewItem, ...] = ()
    address_id: UUID | None = None
    """Where an answer goes; None: wherever the person is reached when it is claimed."""
    id: UUID = field(default_factory=new_id)


NUDGE_COLUMNS = [column.name for column in fields(NewNudge) if column.name not in ("words", "items")]


def add(session: Session, sealer: Sealer, nudges: Sequence[NewNudge]) -> set[UUID]:
    """Add nudges with their items, skipping those whose cause has one already; return the ids that are new.

    Two statements, however many nudges, and a third if some are skipped. The caller holds the lock of each
    person.
    """
    session.flush()  # Items may be about what was added just now.
    new = {nudge.id for nudge in nudges}
    if insert_new(session, Nudge, [_row(nudge, sealer) for nudge in nudges]) < len(new):
        new = set(session.scalars(select(Nudge.id).where(Nudge.id.in_(new))))
    insert_new(
        session,
        NudgeItem,
        [
            {
                "nudge_id": nudge.id,
                "position": position,
                "person_id": nudge.person_id,
                "habit_id": item.habit_id,
                "reminder_id": item.reminder_id,
                "day": item.day,
                "turn": item.turn,
                "prompt_id": item.prompt_id,
                "chance": item.chance,
            }
            for nudge in nudges
            if nudge.id in new
            for position, item in enumerate(nudge.items)
        ],
    )
    return new


def _row(nudge: NewNudge, sealer: Sealer) -> dict[str, object]:
    row = {name: getattr(nudge, name) for name in NUDGE_COLUMNS}
    row["words_sealed"] = sealer.seal(nudge.words) if nudge.words is not None else None
    return row


def lock_people(session: Session, person_ids: Sequence[UUID], wait: bool = True) -> dict[UUID, Person]:
    """Lock these people in one order; without `wait`, leave out those that another transaction holds."""
    rows = session.scalars(LOCK if wait else LOCK_FREE, {"ids": list(person_ids)})
    return {row.id: row for row in rows}


def hold_people(session: Session, person_ids: Collection[UUID]) -> None:
    """Lock these people in one order, and read nothing of them."""
    session.execute(HOLD, {"ids": list(person_ids)})


def living() -> ColumnElement[bool]:
    """Return the condition that an item's habit has not ended, and that its person has not left it."""
    return found(
        Habit.id == NudgeItem.habit_id,
        Habit.ended_on.is_(None),
        Member.habit_id == Habit.id,
        Member.person_id == NudgeItem.person_id,
        Member.left_on.is_(None),
    )


def found(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that there is such a row, looked up by key for each row around it.

    Of `exists`, PostgreSQL may read the whole table at once instead: seconds a batch, while it has counted
    none of the rows that just came.
    """
    return select(literal(1)).where(*conditions).limit(1).scalar_subquery().is_not(None)


@dataclass(slots=True)
class Changes:
    """What becomes of planned nudges that do not go out now: let go, and why; put off, and until when."""

    lapsed: dict[UUID, str] = field(default_factory=dict)
    put_off: dict[UUID, datetime] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lapsed) + len(self.put_off)

    def __or__(self, other: "Changes") -> "Changes":
        return Changes(self.lapsed | other.lapsed, self.put_off | other.put_off)


def change(session: Session, changes: Changes) -> None:
    """Let go of locked, planned nudges, and put others off; two statements at the most."""
    if changes.lapsed:
        rows = [{"nudge_id": id_, "why": why} for id_, why in changes.lapsed.items()]
        session.connection().execute(LAPSE, rows)
    if changes.put_off:
        rows = [{"nudge_id": id_, "at": at} for id_, at in changes.put_off.items()]
        session.connection().execute(PUT_OFF, rows)


def move(
    session: Session,
    nudge_id: UUID,
    expected: Sequence[NudgeState],
    state: NudgeState,
    reason: str | None = None,
    **values: object,
) -> bool:
    """Move a nudge on if it is still in one of the expected states; say whether it was."""
    done = session.execute(
        update(Nudge)
        .where(Nudge.id == nudge_id, Nudge.state.in_(expected))
        .values(state=state, reason=reason, **values)
    )
    return cast(CursorResult[object], done).rowcount == 1


def move_all(
    session: Session,
    nudge_ids: Collection[UUID],
    expected: Collection[NudgeState],
    state: NudgeState,
    **values: object,
) -> list[tuple[UUID, UUID]]:
    """Move nudges on that are still in one of the expected states; return them, with their people.

    One statement, however many.
    """
    if not nudge_ids:
        return []
    moved = (
        update(Nudge)
        .where(Nudge.id.in_(nudge_ids), Nudge.state.in_(expected))
        .values(state=state, **values)
        .returning(Nudge.id, Nudge.person_id)
        .execution_options(synchronize_session=False)
    )
    return [(nudge_id, person_id) for nudge_id, person_id in session.execute(moved)]


@dataclass(frozen=True, slots=True)
class Return:
    """What becomes of a nudge that was not delivered; `again_at`: when it is tried again, if it is."""

    nudge_id: UUID
    state: NudgeState
    reason: str
    again_at: datetime | None = None


def take_back(session: Session, returns: Sequence[Return], expected: Sequence[NudgeState]) -> None:
    """Note what became of nudges that were not delivered and are in one of the expected states yet.

    One statement, however many.
    """
    if returns:
        rows = [
            {"nudge_id": one.nudge_id, "into": one.state, "why": one.reason, "at": one.again_at}
            for one in returns
        ]
        session.connection().execute(_take_back(tuple(expected)), rows)


@cache
def _take_back(expected: tuple[NudgeState, ...]) -> Update:
    return (
        update(_TABLE)
        # Not `IN`: that cannot be given many rows at once.
        .where(_TABLE.c.id == bindparam("nudge_id"), or_(*(_TABLE.c.state == one for one in expected)))
        .values(
            state=bindparam("into"),
            reason=bindparam("why"),
            not_before=func.coalesce(bindparam("at", type_=UTCDateTime), _TABLE.c.not_before),
        )
    )
