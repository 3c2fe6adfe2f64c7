from datetime import UTC, date, datetime, time, timedelta, timezone
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Enum, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from service.columns import UTCDateTime
from service.db import Database
from service.ids import new_id
from service.models import Couple, Habit, Person, Reminder, Row, SenderState, Suppression
from service.states import AddressKind, Purpose

SENDER = "phone"


def store(database: Database, at: datetime | None) -> None:
    with database.write() as session:
        session.merge(SenderState(sender=SENDER, stopped_at=at))


def stored(database: Database) -> datetime | None:
    with database.read() as session:
        return session.scalar(select(SenderState.stopped_at))


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 3, 2, 9, tzinfo=UTC),
        datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=ZoneInfo("America/New_York")),
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2026, 3, 2, 0, 0, 0, 1, tzinfo=timezone(timedelta(hours=14))),
        None,
    ],
)
def test_an_instant_goes_in_aware_and_comes_out_in_utc(database: Database, at: datetime | None) -> None:
    store(database, at)
    found = stored(database)
    # Compared in UTC: Python holds times of two zones to be different if clocks show them twice.
    assert found == (at and at.astimezone(UTC))
    assert found is None or found.tzinfo is UTC


def test_a_server_in_another_zone_changes_nothing(database: Database) -> None:
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    store(database, at)
    if not database.is_sqlite:
        with database.read() as session:
            session.execute(text("SET LOCAL TIME ZONE 'Asia/Kathmandu'"))
            found = session.scalar(select(SenderState.stopped_at))
            assert found == at
            assert found is not None
            assert found.tzinfo is UTC
    assert stored(database) == at


def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="needs a time zone"):
        store(database, datetime(2026, 3, 2, 9))  # noqa: DTZ001
    naive = datetime(2026, 3, 2, 9)  # noqa: DTZ001
    with database.read() as session, pytest.raises(StatementError, match="needs a time zone"):
        session.scalar(select(SenderState).where(SenderState.stopped_at < naive))


def test_instants_compare_across_zones(database: Database) -> None:
    store(database, datetime(2026, 3, 2, 9, tzinfo=UTC))
    berlin = ZoneInfo("Europe/Berlin")
    with database.read() as session:
        for at, is_before in (
            (datetime(2026, 3, 2, 10, 0, 0, 1, tzinfo=berlin), True),
            (datetime(2026, 3, 2, 10, tzinfo=berlin), False),
            (datetime(2026, 3, 2, 9, 59, tzinfo=berlin), False),
        ):
            found = session.scalar(select(SenderState.sender).where(SenderState.stopped_at < at))
            assert (found is not None) is is_before


def test_every_instant_of_the_rows_is_of_this_type() -> None:
    """A plain DateTime would come back naive from SQLite."""
    named = [
        (column, type(column.type))
        for table in Row.metadata.tables.values()
        for column in table.columns
        if column.name == "at" or column.name.endswith(("_at", "_until"))
    ]
    assert len(named) > 20
    assert {kind for _, kind in named} == {UTCDateTime}


def test_every_state_is_kept_by_its_value_and_checked() -> None:
    enums = [
        column.type
        for table in Row.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Enum)
    ]
    assert len(enums) > 10
    for enum in enums:
        assert enum.enum_class is not None
        assert enum.enums == [member.value for member in enum.enum_class]
        assert enum.create_constraint
        assert not enum.native_enum


def test_the_database_refuses_a_state_that_is_none(database: Database) -> None:
    row = {"kind": "pigeon", "lookup": b"x" * 32, "at": "2026-03-02 09:00:00"}
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(text("INSERT INTO suppression VALUES (:kind, :lookup, 'asked', :at)"), row)


def test_bytes_and_days_and_clocks_come_back(database: Database) -> None:
    lookup = bytes(range(32))
    with database.write() as session:
        session.add(
            Suppression(
                kind=AddressKind.SMS, lookup=lookup, reason="asked", at=datetime(2026, 3, 2, 9, tzinfo=UTC)
            )
        )
        person = Person(name_sealed=b"\x00\xff", zone="UTC", quiet_from=time(21, 30))
        session.add(person)
        session.flush()
        session.add(Habit(person_id=person.id, practice="gratitude", started_on=date(2024, 2, 29)))
    with database.read() as session:
        assert session.get_one(Suppression, (AddressKind.SMS, lookup)).reason == "asked"
        found = session.scalars(select(Person)).one()
        assert (found.name_sealed, found.quiet_from) == (b"\x00\xff", time(21, 30))
        assert session.scalars(select(Habit.started_on)).one() == date(2024, 2, 29)


def test_the_database_refuses_rows_that_contradict_themselves(database: Database) -> None:
    with database.write() as session:
        couple_id, person_id = new_id(), new_id()
        session.add_all([Couple(id=couple_id), Person(id=person_id, name_sealed=b"x", zone="UTC")])
    day = date(2026, 3, 2)
    for row in (
        Habit(practice="gratitude", started_on=day),
        Habit(practice="gratitude", started_on=day, couple_id=couple_id, person_id=person_id),
        Habit(practice="gratitude", started_on=day, person_id=uuid4()),
        Person(name_sealed=b"x", zone="UTC", week_starts=7),
        Person(name_sealed=b"x", zone="UTC", daily_cap=25),
        Reminder(person_id=person_id, purpose=Purpose.NUDGE, schedule="daily 9:00", seed=1, starts_on=day),
    ):
        with pytest.raises(IntegrityError), database.write() as session:
            session.add(row)
