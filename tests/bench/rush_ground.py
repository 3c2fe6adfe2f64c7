"""The ground of a rush hour: people in one zone with one habit each, all of them due at one instant.

What is sealed is sealed for real, once, and the same for all: a run opens it as often as it would otherwise.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import Table, insert

from habits.goals import parse_goal, weekday_mask
from service import migrate
from service.db import Database
from service.ids import new_id
from service.models import Address, GoalRow, Habit, Member, Nudge, Person, Reminder
from service.models.base import Row
from service.sealing import Sealer
from service.states import AddressKind, Cause, NudgeKind

ZONE = "America/New_York"
DUE_AT = datetime(2026, 3, 6, 1, 30, tzinfo=UTC)
"""Half past eight in the evening of a Thursday there; in nobody's quiet hours."""
STARTED_ON = date(2026, 3, 1)
WORDS = "1 Gratitude: tell each other one thing that you were glad of today. Answer 1 when done."
CHUNK = 2000
Rows = dict[type[Row], list[Mapping[str, object]]]


def fill(url: str, sealer: Sealer, size: int, planned: bool = False) -> None:
    """Fill a new database with so many people.

    Each has a reminder that is due at `DUE_AT`, or with `planned` a message that is.
    """
    database = Database(url)
    migrate.upgrade(database, sealer)
    add(database, sealer, size, planned)
    database.close()


def add(database: Database, sealer: Sealer, size: int, planned: bool) -> list[UUID]:
    """Add such people to a database that has its tables; return their ids, in the order of their messages."""
    sealed = {text: sealer.seal(text) for text in ("Alex", "+12025550101", WORDS)}
    ids: list[UUID] = []
    for first in range(0, size, CHUNK):
        rows: Rows = {}
        for number in range(first, min(first + CHUNK, size)):
            ids.append(new_id())
            for row, values in _person(ids[-1], number, sealed, planned):
                rows.setdefault(row, []).append(values)
        with database.write() as session:
            for row, lines in rows.items():
                session.connection().execute(insert(cast(Table, row.__table__)), lines)
    return ids


def _person(
    person: UUID, number: int, sealed: Mapping[str, bytes], planned: bool
) -> Iterator[tuple[type[Row], dict[str, object]]]:
    """Yield the rows of a person, those first that others point to."""
    habit, reminder = new_id(), new_id()
    yield (
        Person,
        {
            "id": person,
            "zone": ZONE,
            "name_sealed": sealed["Alex"],
            "country": "US",
            "quiet_from": time(22),
            "due_at": DUE_AT + timedelta(days=planned),
        },
    )
    yield (
        Address,
        {
            "id": new_id(),
            "person_id": person,
            "kind": AddressKind.SMS,
            "lookup": number.to_bytes(32),
            "value_sealed": sealed["+12025550101"],
            "verified_at": DUE_AT - timedelta(days=4),
        },
    )
    yield Habit, {"id": habit, "person_id": person, "practice": "gratitude", "started_on": STARTED_ON}
    goal = parse_goal("daily")
    yield (
        GoalRow,
        {
            "habit_id": habit,
            "effective_on": STARTED_ON,
            "kind": goal.kind.value,
            "times": goal.times,
            "days": goal.days,
            "weekdays": weekday_mask(goal),
            "reserve": goal.reserve,
        },
    )
    yield Member, {"habit_id": habit, "person_id": person, "number": 1}
    yield (
        Reminder,
        {
            "id": reminder,
            "habit_id": habit,
            "person_id": person,
            "schedule": "daily 20:30",
            "seed": number,
            "starts_on": STARTED_ON,
            "next_at": DUE_AT + timedelta(days=planned),
        },
    )
    if planned:
        yield (
            Nudge,
            {
                "id": new_id(),
                "person_id": person,
                "kind": NudgeKind.NUDGE,
                "cause_kind": Cause.REMINDER,
                "cause_id": reminder,
                "due_at": DUE_AT,
                "not_before": DUE_AT,
                "expires_at": DUE_AT + timedelta(hours=2),
                "words_sealed": sealed[WORDS],
            },
        )
