"""All that is kept of a person as one JSON document, row by row: ten years take no more memory than a day.

The caller has made sure that it may be read (`privacy.look`). Nothing of the partner is in it, nor who they
are; of a joint habit only that it is shared, and how.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, or_, select
from sqlalchemy.orm import Session

from service import portable
from service.errors import AttuneError
from service.models import (
    Address,
    Attempt,
    Consent,
    EntryRow,
    GoalRow,
    Habit,
    JointDay,
    Member,
    Nudge,
    Person,
    Pulse,
    PulseAnswer,
    Receipt,
    Suppression,
    Wording,
)
from service.portable import Section, Values
from service.site import Site

AT_ONCE = 500
"""Rows that are in memory at a time."""
IMPORTED = "import"
"""The source of what a ledger elsewhere said."""


def pieces(site: Site, person_id: UUID, now: datetime) -> Iterator[str]:
    """Yield a person's document, one row a piece, as of one instant. Raises AttuneError if they are gone."""
    with site.db.read() as session:
        if not site.db.is_sqlite:
            # Else each statement would see what was committed since the one before.
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        if session.get(Person, person_id) is None:
            raise AttuneError("There is no such person any more.")
        head = {"format": portable.FORMAT, "version": portable.VERSION, "written_at": now.isoformat()}
        yield json.dumps(head)[:-1]
        for section in portable.SECTIONS:
            rows = (json.dumps(row, ensure_ascii=False) for row in _rows(session, site, section, person_id))
            if section is portable.PERSON:
                yield f',\n"{section.name}": {next(rows)}'
                continue
            yield f',\n"{section.name}": ['
            for place, row in enumerate(rows):
                yield f"{',' if place else ''}\n{row}"
            yield "]"
        yield "}\n"


def _rows(session: Session, site: Site, section: Section, person_id: UUID) -> Iterator[Values]:
    found = session.execute(_wanted(section, person_id), execution_options={"yield_per": AT_ONCE})
    stopped = _stopped(session, person_id) if section is portable.ADDRESSES else set()
    of_address = _addresses(session, person_id) if section is portable.CONSENT else {}
    for row in found.mappings():
        values = portable.written(section, row, site.sealer)
        match section:
            case portable.ADDRESSES:
                values["stopped"] = row["id"] in stopped
            case portable.CONSENT:
                values["address_id"] = str(row["address_id"] or of_address[row["lookup"]])
            case portable.HABITS:
                values["shared"] = row["couple_id"] is not None
        yield values


def _wanted(section: Section, person_id: UUID) -> Select[*tuple[object, ...]]:
    """Return the statement that finds a person's rows of a table, in an order that stays."""
    row, table = section.row, section.table
    wanted = select(*table.columns).order_by(*table.primary_key.columns)
    habits = _ids(select(Member.habit_id).where(Member.person_id == person_id))
    if row is Person:
        return wanted.where(Person.id == person_id)
    if row is Habit:
        return wanted.where(Habit.id.in_(habits))
    if row in (GoalRow, JointDay):
        return wanted.where(table.c.habit_id.in_(habits))
    if row is Consent:
        return wanted.where(_their_ledger(person_id))
    if row is Wording:
        return wanted.where(
            Wording.version.in_(select(Consent.wording_version).where(_their_ledger(person_id)))
        )
    if row is PulseAnswer:
        return wanted.where(
            PulseAnswer.pulse_id.in_(_ids(select(Pulse.id).where(Pulse.person_id == person_id)))
        )
    nudges = _ids(select(Nudge.id).where(Nudge.person_id == person_id))
    if row is Attempt:
        return wanted.where(Attempt.nudge_id.in_(nudges))
    if row is Receipt:
        return wanted.join(
            Attempt,
            and_(Attempt.channel == Receipt.channel, Attempt.provider_id == Receipt.provider_id),
        ).where(Attempt.nudge_id.in_(nudges))
    if row is EntryRow:
        wanted = select(*table.columns).order_by(EntryRow.seq)
    return wanted.where(table.c.person_id == person_id)


def _ids(wanted: Select[UUID]) -> ScalarSelect[UUID]:
    return wanted.scalar_subquery()


def _their_ledger(person_id: UUID) -> ColumnElement[bool]:
    """Return the condition for what the ledger says of a person's addresses, since they are theirs."""
    theirs = Address.person_id == person_id
    brought = and_(
        Consent.source == IMPORTED, Consent.lookup.in_(select(Address.lookup).where(theirs).scalar_subquery())
    )
    return or_(Consent.address_id.in_(select(Address.id).where(theirs).scalar_subquery()), brought)


def _addresses(session: Session, person_id: UUID) -> dict[bytes, UUID]:
    rows = session.execute(select(Address.lookup, Address.id).where(Address.person_id == person_id))
    return dict(rows.all())


def _stopped(session: Session, person_id: UUID) -> set[UUID]:
    """Return those of a person's addresses that want nothing more."""
    return set(
        session.scalars(
            select(Address.id)
            .join(
                Suppression,
                and_(Suppression.kind == Address.kind, Suppression.lookup == Address.lookup),
            )
            .where(Address.person_id == person_id)
        )
    )
