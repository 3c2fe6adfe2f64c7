"""The only writer of nudges: adds them once, hands them out once, notes how they ended.

Lock order: person, then nudge. Each function works inside its caller's transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Exists,
    Integer,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from habits.entries import Mark
from habits.nudging import Reason
from service.columns import UTCDateTime
from service.db import insert_new
from service.ids import new_id
from service.models import Attempt, EntryRow, Habit, Member, Nudge, NudgeItem, Person
from service.sealing import Sealer
from service.states import Cause, NudgeKind, NudgeState

ANSWERABLE = timedelta(hours=48)
"""A nudge waits for an answer this long."""
DIGEST = 3
"""As many habits in one message as a check-in has items."""
WAITING = (
    select(Nudge.id, Nudge.person_id)
    .join(Person, Person.id == Nudge.person_id)
    .where(Nudge.state == NudgeState.PLANNED, Nudge.not_before <= bindparam("now", type_=UTCDateTime))
    .order_by(Nudge.not_before, Nudge.id)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(of=Person, skip_locked=True)
)
PLANNED_OF = (
    select(Nudge)
    .where(
        Nudge.id.in_(bindparam("ids", expanding=True)),
        Nudge.person_id.in_(bindparam("people", expanding=True)),
        Nudge.state == NudgeState.PLANNED,
    )
    .order_by(Nudge.not_before, Nudge.id)
    .with_for_update(skip_locked=True)
)
ENDED = "the habit has ended"
REMOVED = "the reminder was removed"


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

    Three statements, however many nudges. The caller holds the lock of each person.
    """
    insert_new(session, Nudge, [_row(nudge, sealer) for nudge in nudges])
    new = set(session.scalars(select(Nudge.id).where(Nudge.id.in_([nudge.id for nudge in nudges]))))
    insert_new(
        session,
        NudgeItem,
        [
            {"nudge_id": nudge.id, "position": position, "person_id": nudge.person_id, **asdict(item)}
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
    rows = session.scalars(
        select(Person)
        .where(Person.id.in_(person_ids))
        .order_by(Person.id)
        .with_for_update(skip_locked=not wait)
    )
    return {row.id: row for row in rows}


def waiting_for_hand_over(session: Session, now: datetime, limit: int) -> dict[Nudge, Person]:
    """Return, locked, the oldest planned nudges that may go now, each with its person.

    Those of people whom another transaction holds are passed over: others do not wait for them.
    """
    found = session.execute(WAITING, {"now": now, "limit": limit}).all()
    if not found:
        return {}
    people = lock_people(session, list({row.person_id for row in found}), wait=False)
    nudges = session.scalars(PLANNED_OF, {"ids": [row.id for row in found], "people": list(people)})
    return {nudge: people[nudge.person_id] for nudge in nudges}


def unneeded(session: Session, nudge_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return those of these nudges whose habits have all been done or skipped, or have ended, and why."""
    rows = session.execute(SAID_OF_ITEMS, {"nudge_ids": list(nudge_ids)}).all()
    reasons: dict[UUID, set[str | None]] = {}
    for nudge_id, done, skipped, living in rows:
        over = Reason.DONE if done else Reason.SKIPPED if skipped else None if living else ENDED
        reasons.setdefault(nudge_id, set()).add(over)
    return {
        nudge_id: next(why for why in (Reason.DONE, Reason.SKIPPED, ENDED) if why in said)
        for nudge_id, said in reasons.items()
        if None not in said
    }


def _said(mark: Mark) -> Exists:
    """Return the condition that this was said of an item's habit and day, and stands."""
    undoing = aliased(EntryRow)
    return exists().where(
        EntryRow.person_id == NudgeItem.person_id,
        EntryRow.habit_id == NudgeItem.habit_id,
        EntryRow.day == NudgeItem.day,
        EntryRow.kind == mark,
        ~exists().where(undoing.undoes_id == EntryRow.id),
    )


def _living() -> Exists:
    """Return the condition that an item's habit has not ended, and that its person has not left it."""
    return exists().where(
        Habit.id == NudgeItem.habit_id,
        Habit.ended_on.is_(None),
        Member.habit_id == NudgeItem.habit_id,
        Member.person_id == NudgeItem.person_id,
        Member.left_on.is_(None),
    )


SAID_OF_ITEMS = select(NudgeItem.nudge_id, _said(Mark.DONE), _said(Mark.SKIPPED), _living()).where(
    NudgeItem.nudge_id.in_(bindparam("nudge_ids", expanding=True))
)
"""Built once: to put it together takes longer than to ask it, and each round of sending asks."""


def start(
    session: Session, nudge: Nudge, address_id: UUID, channel: str, sender: str, now: datetime
) -> Attempt:
    """Move a locked, planned nudge to `sending` and add the attempt."""
    tried = session.scalar(select(func.count()).select_from(Attempt).where(Attempt.nudge_id == nudge.id)) or 0
    nudge.state = NudgeState.SENDING
    nudge.address_id = address_id
    attempt = Attempt(nudge_id=nudge.id, n=tried + 1, channel=channel, sender=sender, claimed_at=now)
    session.add(attempt)
    session.flush()
    return attempt


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
    _lapse(session, ENDED, Nudge.person_id.in_(person_ids), _has_item(), ~_has_item(_living()))


def lapse_removed(session: Session, person_id: UUID, reminder_id: UUID) -> None:
    """Let go of what is planned by a reminder that is about to be removed.

    A digest that another reminder of a living habit is part of goes out as it is.
    """
    # A check-in and a summary have no items.
    of_it = or_(Nudge.cause_id == reminder_id, _has_item(NudgeItem.reminder_id == reminder_id))
    others = _has_item(NudgeItem.reminder_id.is_distinct_from(reminder_id), _living())
    _lapse(session, REMOVED, Nudge.person_id == person_id, of_it, ~others)


def _has_item(*conditions: ColumnElement[bool]) -> Exists:
    """Return the condition that a nudge has an item for which all of these hold."""
    return exists().where(NudgeItem.nudge_id == Nudge.id, *conditions)


def _lapse(session: Session, reason: str, *which: ColumnElement[bool]) -> None:
    session.execute(
        update(Nudge)
        .where(Nudge.state == NudgeState.PLANNED, *which)
        .values(state=NudgeState.LAPSED, reason=reason)
    )


def abandoned(session: Session, before_at: datetime, limit: int) -> list[Attempt]:
    """Return, their people locked, the attempts that were claimed before `before_at` and never ended."""
    wanted = (
        select(Attempt)
        .join(Nudge, and_(Nudge.id == Attempt.nudge_id, Nudge.state == NudgeState.SENDING))
        .where(Attempt.outcome.is_(None), Attempt.claimed_at < before_at)
        .order_by(Attempt.claimed_at)
        .limit(limit)
    )
    person_ids = session.scalars(wanted.with_only_columns(Nudge.person_id)).all()
    people = lock_people(session, person_ids, wait=False)
    return list(session.scalars(wanted.where(Nudge.person_id.in_(people))))


def next_instant(session: Session, now: datetime) -> datetime | None:
    """Return when the next planned nudge may go or the next person is due, if later than now."""
    nudge = session.scalar(
        select(func.min(Nudge.not_before)).where(Nudge.state == NudgeState.PLANNED, Nudge.not_before > now)
    )
    person = session.scalar(select(func.min(Person.due_at)).where(Person.due_at > now))
    return min((at for at in (nudge, person) if at is not None), default=None)


def digest_waits(session: Session, person_id: UUID, now: datetime) -> bool:
    """Say whether a digest of three habits or more waits for an answer: its numbers could be scores."""
    waiting = [nudge.id for nudge in open_for_answer(session, person_id, now - ANSWERABLE, now)]
    several = select(NudgeItem.nudge_id).where(NudgeItem.nudge_id.in_(waiting)).group_by(NudgeItem.nudge_id)
    return session.scalar(several.having(func.count() >= DIGEST).limit(1)) is not None


def open_for_answer(session: Session, person_id: UUID, since_at: datetime, until_at: datetime) -> list[Nudge]:
    """Return a person's nudges from `since_at` to `until_at` that wait for an answer, the newest first.

    One still `sending` or `unknown` counts: the person may answer before we learn that it arrived.
    """
    on_the_way = (NudgeState.SENDING, NudgeState.UNKNOWN)
    arrived = (NudgeState.SENT, NudgeState.DELIVERED)
    return list(
        session.scalars(
            select(Nudge)
            .where(
                Nudge.person_id == person_id,
                Nudge.answered_at.is_(None),
                Nudge.not_before <= until_at,
                or_(
                    and_(Nudge.state.in_(arrived), Nudge.sent_at >= since_at),
                    and_(Nudge.state.in_(on_the_way), Nudge.not_before >= since_at),
                ),
                Nudge.kind.in_((NudgeKind.NUDGE, NudgeKind.RESCUE, NudgeKind.PULSE)),
            )
            .order_by(Nudge.not_before.desc(), Nudge.id.desc())
        )
    )
