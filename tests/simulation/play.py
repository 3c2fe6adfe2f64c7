"""Two years of invented people: what they are sent, how they take it, and what the admin does for them.

Everything goes through the verbs that a daemon, a web server and an admin use. What is kept here beside the
rows are facts of the world: who lives where from when on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select

from habits.entries import Mark
from notifiers.base import Inbound, Message
from service import answering, due, editing, entering, inbound, people, reminding, taking_up
from service.ids import new_id
from service.models import Habit, Member, Person, Reminder
from service.people import NewPerson
from service.settings import Settings
from service.states import AddressKind, Purpose
from service.taking_up import NewHabit
from service.wishes import Wishes
from tests.simulation.lives import DAYS, Life, Season, Temper
from tests.simulation.stage import CRASH, Stage

ANSWERS = {Temper.DEVOTED: 1, Temper.RELIABLE: 0.6, Temper.FORGETFUL: 0.15}
"""The chance of an answer, 0.3 if not given."""
DELAYS = (1, 4, 15, 45, 120, 400, 1300)
"""Minutes until an answer."""
SAID = (
    *("done", "done", "done", "done", "done", "done", "done", "done", "done"),
    *("1", "2", "1 2", "3", "skip", "skip 1", "later", "later", "undo"),
    *("streaks", "pause 2 days", "habits", "help", "thank you, love"),
)
CHECKED_IN = ("4 3 5", "2 2 1", "skip", "hm")
PAUSES = ("pause", "pause 9 days", "pause 4 days")
STARTS = (datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2010, 12, 6, 9, tzinfo=UTC))
"""The second has the night on which Apia skipped a date, and an Egypt that did without summer time."""
TWICE = 0.02
"""The chance that a provider posts a message twice."""


@dataclass(frozen=True, slots=True)
class Moved:
    """From `at` on a person's clocks are those of `zone`; `id` tells what was written to the rows before."""

    id: UUID
    person_id: UUID
    zone: str
    at: datetime


class Play:
    """People on a stage."""

    def __init__(self, settings: Settings, lives: Sequence[Life], start: datetime, seed: int) -> None:
        self.stage = Stage(settings, start, seed, self._reads)
        self.lives = {life.number: life for life in lives}
        self.ids: dict[str, UUID] = {}
        self.couples: dict[int, UUID] = {}
        self.moved: list[Moved] = []
        for life in lives:
            self._enrol(life)
            self._plan(life)
        self.stage.trouble([(day, life.zone) for life in lives for day in life.busy_days()])

    @property
    def at(self) -> datetime:
        return self.stage.at

    def play(self, days: int = DAYS) -> None:
        self.stage.play(days)

    def _enrol(self, life: Life) -> None:
        couple = life.couple
        if couple is not None and couple not in self.couples:
            self.couples[couple] = people.add_couple(self.stage.site)
        new = NewPerson(
            name=life.name,
            address_kind=AddressKind.SMS,
            address=life.number,
            zone=life.zone,
            couple_id=self.couples[couple] if couple is not None else None,
            day_starts=life.day_starts,
            quiet_from=life.quiet_from,
            quiet_to=life.quiet_to,
            daily_cap=life.daily_cap,
        )
        self.ids[life.number] = people.add_person(self.stage.site, new, self.at)
        self.moved.append(Moved(new_id(), self.ids[life.number], life.zone, self.at))

    def _plan(self, life: Life) -> None:
        """Put on the agenda what a person is going to do."""
        on = self.stage.on
        on(self.at + timedelta(hours=23), partial(self._says, life, "YES"))
        for season in life.seasons:
            on(self._day(season.first), partial(self._take_up, life, season))
        for place, turn in enumerate(life.turning):
            on(self._day(turn), partial(self._turns, life, place % 2 == 0))
        for day, zone in life.moves:
            on(self._day(day), partial(self._moves, life, zone))
        for purpose, weekly in ((Purpose.PULSE, life.check_in), (Purpose.SUMMARY, life.summary)):
            if weekly:
                on(self._day(weekly[0]), partial(self._weekly, life, purpose, weekly))

    def _day(self, day: int) -> datetime:
        """Return some minute of a day of the simulation, after all have said yes."""
        return self.stage.start + timedelta(days=day + 1, minutes=self.stage.rng.randrange(24 * 60))

    # What people do.

    def _reads(self, message: Message) -> None:
        """Let somebody read a message that has arrived, and answer it or not."""
        life, rng = self.lives[message.to], self.stage.rng
        gone = life.temper in (Temper.SILENT, Temper.RETURNING)
        if gone and life.is_away((self.at - self.stage.start).days):
            return
        wants_words = "eply" in message.text  # Answers to answers would go on for ever.
        if wants_words and rng.random() < ANSWERS.get(life.temper, 0.3):
            said = rng.choice(CHECKED_IN if message.text.startswith("This week") else SAID)
            said = "done" if life.temper is Temper.DEVOTED else said
            at = self.at + timedelta(minutes=rng.choice(DELAYS))
            self.stage.on(at, partial(self._says, life, said))
            if said == "later" and rng.random() < 0.5:  # Or at once, after all.
                self.stage.on(at + timedelta(minutes=20), partial(self._says, life, "done"))

    def _says(self, life: Life, text: str) -> None:
        """Let somebody write, by phone or on their page; while all is down it is only stored."""
        stage = self.stage
        message = Inbound(f"in-{new_id()}", life.number, text)
        channel = stage.rng.choice(["phone", answering.PAGE])
        reply_id = inbound.store(stage.site, channel, AddressKind.SMS, message, self.at)
        if stage.rng.random() < TWICE:
            inbound.store(stage.site, channel, AddressKind.SMS, message, self.at)
        if reply_id and stage.is_up and stage.rng.random() > CRASH:
            inbound.understand(stage.site, reply_id, self.at)
        else:
            stage.on(self.at + timedelta(minutes=1), lambda: inbound.sweep(stage.site, self.at))

    def _turns(self, life: Life, away: bool) -> None:
        """Let somebody go away, or come back, in their own way."""
        rng = self.stage.rng
        if life.temper is Temper.STOPPING:
            self._says(life, "STOP" if away else "START")
        elif life.temper is Temper.PAUSING:
            self._says(life, rng.choice(PAUSES) if away else "resume")
        elif not away and rng.random() < 0.5:
            self._says(life, rng.choice(["done", "streaks", "1"]))
        elif not away:
            self._log(life)

    # What the admin does.

    def _log(self, life: Life) -> None:
        """Log the newest of a person's habits that go on."""
        with self.stage.site.db.read() as session:
            number = session.scalar(
                select(Member.number)
                .join(Habit, Habit.id == Member.habit_id)
                .where(Member.person_id == self.ids[life.number], Habit.ended_on.is_(None))
                .order_by(Member.number.desc())
                .limit(1)
            )
        if number:
            entering.log_for(self.stage.site, self.ids[life.number], number, None, Mark.DONE, self.at)

    def _take_up(self, life: Life, season: Season) -> None:
        """Take a practice up, until the season ends."""
        site = self.stage.site
        both = [one.number for one in self.lives.values() if one is life or self._are_couple(one, life)]
        ids = [self.ids[number] for number in (both if season.joint else [life.number])]
        new = NewHabit(season.practice, season.goal, season.schedules)
        habit_id = taking_up.add_habit(site, ids, new, self.at)
        if season.rescue:
            reminding.edit_rescue(site, habit_id, season.rescue, self.at)
        taking_up.edit_taper(site, habit_id, season.taper)
        with site.db.write() as session:
            for reminder in session.scalars(select(Reminder).where(Reminder.habit_id == habit_id)):
                reminder.seed = self.stage.rng.getrandbits(32)  # The machine's own is another each time.
            for person_id in ids:
                due.refresh(session, session.get_one(Person, person_id), self.at)
        if season.last < DAYS:
            self.stage.on(self._day(season.last), partial(self._archive, habit_id))

    def _are_couple(self, one: Life, other: Life) -> bool:
        return one.couple is not None and one.couple == other.couple

    def _archive(self, habit_id: UUID) -> None:
        taking_up.archive_habit(self.stage.site, habit_id, self.at)

    def _weekly(self, life: Life, purpose: Purpose, weekly: tuple[int, int, str]) -> None:
        add = reminding.add_summary if purpose is Purpose.SUMMARY else reminding.add_check_in
        reminder_id = add(self.stage.site, self.ids[life.number], weekly[2], self.at)
        self.stage.on(self._day(weekly[1]), lambda: reminding.remove_reminder(self.stage.site, reminder_id))

    def _moves(self, life: Life, zone: str) -> None:
        """Let a person's clocks be those of another zone from now on."""
        person_id = self.ids[life.number]
        editing.edit_person(self.stage.site, person_id, Wishes(zone=zone), self.at)
        self.moved.append(Moved(new_id(), person_id, zone, self.at))
