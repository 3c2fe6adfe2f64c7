"""One installation that is copied again and again, so that one partner's month can be played in many ways.

All copies have the same ids and the same dice; what differs afterwards is what Sam does.
"""

import random
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlalchemy import select

from service import due, jobs, joining, people, privacy, reminding
from service.configuring import load
from service.models import Member, Person, Reminder
from service.settings import Settings
from service.states import Joint, Purpose
from tests import postgres
from tests.cli.conftest import Cli
from tests.conftest import KEY
from tests.world import World

DAYS = 30
MINUTES = DAYS * 24 * 60
STARTS = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=DAYS + 1)
"""The month ends yesterday: the command line, whose clock is the real one, still has all of it before it."""
QUIET = range(13, 21)
"""Days on which Alex says nothing at all, long enough for Alex to be asked less."""
SAID = (
    *("done", "done 1", "done 2", "1 3", "skip", "skip 2", "undo", "done 1 yesterday", "no", "apart 1"),
    *("later 30m", "later", "streak", "list", "4 3 5", "s", "HELP", "what?", "more", "deeper", "why", "next"),
    *("pulse", "share 1", "share nothing", "call", "we had a big fight", "pause 2 days", "resume"),
)
"""What either may write; of a wish to be joint only that it is none."""
ENDS = (
    *(
        "pause",
        "rest",
        "STOP",
        "START",
        "leave",
        "leave all",
        "LEAVE",
        "drop gratitude",
        "drop 2",
        "resume 1",
    ),
    *("I'm afraid of him", "stop gratitude", "delete", "forget"),
)
"""What Sam may do about all of it, at once and unannounced; START takes a STOP back."""
Act = tuple[int, str]
"""The minute of the month in which it is done, and what: an end, or else a message."""


def _month_of_alex() -> list[Act]:
    dice = random.Random(11)
    acts = [
        (day * 1440 + dice.randrange(1440), dice.choice(SAID[:-4]))
        for day in range(DAYS)
        if day not in QUIET
        for _ in range(dice.choice((0, 1, 1, 2)))
    ]
    rare = ((5, "together 1"), (9, "pause 2 days"), (28, "4 3 5"))
    return sorted([*acts, *((day * 1440 + 700, said) for day, said in rare)])


ALEX = _month_of_alex()


@dataclass(frozen=True)
class Copy:
    """One copy of the installation, and whose month it is."""

    home: Path
    url: str | None
    alex: UUID
    sam: UUID
    habit: UUID
    """The one that they were asked to make joint."""

    def settings(self) -> Settings:
        given = load(self.home)
        return given.model_copy(update={"database_url": SecretStr(self.url)}) if self.url else given

    def open(self, at: datetime) -> World:
        return World.open(self.settings(), at)


@dataclass(frozen=True)
class Stage:
    """The installation as it stands before the month, and where its copies go."""

    first: Copy
    folder: Path
    server: str | None

    @contextmanager
    def copy(self) -> Iterator[Copy]:
        """Lend a copy."""
        name = f"month_{uuid4().hex[:12]}"
        if self.server and self.first.url:
            source = self.first.url.rpartition("/")[2]
            with postgres.database(self.server, name, source) as url:
                yield replace(self.first, url=url)
            return
        home = shutil.copytree(self.first.home, self.folder / name)
        yield replace(self.first, home=home)
        shutil.rmtree(home)


def prepare(home: Path, url: str | None) -> Copy:
    """Let a couple in two zones take up what they will be reminded of, together and alone."""
    Cli(home).run("init", "--brand", "Nest", "--contact", "Kim, kim@example.org")
    with (home / "attune.toml").open("a", encoding="utf-8") as file:
        file.write("\n[notifiers.phone]\n")
    if url:
        (home / "secrets" / "attune_key").write_text(KEY)  # The one that the database was made with.
    world = Copy(home, url, *(uuid4() for _ in range(3))).open(STARTS - timedelta(hours=1))
    couple = people.add_couple(world.site)
    alex = world.join("Alex", couple, "Europe/Berlin")
    sam = world.join("Sam", couple, "America/New_York")
    first = world.take_up("gratitude", "daily", "mon tue thu sat 20:00", alex, sam)
    world.take_up("quality-time", "2 a week", "wed sat 20:00", alex, sam)
    world.take_up("empathy", "2 in 10 days", "tue fri 12:00-14:00", alex)
    world.take_up("empathy", "daily", "mon fri 13:00", sam)
    joining.set_joint(world.site, first, Joint.BOTH, world.at)
    for person in (alex, sam):
        reminding.add_check_in(world.site, person, "sun 17:00", world.at)
        _sum_up(world, person)
    world.run()
    world.site.db.close()
    return Copy(home, url, alex, sam, first)


def _sum_up(world: World, person_id: UUID) -> None:
    """Give somebody the weekly summary."""
    with world.site.db.write() as session:
        person = session.get_one(Person, person_id)
        reminder = Reminder(
            person_id=person_id,
            purpose=Purpose.SUMMARY,
            schedule="sun 19:00",
            seed=1,
            starts_on=STARTS.date(),
        )
        session.add(reminder)
        due.refresh(session, person, world.at)


def play(copy: Copy, acts_of_sam: Iterable[Act]) -> World:
    """Play the month of both: Alex's is always the same. The world is left open, at the month's end."""
    world = copy.open(STARTS)
    acts = [(minute, 0, act) for minute, act in ALEX] + [(minute, 1, act) for minute, act in acts_of_sam]
    for minute, who, act in sorted(acts):
        _go_on(world, STARTS + timedelta(minutes=minute))
        if who == 0:
            world.says("Alex", act)
        else:
            _do(world, copy, act)
        _work(world)
    _go_on(world, STARTS + timedelta(days=DAYS))
    return world


def _go_on(world: World, until: datetime) -> None:
    """Let time pass, stopping wherever something is due; `World.goes_on` looks at more, and takes longer."""
    while (at := _next(world)) and at <= until:
        world.at = at
        _work(world)
    world.at = until


def _next(world: World) -> datetime | None:
    with world.site.db.read() as session:
        return jobs.next_instant(session, world.at)


def _work(world: World) -> None:
    jobs.plan(world.site)
    jobs.send_one_by_one(world.site)


def _do(world: World, copy: Copy, act: str) -> None:
    with world.site.db.read() as session:
        if session.get(Person, copy.sam) is None and act in ENDS:
            return
        habits = session.scalars(select(Member.habit_id).where(Member.person_id == copy.sam)).all()
    match act:
        case "rest":
            with world.site.db.write() as session:
                session.get_one(Person, copy.sam).rested_until = world.at + timedelta(days=400)
        case "leave":
            privacy.leave(world.site, copy.sam, min(habits), world.at)
        case "leave all":
            privacy.leave(world.site, copy.sam, None, world.at)
        case "forget":
            privacy.forget(world.site, copy.sam)
        case _:
            world.says("Sam", act)
