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


def fill(url: str, sealer: Sealer, size: int) -> None:
    """Fill a new database with so many people, each with a reminder that is due at `DUE_AT`."""
    database = Database(url)
    migrate.upgrade(database, sealer)
    _add(database, size, _Sealed(sealer), DUE_AT, planned=False)
    database.count_rows()
    database.close()


def add(database: Database, sealer: Sealer, size: int, at: datetime = DUE_AT) -> list[UUID]:
    """Add so many people with a message that is planned; return their ids in the order of their messages.

    Each has a number of their own, `number_of` their place.
    """
    return _add(database, size, _Sealed(sealer, own=True), at, planned=True)


def number_of(place: int) -> str:
    return f"+1202555{place:04}"


class _Sealed:
    """What is sealed of each person: all have the same number, or each one of their own."""

    def __init__(self, sealer: Sealer, own: bool = False) -> None:
        self._sealer, self._own = sealer, own
        self.name, self.words, self._number = (sealer.seal(text) for text in ("Alex", WORDS, number_of(0)))

    def address(self, place: int) -> tuple[bytes, bytes]:
        """Return the hash and the sealed value of an address."""
        if not self._own:
            return place.to_bytes(32), self._number
        number = number_of(place)
        return self._sealer.lookup(AddressKind.SMS, number), self._sealer.seal(number)


def _add(database: Database, size: int, sealed: _Sealed, at: datetime, planned: bool) -> list[UUID]:
    ids: list[UUID] = []
    for first in range(0, size, CHUNK):
        rows: Rows = {}
        for number in range(first, min(first + CHUNK, size)):
            ids.append(new_id())
            for row, values in _person(ids[-1], number, sealed, at, planned):
                rows.setdefault(row, []).append(values)
        with database.write() as session:
            for row, lines in rows.items():
                session.connection().execute(insert(cast(Table, row.__table__)), lines)
    return ids


def _person(
    person: UUID, place: int, sealed: _Sealed, at: datetime, planned: bool
) -> Iterator[tuple[type[Row], dict[str, object]]]:
    """Yield the rows of a person, those first that others point to."""
    habit, reminder = new_id(), new_id()
    next_at = at + timedelta(days=planned)
    lookup, number = sealed.address(place)
    yield (
        Person,
        {
            "id": person,
            "zone": ZONE,
            "name_sealed": sealed.name,
            "country": "US",
            "quiet_from": time(22),
            "due_at": next_at,
        },
    )
    yield (
        Address,
        {
            "id": new_id(),
            "person_id": person,
            "kind": AddressKind.SMS,
            "lookup": lookup,
            "value_sealed": number,
            "verified_at": at - timedelta(days=4),
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
            "seed": place,
            "starts_on": STARTED_ON,
            "next_at": next_at,
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
                "due_at": at,
                "not_before": at,
                "expires_at": at + timedelta(hours=2),
                "words_sealed": sealed.words,
            },
        )
