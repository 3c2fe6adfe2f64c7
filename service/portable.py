"""What a person's document holds, and how a value of a row is written into it and read back.

A section is a table; a column that is added to one is in the document from then on. Sealed values stand in
clear, without `_sealed` in their name. Ids of anybody else, and keyed hashes, are left out.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Column, RowMapping, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from service.columns import UTCDateTime
from service.errors import WrongUsage
from service.models import (
    AccessLog,
    Address,
    Attempt,
    Consent,
    EntryRow,
    Event,
    GoalRow,
    Habit,
    JointDay,
    Member,
    Nudge,
    NudgeItem,
    Pause,
    Person,
    Pulse,
    PulseAnswer,
    Receipt,
    Reminder,
    Reply,
    Rest,
    Row,
    Wording,
)
from service.sealing import Sealer

FORMAT = "attune person"
VERSION = 1
SEALED = "_sealed"
LEFT_OUT = frozenset({"person_id", "couple_id", "lookup", "echo"})
"""Columns that are in no document: whose it is is said once, and hashes are of use to their key alone."""
YEARS = range(1970, 2200)
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """One table in a document; what a row refers to comes before it, messages aside."""

    name: str
    row: type[Row]
    more: frozenset[str] = frozenset()
    """What is said of a row besides its columns: yes or no."""

    @property
    def table(self) -> Table:
        return cast(Table, self.row.__table__)

    @property
    def columns(self) -> Mapping[str, Column[Any]]:
        """The table's columns by their names in a document."""
        return {c.name.removesuffix(SEALED): c for c in self.table.columns if c.name not in LEFT_OUT}


PERSON = Section("person", Person)
SECTIONS = (
    PERSON,
    ADDRESSES := Section("addresses", Address, frozenset({"stopped"})),
    CONSENT := Section("consent", Consent),
    Section("wordings", Wording),
    HABITS := Section("habits", Habit, frozenset({"shared"})),
    GOALS := Section("goals", GoalRow),
    MEMBERS := Section("members", Member),
    DAYS_TOGETHER := Section("days_together", JointDay),
    REMINDERS := Section("reminders", Reminder),
    PAUSES := Section("pauses", Pause),
    RESTS := Section("rests", Rest),
    ENTRIES := Section("entries", EntryRow),
    PULSES := Section("check_ins", Pulse),
    ANSWERS := Section("check_in_answers", PulseAnswer),
    Section("messages", Nudge),
    Section("message_items", NudgeItem),
    Section("attempts", Attempt),
    Section("receipts", Receipt),
    Section("replies", Reply),
    Section("events", Event),
    ACCESS := Section("access", AccessLog),
)


def written(section: Section, row: RowMapping, sealer: Sealer) -> Values:
    """Return a row as it stands in a document."""
    return {name: _plain(row[column.name], sealer) for name, column in section.columns.items()}


def _plain(value: object, sealer: Sealer) -> object:
    match value:
        case bytes():
            return sealer.unseal(value)
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case Enum():
            return value.value
        case _:
            return value


def read(section: Section, place: int, given: object) -> Values:
    """Return the row that stands at a place of a section, by its columns' names.

    What the table seals is still in clear. Raises WrongUsage that names the place and none of the values.
    """
    columns = section.columns
    if not isinstance(given, dict) or not set(given) <= set(columns) | section.more:
        raise damaged(section, place)
    row: Values = {name: given.get(name) for name in section.more}
    if not all(type(value) is bool for value in row.values()):
        raise damaged(section, place)
    for name, column in columns.items():
        if name not in given and isinstance(column.default, ScalarElementColumnDefault):
            row[column.name] = column.default.arg
            continue
        try:
            row[column.name] = _value(column, given.get(name))
        except (TypeError, ValueError, OverflowError):
            raise damaged(section, place, name) from None
    return row


def kept(section: Section, row: Values, sealer: Sealer) -> Values:
    """Return a row as the table takes it: sealed, and without what is not of the table."""
    return {
        name: sealer.seal(value) if name.endswith(SEALED) and value is not None else value
        for name, value in row.items()
        if name not in section.more
    }


def damaged(section: Section, place: int, name: str | None = None) -> WrongUsage:
    """Return the refusal of a document for what stands at one place of it."""
    where = f"`{section.name}`, row {place + 1}" + (f", `{name}`" if name else "")
    return WrongUsage(f"That file is damaged or was changed ({where}), so nothing was taken over.")


def _value(column: Column[Any], given: object) -> object:
    """Return a value of a column. Raises ValueError or TypeError for what is none."""
    if given is None:
        if not column.nullable:
            raise ValueError
        return None
    match kind := column.type:
        case UTCDateTime():
            return _instant(given)
        case sa.Enum():
            return _member(kind, given)
        case sa.Uuid():
            return UUID(_text(given, 36))
        case sa.Date():
            return _in_reach(date.fromisoformat(_text(given, 10)))
        case sa.Time():
            return _clock(given)
        case sa.Boolean():
            return _of(bool, given)
        case sa.Integer():
            return _whole(given, 63 if isinstance(kind, sa.BigInteger) else 31)
        case sa.Float():
            return _finite(given)
        case sa.String():
            return _text(given, kind.length)
        case _:
            return _text(given, None)  # What is sealed.


def _member(kind: sa.Enum, given: object) -> object:
    """Return the member of a column's choice with this value. Raises ValueError if there is none."""
    assert kind.enum_class is not None
    return kind.enum_class(given)


def _of(kind: type, given: object) -> object:
    if type(given) is not kind:
        raise TypeError
    return given


def _whole(given: object, bits: int) -> int:
    if type(given) is not int or not -(2**bits) <= given < 2**bits:
        raise ValueError
    return given


def _finite(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise ValueError
    return float(given)


def _text(given: object, longest: int | None) -> str:
    if not isinstance(given, str) or "\0" in given or (longest is not None and len(given) > longest):
        raise ValueError
    given.encode()  # Half of a pair of surrogates cannot be kept.
    return given


def _in_reach(day: date) -> date:
    if day.year not in YEARS:
        raise ValueError
    return day


def _instant(given: object) -> datetime:
    at = datetime.fromisoformat(_text(given, 40))
    if at.tzinfo is None:
        raise ValueError
    _in_reach(at.date())
    return at.astimezone(UTC)


def _clock(given: object) -> time:
    clock = time.fromisoformat(_text(given, 20))
    if clock.tzinfo is not None:
        raise ValueError
    return clock
