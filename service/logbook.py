"""The only writer of entries: done, skipped, undone. The caller holds the person's lock."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from habits.entries import Mark
from service.db import insert_new
from service.ids import new_id
from service.models import EntryRow


def log(
    session: Session,
    person_id: UUID,
    days: list[tuple[UUID, date]],
    mark: Mark,
    source: str,
    source_id: UUID,
    now: datetime,
) -> int:
    """Add one entry for each (habit, day); return how many are new. The same source twice adds nothing."""
    first = _next_seq(session, person_id)
    return insert_new(
        session,
        EntryRow,
        [
            {
                "id": new_id(),
                "seq": first + position,
                "habit_id": habit_id,
                "person_id": person_id,
                "day": day,
                "kind": mark,
                "source": source,
                "source_id": source_id,
                "at": now,
            }
            for position, (habit_id, day) in enumerate(dict.fromkeys(days))
        ],
    )


def undo_last(
    session: Session, person_id: UUID, source: str, source_id: UUID, now: datetime, also: Sequence[str] = ()
) -> list[tuple[UUID, date]]:
    """Take back all that the person's last message logged; return its (habit, day)s, if any.

    `also` are other sources of theirs. The same source twice takes back nothing more.
    """
    again = select(EntryRow.id).where(
        EntryRow.person_id == person_id,
        EntryRow.source == source,
        EntryRow.source_id == source_id,
        EntryRow.kind == Mark.UNDONE,
    )
    if session.scalar(again.limit(1)):
        return []
    standing = _standing(person_id).where(EntryRow.source.in_((source, *also)))
    last = session.scalar(standing.order_by(EntryRow.seq.desc()).limit(1))
    if last is None:
        return []
    entries = session.scalars(
        standing.where(EntryRow.source_id == last.source_id).order_by(EntryRow.seq)
    ).all()
    return _undo(session, person_id, entries, source, source_id, now)


def undo_of(
    session: Session, person_id: UUID, source: str, source_ids: Sequence[UUID], by_id: UUID, now: datetime
) -> list[tuple[UUID, date]]:
    """Take back all that these sources logged and that stands; return its (habit, day)s."""
    wanted = _standing(person_id).where(EntryRow.source == source, EntryRow.source_id.in_(source_ids))
    entries = session.scalars(wanted.order_by(EntryRow.seq)).all()
    return _undo(session, person_id, entries, source, by_id, now)


def _standing(person_id: UUID) -> Select[EntryRow]:
    undoing = aliased(EntryRow)
    return (
        select(EntryRow)
        .outerjoin(undoing, undoing.undoes_id == EntryRow.id)
        .where(EntryRow.person_id == person_id, EntryRow.kind != Mark.UNDONE, undoing.id.is_(None))
    )


def _undo(
    session: Session,
    person_id: UUID,
    entries: Sequence[EntryRow],
    source: str,
    source_id: UUID,
    now: datetime,
) -> list[tuple[UUID, date]]:
    first = _next_seq(session, person_id)
    for position, entry in enumerate(entries):
        session.add(
            EntryRow(
                seq=first + position,
                habit_id=entry.habit_id,
                person_id=person_id,
                day=entry.day,
                kind=Mark.UNDONE,
                undoes_id=entry.id,
                source=source,
                source_id=source_id,
                at=now,
            )
        )
    session.flush()
    return [(entry.habit_id, entry.day) for entry in entries]


def _next_seq(session: Session, person_id: UUID) -> int:
    newest = session.scalar(select(func.max(EntryRow.seq)).where(EntryRow.person_id == person_id))
    return (newest or 0) + 1
