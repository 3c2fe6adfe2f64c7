"""What a message costs PostgreSQL: bytes of its log of writes (WAL) for each step of its life, and of disk.

Each step is measured twice: with pages that were written a moment ago, and, as the alternative, right after a
checkpoint, when the first change of each page writes the whole page. A real day is in between.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel
from sqlalchemy import select, text

from habits.entries import Mark
from notifiers.base import Accepted, Message, Report
from service import migrate, planning, receipts, retention, sending
from service.db import Database
from service.ids import new_id
from service.models import Address, EntryRow, GoalRow, Habit, Member, Nudge, Person, Reminder
from service.sealing import Sealer, new_key
from service.sending import Handed
from service.settings import Settings
from service.site import Site
from service.states import AddressKind, Purpose
from tests import postgres
from tests.bench import stores
from tests.bench.figures import Figure

PEOPLE, ONE_IN = 4000, 20
"""So few are due on one day that each has pages to itself, as among a million due at different hours."""
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
AT_ONCE = 100
BESIDE = "after a checkpoint"
OF_A_MESSAGE = ("nudge", "nudge_item", "attempt", "receipt", "event", "entry")


class Taking:
    """A channel that takes everything at once."""

    name: ClassVar[str] = "taking"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"sms"})
    Settings: ClassVar[type[BaseModel]] = BaseModel
    sender = "taking"

    def send(self, message: Message) -> Accepted:
        return Accepted(f"p-{message.attempt_id}", 1)

    def check(self) -> str:
        return "It takes everything."


def figures(scale: float) -> Iterator[Figure]:
    """Yield the bytes that one message takes, by step; `scale` 1 is for 4,000 people."""
    people = max(ONE_IN * 5, round(PEOPLE * scale))
    with tempfile.TemporaryDirectory(prefix="attune-wal-") as name:
        folder = Path(name)
        try:
            with postgres.database(postgres.start(folder, stores.SETTINGS), "wal") as url:
                yield from _measured(url, folder, people)
        finally:
            postgres.stop(folder)


def _measured(url: str, home: Path, people: int) -> Iterator[Figure]:
    key = new_key()
    settings = Settings(home=home, database_url=url, key=key, notifiers={}, daily_money=0)
    with closing(Database(url)) as db:
        migrate.upgrade(db, Sealer(key))
        clock = [MORNING]
        site = Site(settings, db, Sealer(key), {"taking": Taking()}, lambda: clock[0])
        fill(site, people)
        messages = len(range(0, people, ONE_IN))
        costs: dict[str, list[float]] = {}
        first = _disk(site)
        for day in range(4):  # Two days to warm up, one as it is, one with a checkpoint before each step.
            clock[0] = MORNING + day * DAY
            for step, run in STEPS.items():
                if day == 3:
                    _execute(site, "CHECKPOINT")
                costs.setdefault(step, []).append(_wal(site, run) / messages)
        disk = (_disk(site) - first) / 4 / messages
        clock[0] += timedelta(days=settings.keep_words_days + 1)
        words = _wal(site, retention.purge) / 4 / messages
        clock[0] += timedelta(days=settings.keep_nudges_days)
        rows = _wal(site, retention.purge) / 4 / messages
    for step, (*_, warm, cold) in costs.items():
        yield Figure(f"WAL of {step}", warm, "bytes a message", BESIDE, cold, [warm])
    yield Figure("WAL of emptying its words after 30 days", words, "bytes a message", raw=[words])
    yield Figure("WAL of dropping its rows after 400 days", rows, "bytes a message", raw=[rows])
    yield Figure("its rows and indexes on disk, words included", disk, "bytes a message", raw=[disk])


def fill(site: Site, people: int) -> None:
    """Add people who said yes, each with one daily habit; one in 20 is due in the morning."""
    day = date(2026, 3, 1)
    with site.db.write() as session:
        for number in range(people):
            due_at = MORNING - timedelta(minutes=1) + (number % ONE_IN > 0) * 1000 * DAY
            person = Person(id=new_id(), name_sealed=site.sealer.seal("Alex"), zone="UTC", due_at=due_at)
            person.day_starts, person.quiet_from, person.quiet_to = time(3), time(21), time(8)
            habit = Habit(id=new_id(), person_id=person.id, practice="gratitude", started_on=day)
            phone = f"+1555{number:07}"
            rows: list[object] = [
                Address(
                    person_id=person.id,
                    kind=AddressKind.SMS,
                    lookup=site.sealer.lookup(AddressKind.SMS, phone),
                    value_sealed=site.sealer.seal(phone),
                    verified_at=MORNING - DAY,
                ),
                GoalRow(
                    habit_id=habit.id,
                    effective_on=day,
                    kind="calendar",
                    times=1,
                    days=1,
                    weekdays=0,
                    reserve=0,
                ),
                Member(habit_id=habit.id, person_id=person.id, number=1),
                Reminder(
                    habit_id=habit.id,
                    person_id=person.id,
                    purpose=Purpose.NUDGE,
                    schedule="daily 08:59",
                    seed=number,
                    starts_on=day,
                    next_at=due_at,
                ),
            ]
            session.add_all([person])
            session.flush()
            session.add(habit)
            session.flush()
            session.add_all(rows)


def _plan(site: Site) -> None:
    while planning.plan_due(site, site.now()).people:
        pass


def _send(site: Site) -> None:
    taken = Taking()
    while claimed := sending.claim(site, site.now(), AT_ONCE):
        for one in claimed:
            sending.record(site, Handed(one, taken.send(one.message)), site.now())


def _arrive(site: Site) -> None:
    with site.db.read() as session:
        found = session.execute(
            text("SELECT provider_id FROM attempt WHERE rank < 3 AND provider_id IS NOT NULL")
        )
        ids = [str(row.provider_id) for row in found]
    for provider_id in ids:
        receipts.record(site, "taking", Report(provider_id, "delivered", 3), None, site.now())


def _answer(site: Site) -> None:
    """Add what each answer leaves for good: an entry, and that there was one."""
    with site.db.write() as session:
        at = site.now()
        asked = session.scalars(select(Nudge).where(Nudge.sent_at == at)).all()
        people = {nudge.person_id for nudge in asked}
        for nudge in asked:
            nudge.answered_at = at
        for person in session.scalars(select(Person).where(Person.id.in_(people))):
            person.last_sign_of_life_at = at
        for member in session.scalars(select(Member).where(Member.person_id.in_(people))):
            session.add(
                EntryRow(
                    seq=at.toordinal(),
                    habit_id=member.habit_id,
                    person_id=member.person_id,
                    day=at.date(),
                    kind=Mark.DONE,
                    source="bench",
                    source_id=new_id(),
                    at=at,
                )
            )


STEPS: dict[str, Callable[[Site], object]] = {
    "planning": _plan,
    "claiming and recording": _send,
    "a report that it arrived": _arrive,
    "what an answer leaves": _answer,
}


def _wal(site: Site, run: Callable[[Site], object]) -> float:
    """Return how many bytes of WAL are written while something runs; nothing else does."""
    before = _number(site, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
    run(site)
    return _number(site, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn") - before


def _disk(site: Site) -> float:
    return _number(site, f"SELECT {' + '.join(f'pg_total_relation_size({name!r})' for name in OF_A_MESSAGE)}")


def _number(site: Site, statement: str) -> float:
    with site.db.read() as session:
        return float(session.scalar(text(statement)) or 0)


def _execute(site: Site, statement: str) -> None:
    with site.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
