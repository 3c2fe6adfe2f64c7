"""The properties of the rules once more, through the rooms and the rows: whatever is said, and however.

Every example is lived by people of its own, so that one database serves all of a test's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from habits.days import day_of
from habits.entries import Mark, Pause, taken_back
from habits.goals import DatedGoal, parse_goal, weekday_mask
from habits.periods import Facts
from habits.streaks import Progress, progress
from habits.strength import strength
from notifiers.base import Inbound
from service import addresses, due, entering, facts, inbound, logbook
from service.facts import Share
from service.ids import new_id
from service.models import Address, GoalRow, Habit, Member, Person
from service.models import Pause as PauseRow
from service.states import AddressKind
from tests.habits.histories import DAY, START, day, habit, histories, lines, reserves
from tests.world import World

AREAS = range(201, 1000)
PLACES = count()
LENGTH = 30
some = settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
few = settings(some, max_examples=10)
"""Messages are read and answered, which takes its time."""
marks = st.sampled_from([Mark.DONE, Mark.SKIPPED])
agos = st.integers(-3, 15)
"""Days before the end of a history: mostly of its life, for some lie ahead and some before a late start."""


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)


def number() -> str:
    """Return a number that nobody has had yet."""
    place = next(PLACES)
    return f"+1{AREAS[place // 100]}55501{place % 100:02}"


@dataclass
class Life:
    """One new person with one habit, who said yes long ago."""

    world: World
    person: UUID
    habit: UUID
    number: str

    def log(self, mark: Mark, days: Sequence[date], message: UUID | None = None) -> None:
        with self.world.site.db.write() as session:
            told = [(self.habit, on) for on in days]
            logbook.log(session, self.person, told, mark, "reply", message or new_id(), self.world.at)

    def undo(self) -> None:
        with self.world.site.db.write() as session:
            assert logbook.undo_last(session, self.person, "reply", new_id(), self.world.at)

    def says(self, text: str, at: datetime) -> None:
        message = Inbound(f"in-{new_id().hex}", self.number, text)
        site, kind = self.world.site, AddressKind.SMS
        for _ in range(2):  # A provider may bring it twice.
            reply = inbound.store(site, "phone", kind, message, at)
            understood = inbound.understand(site, reply, at) if reply else None
            assert reply is None or (understood and understood.answer)

    def share(self) -> Share:
        with self.world.site.db.read() as session:
            return facts.shares(session, [self.person])[self.person, self.habit]

    def seen(self, today: date) -> tuple[Progress, float]:
        return seen(self.share().facts, today)

    def told(self, on: date) -> tuple[bool, bool]:
        """Say whether a day was done, and whether it was skipped."""
        share = self.share()
        return share.done_on(on), share.skipped_on(on)


def seen(known: Facts, today: date) -> tuple[Progress, float]:
    return progress(known, today), strength(known, today)


def begin(world: World, known: Facts, zone: str = "UTC") -> Life:
    """Let somebody take up a habit with these goals and pauses; nothing is said yet."""
    life = Life(world, new_id(), new_id(), number())
    sealer = world.site.sealer
    person = Person(id=life.person, name_sealed=sealer.seal("Alex"), zone=zone, week_starts=known.week_starts)
    made = Habit(
        id=life.habit,
        person_id=life.person,
        practice="gratitude",
        started_on=known.started_on,
        ended_on=known.ended_on,
    )
    goals = [
        GoalRow(
            habit_id=life.habit,
            effective_on=dated.effective_on,
            kind=dated.goal.kind,
            times=dated.goal.times,
            days=dated.goal.days,
            weekdays=weekday_mask(dated.goal),
            reserve=dated.goal.reserve,
        )
        for dated in known.goals
    ]
    address = Address(
        person_id=life.person,
        kind=AddressKind.SMS,
        lookup=addresses.lookup(sealer, AddressKind.SMS, life.number),
        value_sealed=sealer.seal(life.number),
        verified_at=world.at,
    )
    with world.site.db.write() as session:
        session.add(person)
        session.flush()
        session.add_all([made, address])
        session.flush()
        session.add_all([*goals, Member(habit_id=made.id, person_id=person.id, number=1)])
        session.add_all(
            PauseRow(person_id=person.id, from_on=pause.from_on, to_on=pause.to_on) for pause in known.pauses
        )
    return life


def days_said(known: Facts, mark: Mark) -> list[date]:
    taken = taken_back(known.entries)
    return [entry.day for entry in known.entries if entry.kind is mark and entry.id not in taken]


def lived(world: World, known: Facts) -> Life:
    """Let somebody live a whole history, each kind of day in one message."""
    life = begin(world, known)
    for mark in (Mark.DONE, Mark.SKIPPED):
        life.log(mark, days_said(known, mark))
    return life


def silent_from(known: Facts, on: date) -> Facts:
    """Return the same history without anything that is said of this day or of later ones."""
    return replace(known, entries=[entry for entry in known.entries if entry.day < on], ended_on=None)


@some
@given(history=histories(LENGTH))
def test_what_is_read_is_what_was_said(world: World, history: tuple[Facts, date]) -> None:
    """The base of all the others: what the pure properties hold of, the rows give back."""
    known, today = history
    assert lived(world, known).seen(today) == seen(known, today)


@some
@given(history=histories(LENGTH), seed=st.integers(0, 999))
def test_order_and_repetition_change_nothing(world: World, history: tuple[Facts, date], seed: int) -> None:
    known, today = history
    chance = Random(seed)
    messages = [
        (mark, days_said(known, mark)[part::3]) for mark in (Mark.DONE, Mark.SKIPPED) for part in range(3)
    ]
    ids = {place: new_id() for place in range(len(messages))}
    once, often = begin(world, known), begin(world, known)
    for mark, days in messages:
        once.log(mark, days)
    for place in chance.sample([*ids, *ids], k=2 * len(ids)):
        mark, days = messages[place]
        often.log(mark, chance.sample(days, k=len(days)), ids[place])
    often.log(*messages[seed % len(messages)])
    assert often.seen(today) == once.seen(today)


@some
@given(history=histories(LENGTH), ago=agos, mark=marks)
def test_log_then_undo_is_never_logged(
    world: World, history: tuple[Facts, date], ago: int, mark: Mark
) -> None:
    known, today = history
    on = today - DAY * ago
    life = lived(world, known)
    before = life.seen(today), life.told(on)
    life.log(mark, [on])
    with_it = life.seen(today), life.told(on)
    life.undo()
    assert (life.seen(today), life.told(on)) == before
    life.log(mark, [on])
    assert (life.seen(today), life.told(on)) == with_it


@few
@given(history=histories(LENGTH), mark=marks)
def test_a_reply_and_its_undo_leave_nothing(world: World, history: tuple[Facts, date], mark: Mark) -> None:
    today = history[1]
    known = silent_from(history[0], today)
    life = lived(world, known)
    before = life.seen(today)
    life.says("done 1" if mark is Mark.DONE else "skip 1", noon(today))
    assert life.told(today) == (mark is Mark.DONE, mark is Mark.SKIPPED)
    life.says("undo", noon(today))
    assert life.seen(today) == before


@few
@given(history=histories(LENGTH), ago=st.integers(0, 20))
def test_backfill_is_logged_then(world: World, history: tuple[Facts, date], ago: int) -> None:
    today = history[1]
    on = today - DAY * ago
    known = silent_from(history[0], on)
    known = replace(known, started_on=min(known.started_on, on))
    then, later = lived(world, known), lived(world, known)
    then.says("done 1", noon(on))
    entering.log_for(world.site, later.person, 1, on, Mark.DONE, noon(today))
    assert later.share().done_on(on)
    assert later.seen(today) == then.seen(today)


@few
@given(history=histories(LENGTH), days=st.integers(1, 4), later=st.integers(0, 5))
def test_skip_is_pause(world: World, history: tuple[Facts, date], days: int, later: int) -> None:
    first = history[1]
    known = replace(silent_from(history[0], first), pauses=())
    skips, pauses = lived(world, known), lived(world, known)
    pauses.says("pause today" if days == 1 else f"pause {days} days", noon(first))
    for ahead in range(days):
        skips.says("skip 1", noon(first + DAY * ahead))
    # The last of them is said: before that, only a pause is known ahead.
    today = first + DAY * (days - 1 + later)
    assert skips.seen(today) == pauses.seen(today)
    assert pauses.share().facts.pauses == [Pause(first, first + DAY * (days - 1))]


@some
@given(history=histories(LENGTH), ago=agos, mark=marks)
def test_at_reserve_0_no_done_and_no_skip_ever_hurts(
    world: World, history: tuple[Facts, date], ago: int, mark: Mark
) -> None:
    known, today = history
    goals = [DatedGoal(dated.effective_on, replace(dated.goal, reserve=0)) for dated in known.goals]
    life = lived(world, replace(known, goals=goals))
    before, _ = life.seen(today)
    life.log(mark, [today - DAY * ago])
    after, _ = life.seen(today)
    assert after.streak >= before.streak
    assert after.practised >= before.practised
    assert all(after.longest[unit] >= longest for unit, longest in before.longest.items())
    assert before.slack is None or (after.slack is not None and after.slack >= before.slack)


@some
@given(letters=lines(90), reserve=reserves, goal=st.sampled_from(["daily", "mon wed fri sun", "2 in 3 days"]))
def test_no_28_days_hold_more_forgiven_days_than_the_reserve(
    world: World, letters: str, reserve: int, goal: str
) -> None:
    today = day(len(letters))
    shown, _ = lived(world, habit(goal, letters, reserve)).seen(today)
    for on in shown.forgiven:
        assert sum(on <= other < on + DAY * 28 for other in shown.forgiven) <= reserve


ZONES = ("Pacific/Kiritimati", "Europe/Berlin", "America/New_York", "Pacific/Pago_Pago")
moves = st.tuples(st.sampled_from(ZONES), st.integers(1, 60).map(lambda hours: timedelta(hours=hours)))


@few
@given(home=st.sampled_from(ZONES), travels=st.lists(moves, min_size=1, max_size=5))
def test_a_change_of_zone_loses_and_doubles_no_day(
    world: World, home: str, travels: list[tuple[str, timedelta]]
) -> None:
    at = noon(START) + DAY
    life = begin(world, Facts(START - DAY, [DatedGoal(START - DAY, parse_goal("daily"))]), home)
    life.says("done", at)
    expected = {day_of(at, ZoneInfo(home), time(3))}
    for zone, later in travels:
        at += later
        before = life.seen(START + DAY * 20)
        with world.site.db.write() as session:
            person = session.get_one(Person, life.person)
            person.zone = zone
            due.refresh(session, person, at)
        assert life.seen(START + DAY * 20) == before
        life.says("done", at)
        expected.add(day_of(at, ZoneInfo(zone), time(3)))
    known = life.share().facts
    assert sorted(entry.day for entry in known.entries) == sorted(expected)
    assert progress(known, max(expected)).practised == len(expected)
