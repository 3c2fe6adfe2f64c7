"""The ground of a measurement: an installation with many people, as they are after 90 days.

What is sealed is sealed for real, once for each text, and the same for all who have it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from habits import goals, practices
from service import migrate
from service.db import Database
from service.sealing import Sealer
from service.settings import Settings
from tests.bench.filling import COLUMNS, Cell, an_id, at, filling

NOW = datetime(2026, 3, 5, 17, 30, tzinfo=UTC)
"""The minute in which they are due, a Thursday; in nobody's quiet hours."""
DAYS = 90
DAY = timedelta(days=1)
ZONES = ("Europe/Berlin", "Europe/London", "America/New_York", "Europe/Madrid", "America/Los_Angeles")
LANGUAGES = ("en", "en", "en", "de", "es")
GOALS = ("daily", "daily", "daily", "3 a week", "3 a week", "mon wed thu", "8 a month", "2 in 5 days")
NUDGED_DAYS = 7
"""Days before now of which there are nudges: older ones tell planning nothing."""
CHUNK = 500
DEEP = 3
"""The depth of prompts that only those get who asked for them."""
ELSEWHERE = 3
"""Reminders of each person who is not due."""
CUES = ("After dinner", "When the children sleep", "Before the news")


class Made(NamedTuple):
    """A habit, the prompts that it draws from, and the share of the days on which it is done."""

    id: str
    prompts: list[str]
    share: float


class Part(NamedTuple):
    """A person's part in a habit: its reminder, and the order in which prompts came."""

    habit: str
    reminder: str
    prompts: list[str]


class Ground:
    """Rows that wait to be written, couple by couple."""

    def __init__(self, sealer: Sealer) -> None:
        self.rng, self.people = Random(1), 0
        self.rows: dict[str, list[tuple[Cell, ...]]] = {table: [] for table in COLUMNS}
        self.name, self.address, self.words = map(
            sealer.seal, ("Alex", "+12025550101", "A nudge of two sentences. " * 5)
        )
        self.cues = [sealer.seal(cue) for cue in CUES]
        self.days = [str((NOW - DAY * ago).date()) for ago in range(DAYS + 1)]
        self.practices = list(practices.catalogue().values())

    def add(self, table: str, *line: Cell) -> None:
        self.rows[table].append(line)

    def chance(self, percent: float) -> bool:
        return self.rng.random() * 100 < percent


def build(settings: Settings, sealer: Sealer, reminders: int, due: int, each: int = ELSEWHERE) -> None:
    """Fill a new database with so many reminders, of which so many are due at `NOW`; others have `each`."""
    database = Database(settings.url)
    migrate.upgrade(database, sealer)
    database.close()
    ground = Ground(sealer)
    couples = _couples(ground, reminders, due, each)
    with filling(settings.url) as write:
        while any([True for _ in islice(couples, CHUNK)]):  # noqa: C419 (All of them, not the first.)
            write(ground.rows)
            for lines in ground.rows.values():
                lines.clear()


def _couples(ground: Ground, reminders: int, due: int, each: int) -> Iterator[None]:
    """Add couple after couple: those who are due first, then all others."""
    made = 0
    while made < due:
        made += _due_couple(ground)
        yield
    while made < reminders:
        made += _other_couple(ground, each)
        yield


def _due_couple(ground: Ground) -> int:
    """Add two people with a habit that is due, now and then with one of their own; return the reminders."""
    couple = an_id()
    ground.add("couple", couple)
    shared = _habit(ground, couple, ground.rng.choice(GOALS))
    zone = ground.rng.choice(ZONES)
    made = 0
    for _ in range(2):
        person = _person(ground, couple, zone, NOW)
        habits = [shared]
        if ground.chance(30):
            habits.append(_habit(ground, couple, "2 a week"))
        _lives(ground, person, habits, f"{NOW.astimezone(ZoneInfo(zone)):%H:%M}")
        made += len(habits)
    return made


def _other_couple(ground: Ground, each: int) -> int:
    """Add two people who are due some time within the next day; return their reminders."""
    couple = an_id()
    ground.add("couple", couple)
    habits = [_habit(ground, couple, "daily").id for _ in range(each)]
    for _ in range(2):
        soon = [NOW + timedelta(minutes=ground.rng.randrange(30, 1440)) for _ in habits]
        person = _person(ground, couple, "UTC", min(soon))
        for place, (habit, next_at) in enumerate(zip(habits, soon, strict=True)):
            ground.add("member", habit, person, place + 1, None)
            _reminder(ground, habit, person, f"daily {next_at:%H:%M}", next_at)
    return 2 * each


def _person(ground: Ground, couple: str, zone: str, due_at: datetime) -> str:
    ground.people += 1
    person, number = an_id(), ground.people
    rests = at(NOW + timedelta(hours=5)) if due_at == NOW and ground.chance(2) else None
    alive = at(NOW - timedelta(hours=ground.rng.randrange(1, 47)))
    clocks = "03:00:00.000000", "22:00:00.000000", "08:00:00.000000"
    language, discreet = LANGUAGES[number % len(LANGUAGES)], "1" if ground.chance(10) else "0"
    told = ground.name, zone, clocks[0], 0, language, "US", *clocks[1:], 3, discreet
    ground.add("person", person, couple, *told, at(due_at), rests, alive)
    enrolled_at = at(NOW - DAY * DAYS)
    ground.add("address", an_id(), person, "sms", number.to_bytes(32), ground.address, enrolled_at, 0)
    return person


def _habit(ground: Ground, couple: str, goal: str) -> Made:
    habit, practice, of = an_id(), ground.rng.choice(ground.practices), goals.parse_goal(goal)
    taper = "1" if ground.chance(15) else "0"
    ground.add("habit", habit, couple, practice.slug, "none", ground.days[-1], taper)
    row = of.kind.value, of.times, of.days, goals.weekday_mask(of), of.reserve
    ground.add("goal", habit, ground.days[-1], *row)
    light = [prompt.id for prompt in practice.prompts if prompt.depth < DEEP]
    return Made(habit, light, min(0.75, 1.1 * of.times / of.days))


def _reminder(
    ground: Ground, habit: str, person: str, schedule: str, next_at: datetime, purpose: str = "nudge"
) -> str:
    reminder, seed = an_id(), ground.rng.randrange(2**31)
    days = ground.days[-1], ground.days[1]
    ground.add("reminder", reminder, habit, person, purpose, schedule, seed, *days, at(next_at), 0)
    return reminder


def _lives(ground: Ground, person: str, habits: list[Made], clock: str) -> None:
    """Add a person's part in habits that are due: entries, pauses, and the nudges of the last days."""
    silent = ground.chance(4)
    parts: list[Part] = []
    for place, habit in enumerate(habits):
        cue = ground.rng.choice(ground.cues) if ground.chance(20) else None
        ground.add("member", habit.id, person, place + 1, cue)
        purpose = "rescue" if ground.chance(5) else "nudge"
        reminder = _reminder(ground, habit.id, person, f"daily {clock}", NOW, purpose)
        parts.append(Part(habit.id, reminder, ground.rng.sample(habit.prompts, len(habit.prompts))))
        _entries(ground, person, habit, place)
    if ground.chance(3):
        ground.add("pause", an_id(), person, None, ground.days[2], None)
    if ground.chance(20):
        ground.add("pause", an_id(), person, parts[0].habit, ground.days[40], ground.days[35])
    for ago in range(NUDGED_DAYS, 0, -1):
        _nudge(ground, person, parts, ago)
    if silent:
        *rest, _alive = ground.rows["person"][-1]
        ground.rows["person"][-1] = (*rest, at(NOW - DAY * NUDGED_DAYS))


def _entries(ground: Ground, person: str, habit: Made, place: int) -> None:
    """Add what was said of 90 days: done as often as the goal asks for, some skipped; of today by few."""
    for ago in range(DAYS, -1, -1):
        drawn = ground.rng.random() if ago else ground.rng.random() * 6
        if drawn < habit.share + 0.05:
            entry, kind = an_id(), "done" if drawn < habit.share else "skipped"
            number = (DAYS - ago) * 8 + place
            days = ground.days[ago], kind, "reply", entry, f"{ground.days[ago]} 17:00:00.000000"
            ground.add("entry", entry, number, habit.id, person, *days)


def _nudge(ground: Ground, person: str, parts: list[Part], ago: int) -> None:
    """Add the message of a day that is over, about all of the habits, each with another prompt."""
    nudge, moment = an_id(), NOW - DAY * ago
    cause = (
        "nudge",
        "reminder",
        parts[0].reminder,
        moment.date().toordinal(),
        "delivered",
        "due, and not done yet",
    )
    times = at(moment), at(moment), at(moment + timedelta(hours=2)), ground.words, at(moment)
    ground.add("nudge", nudge, person, *cause, *times)
    for place, part in enumerate(parts):
        of = part.habit, person, part.reminder, ground.days[ago], 0, part.prompts[ago % len(part.prompts)]
        ground.add("nudge_item", nudge, place, *of, 0.1)
