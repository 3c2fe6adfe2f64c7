"""A page of ten habits with ten years of entries each, beside asking for one habit after the other.

On SQLite, and on PostgreSQL where there is one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from habits import practices
from habits.entries import Entry, Mark, Pause
from habits.goals import DatedGoal, goal_of_row
from habits.periods import Facts
from habits.streaks import Progress, progress
from habits.strength import strength
from service import facts, logbook, migrate, taking_up
from service.db import Database
from service.ids import new_id
from service.models import EntryRow, GoalRow, Habit, Member
from service.models import Pause as PauseRow
from service.sealing import Sealer, new_key
from service.settings import Settings
from service.taking_up import NewHabit
from tests import postgres
from tests.bench.measure import Pair
from tests.bench.streaks import DAY, YEARS
from tests.world import World

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
DAYS = YEARS[10]
STARTED_ON = TODAY - DAY * (DAYS - 1)
Page = list[tuple[Progress, float]]
Way = Callable[[Session, UUID], Page]


def at_once(session: Session, person: UUID) -> Page:
    """Return what is shown of a person's habits, read as Attune reads it."""
    return [_shown(share.facts) for share in facts.shares(session, [person]).values()]


def one_by_one(session: Session, person: UUID) -> Page:
    """Return the same, with queries for each habit."""
    habits = select(Habit).join(Member).where(Member.person_id == person).order_by(Member.number)
    return [_shown(_facts(session, person, habit)) for habit in session.scalars(habits).all()]


def _shown(known: Facts) -> tuple[Progress, float]:
    return progress(known, TODAY), strength(known, TODAY)


def _facts(session: Session, person: UUID, habit: Habit) -> Facts:
    goals = session.scalars(select(GoalRow).where(GoalRow.habit_id == habit.id))
    columns = EntryRow.id, EntryRow.seq, EntryRow.day, EntryRow.kind, EntryRow.undoes_id
    own = EntryRow.person_id == person, EntryRow.habit_id == habit.id
    pauses = session.scalars(select(PauseRow).where(PauseRow.person_id == person))
    return Facts(
        habit.started_on,
        [
            DatedGoal(row.effective_on, goal_of_row(row.kind, row.times, row.days, row.weekdays, row.reserve))
            for row in goals
        ],
        [Entry(*row) for row in session.execute(select(*columns).where(*own))],
        [Pause(row.from_on, row.to_on) for row in pauses],
    )


def pairs() -> Iterator[Pair]:
    with TemporaryDirectory(prefix="attune-bench-") as name:
        folder = Path(name)
        yield from _on("SQLite", f"sqlite:///{folder / 'attune.db'}", folder)
    if postgres.folder_of_binaries() is None:
        return
    with TemporaryDirectory(prefix="attune-bench-") as name:
        folder = Path(name)
        try:
            with postgres.database(postgres.start(folder), "bench") as url:
                yield from _on("PostgreSQL", url, folder)
        finally:
            postgres.stop(folder)


def _on(store: str, url: str, folder: Path) -> Iterator[Pair]:
    key = new_key()
    database = Database(url)
    migrate.upgrade(database, Sealer(key))
    database.close()
    settings = Settings(home=folder, database_url=url, key=key, notifiers={"phone": {}})
    world = World.open(settings, NOW)
    person = _ten_habits(world)
    ours, other = _counted(world.site.db, at_once, person), _counted(world.site.db, one_by_one, person)
    yield Pair(
        f"ten habits, 10 y, {store}: {ours}",
        partial(_read, world.site.db, at_once, person),
        other,
        partial(_read, world.site.db, one_by_one, person),
    )
    world.site.db.close()


def _ten_habits(world: World) -> UUID:
    """Enrol somebody who has kept ten habits for ten years: nine days of ten done, the tenth skipped."""
    person = world.enrol("Alex")
    days = [STARTED_ON + DAY * number for number in range(DAYS)]
    for practice in practices.catalogue("en").values():
        new = NewHabit(practice.slug, "daily", started_on=STARTED_ON)
        habit = taking_up.add_habit(world.site, [person], new, NOW)
        for mark, said in ((Mark.DONE, [d for d in days if d.day % 10]), (Mark.SKIPPED, days[::10])):
            with world.site.db.write() as session:
                logbook.log(session, person, [(habit, day) for day in said], mark, "reply", new_id(), NOW)
    return person


def _read(database: Database, way: Way, person: UUID) -> Page:
    with database.read() as session:
        return way(session, person)


def _counted(database: Database, way: Way, person: UUID) -> str:
    """Return how many statements one way takes, in words."""
    with _statements(database) as sent:
        _read(database, way, person)
    asked = [statement for statement in sent if statement != "BEGIN"]
    return f"{sum('FROM entry' in each for each in asked)} of {len(asked)} queries for entries"


@contextmanager
def _statements(database: Database) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(*details: object) -> None:
        sent.append(str(details[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)
