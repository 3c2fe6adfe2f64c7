"""Whatever happens, everybody is due when they should be."""

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select

from habits import practices
from service import due, people, reminding, taking_up
from service.errors import WrongUsage
from service.ids import new_id
from service.models import Address, Habit, Member, Person, Reminder
from tests.service.looking import reminders
from tests.world import World


class Life:
    """A random life of a couple: after each thing that happens, both have to be due when they should be."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = Random(seed)
        couple = people.add_couple(world.site)
        self.persons = [world.enrol("Alex", couple, "Europe/Berlin"), world.enrol("Sam", couple)]
        self.happened: list[str] = []
        self.times_due = 0

    def live(self, things: int) -> None:
        everything = [
            self.take_up,
            self.take_up,
            self.archive,
            self.add_reminder,
            self.remove_reminder,
            self.check_in,
            self.say,
            self.say,
            self.pause,
            self.time_passes,
            self.time_passes,
        ]
        for _ in range(things):
            thing = self.random.choice(everything)
            try:
                thing()
                self.happened.append(thing.__name__)
            except WrongUsage:
                self.happened.append(f"{thing.__name__}, refused")
            self.check()

    def somebody(self) -> UUID:
        return self.random.choice(self.persons)

    def schedule(self) -> str:
        hour = self.random.randrange(24)
        return self.random.choice([f"daily {hour}:00", f"mon wed fri {hour}:30", f"monthly 1 {hour}:15"])

    def habit(self) -> UUID:
        with self.world.site.db.read() as session:
            found = session.scalars(select(Habit.id)).all()
        return self.random.choice(found) if found else new_id()

    def take_up(self) -> None:
        who = self.random.choice([self.persons, [self.somebody()]])
        practice = self.random.choice(list(practices.catalogue()))
        self.world.take_up(practice, "daily", self.schedule(), *who)

    def archive(self) -> None:
        taking_up.archive_habit(self.world.site, self.habit(), self.world.at)

    def add_reminder(self) -> None:
        reminding.add_reminder(self.world.site, self.habit(), self.somebody(), self.schedule(), self.world.at)

    def remove_reminder(self) -> None:
        found = reminders(self.world, self.somebody())
        reminding.remove_reminder(self.world.site, self.random.choice(found).id if found else new_id())

    def check_in(self) -> None:
        reminding.add_check_in(self.world.site, self.somebody(), self.schedule(), self.world.at)

    def say(self) -> None:
        text = self.random.choice(["YES", "START", "STOP", "1", "later", "pause 2 days", "resume", "undo"])
        self.world.says(self.random.choice(["Alex", "Sam"]), text)

    def pause(self) -> None:
        people.pause(self.world.site, self.somebody(), self.random.choice([None, 1, 5]), self.world.at)

    def time_passes(self) -> None:
        self.world.goes_on(timedelta(hours=self.random.choice([1, 5, 30])))

    def check(self) -> None:
        for person_id in self.persons:
            due_at = self.world.person(person_id).due_at
            assert due_at == self.expected(person_id), self.happened
            self.times_due += due_at is not None

    def expected(self, person_id: UUID) -> datetime | None:
        """When somebody is due, by another way than the code's."""
        with self.world.site.db.read() as session:
            person = session.get_one(Person, person_id)
            reachable = session.scalars(
                select(Address.verified_at).where(Address.person_id == person_id, Address.dead_at.is_(None))
            ).all()
            if person.stopped_at or not any(reachable):
                return None
            ended = set(session.scalars(select(Habit.id).where(Habit.ended_on.is_not(None))))
            left = select(Member.habit_id).where(Member.person_id == person_id, Member.left_on.is_not(None))
            over = ended | set(session.scalars(left))
            rows = session.scalars(select(Reminder).where(Reminder.person_id == person_id)).all()
            at = [row.next_at for row in rows if row.habit_id not in over]
            for row in rows:
                # Nothing is behind: whatever was due has been planned, and so moved on.
                later = due.next_of(row, person.zone, self.world.at)
                assert row.habit_id in over or row.next_at == later, self.happened
            return min((one for one in at if one), default=None)


@pytest.mark.parametrize("seed", [1, 3])
def test_whatever_happens_everybody_is_due_when_they_should_be(world: World, seed: int) -> None:
    life = Life(world, seed)
    world.run()
    life.live(30)
    # It was a life worth looking at.
    assert len({thing for thing in life.happened if not thing.endswith("refused")}) >= 7
    assert 10 <= life.times_due < 60
