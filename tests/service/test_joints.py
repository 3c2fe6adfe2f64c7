"""What two have together, in two zones, through every kind of rest, and after one of them is forgotten."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from habits.entries import Mark
from habits.goals import Unit
from service import due, entering, facts, joining, joints, logbook, outbox, parting, rests
from service.ids import new_id
from service.joints import Joined
from service.models import Habit, JointDay, Member, Pause, Person
from service.states import Joint, RestKind
from tests.service.looking import on, refused, rows
from tests.world import World

BERLIN, AUCKLAND, ANGELES = "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"
Two = tuple[UUID, UUID]


def couple(world: World, *zones: str) -> Two:
    """Alex and Sam, who live in these zones."""
    alex, sam = world.couple()
    with world.site.db.write() as session:
        for person_id, zone in zip((alex, sam), zones, strict=False):
            session.get_one(Person, person_id).zone = zone
    return alex, sam


def take_up(world: World, two: Two, goal: str = "daily", mode: Joint = Joint.BOTH) -> UUID:
    """A habit for both that both want to be joint from now on."""
    habit = world.take_up("gratitude", goal, "monthly 28 10:00", *two)
    with world.site.db.write() as session:
        session.get_one(Habit, habit).joint = mode
        for person_id in two:
            session.get_one(Member, (habit, person_id)).together_at = world.at
    return habit


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def log(world: World, habit: UUID, person_id: UUID, *days: date, mark: Mark = Mark.DONE) -> None:
    """Log these days, or the person's own today."""
    with world.site.db.write() as session:
        person = outbox.lock_people(session, [person_id])[person_id]
        said = [(habit, day) for day in days or (due.today(person, world.at),)]
        logbook.log(session, person_id, said, mark, "test", new_id(), world.at)


def joined(world: World, person_id: UUID) -> Joined | None:
    with world.site.db.read() as session:
        return next(iter(joints.of(session, [person_id], world.at).values()), None)


def seen(world: World, two: Two) -> Joined:
    """Return what both see, which is the same."""
    one, other = (joined(world, person_id) for person_id in two)
    assert one == other
    assert one is not None
    return one


def streak(world: World, two: Two) -> tuple[int, int]:
    """Return the days together and the streak, neither of which rests."""
    found = seen(world, two)
    assert found.progress is not None
    return found.days, found.progress.streak


def march(day: int) -> date:
    return date(2026, 3, day)


def test_each_day_is_the_date_of_that_name_of_each(world: World) -> None:
    # Half a day apart: when Sam's 3 March begins, Alex's is nearly over.
    two = alex, sam = couple(world, AUCKLAND, ANGELES)
    habit = take_up(world, two)
    world.at = local(AUCKLAND, "2026-03-03T22:00")
    log(world, habit, alex)
    assert joined(world, alex) is None
    world.at = local(ANGELES, "2026-03-03T22:00")
    log(world, habit, sam)
    assert streak(world, two) == (1, 1)
    with world.site.db.read() as session:
        assert {day for (_, day) in logged(session, two, habit)} == {march(3)}


def logged(session: Session, two: Two, habit: UUID) -> set[tuple[UUID, date]]:
    found = facts.shares(session, two)
    return {(person, entry.day) for person in two for entry in found[person, habit].facts.entries}


def test_nobodys_open_day_is_over_while_the_other_is_a_day_ahead(world: World) -> None:
    two = alex, sam = couple(world, AUCKLAND, ANGELES)
    habit = take_up(world, two, "daily")
    with world.site.db.write() as session:
        (goal,) = facts.shares(session, [alex])[alex, habit].facts.goals
        assert goal.goal.reserve == 2
    log(world, habit, alex, march(2), march(3))
    log(world, habit, sam, march(2))
    # It is 4 March in Auckland, and 3 March still, until three at night, in Los Angeles.
    world.at = local(ANGELES, "2026-03-04T02:59")
    found = seen(world, two)
    assert found.progress is not None
    assert (found.days, found.progress.streak, found.progress.forgiven) == (1, 1, ())
    log(world, habit, sam)
    assert streak(world, two) == (2, 2)
    world.at = local(ANGELES, "2026-03-05T03:00")
    later = seen(world, two).progress
    assert later is not None
    assert later.forgiven == (march(4),)


@pytest.mark.parametrize(
    ("zones", "first", "last"),
    [
        ((BERLIN, ANGELES), date(2026, 3, 6), date(2026, 3, 31)),
        ((AUCKLAND, BERLIN), date(2026, 4, 1), date(2026, 4, 9)),
    ],
)
def test_no_day_is_lost_or_doubled_when_clocks_change(
    world: World, zones: tuple[str, str], first: date, last: date
) -> None:
    # Los Angeles on 8 March, Berlin on 29 March, Auckland on 5 April.
    two = couple(world, *zones)
    habit = take_up(world, two)
    day = first
    while day <= last:
        for person_id, zone in zip(two, zones, strict=True):
            for clock in ("01:30", "12:00"):  # In the small hours it is the day before.
                world.at = local(zone, f"{day if clock == '12:00' else day + timedelta(days=1)}T{clock}")
                log(world, habit, person_id)
        day += timedelta(days=1)
    days = (last - first).days + 1
    world.at = max(local(zone, f"{last}T23:00") for zone in zones)
    assert streak(world, two) == (days, days)


def test_it_starts_on_the_later_day_on_which_each_said_together(world: World) -> None:
    two = alex, sam = couple(world, AUCKLAND, ANGELES)
    habit = take_up(world, two, mode=Joint.EITHER)
    with world.site.db.write() as session:
        # 6 March for both: in Auckland it is long after midnight, in Los Angeles it is two at night.
        session.get_one(Member, (habit, alex)).together_at = local(AUCKLAND, "2026-03-05T12:00")
        session.get_one(Member, (habit, sam)).together_at = local(ANGELES, "2026-03-07T02:00")
    log(world, habit, alex, *map(march, range(2, 11)))
    log(world, habit, sam, *map(march, range(2, 11)))
    world.at = local(ANGELES, "2026-03-10T20:00")
    found = seen(world, two)
    assert found.progress is not None
    assert (found.days, found.progress.since) == (5, march(6))


def test_weeks_begin_the_same_for_both(world: World) -> None:
    two = alex, sam = couple(world)
    habit = take_up(world, two, "3 a week")
    with world.site.db.write() as session:
        session.get_one(Person, alex).week_starts = 6
    # Sunday 8 March is in the week of Monday 2 March for Sam, and in the next one for Alex, who came first.
    for person_id in two:
        log(world, habit, person_id, *map(march, (8, 10, 12)))
    world.at = on("2026-03-12T20:00")
    found = seen(world, two)
    assert found.progress is not None
    assert (found.progress.unit, found.progress.streak, found.progress.since) == (Unit.WEEK, 1, march(8))
    assert sorted(two) == [alex, sam]


Rest = Callable[[World, UUID, UUID], None]


def pause(world: World, habit: UUID, person_id: UUID) -> None:
    with world.site.db.write() as session:
        person = outbox.lock_people(session, [person_id])[person_id]
        due.pause(session, person, due.today(person, world.at), None)


def pause_for_days(world: World, habit: UUID, person_id: UUID) -> None:
    with world.site.db.write() as session:
        person = outbox.lock_people(session, [person_id])[person_id]
        today = due.today(person, world.at)
        due.pause(session, person, today, today + timedelta(days=90))


def pause_one_habit(world: World, habit: UUID, person_id: UUID) -> None:
    with world.site.db.write() as session:
        today = due.today(session.get_one(Person, person_id), world.at)
        session.add(Pause(person_id=person_id, habit_id=habit, from_on=today))


def stop(world: World, habit: UUID, person_id: UUID) -> None:
    world.says(name_of(world, person_id), "STOP")


def take_back(world: World, habit: UUID, person_id: UUID) -> None:
    world.says(name_of(world, person_id), "apart 1")


def fall_silent(world: World, habit: UUID, person_id: UUID) -> None:
    with world.site.db.write() as session:
        today = due.today(session.get_one(Person, person_id), world.at)
        rests.begin(session, person_id, RestKind.SILENT, today)


def leave(world: World, habit: UUID, person_id: UUID) -> None:
    with world.site.db.write() as session:
        parting.leave(session, outbox.lock_people(session, [person_id])[person_id], [habit], world.at)


def forget(world: World, habit: UUID, person_id: UUID) -> None:
    with world.site.db.write() as session:
        person = outbox.lock_people(session, [person_id])[person_id]
        joints.keep(session, person, world.at)  # Twice, as parting does it too: that is safe.
        parting.forget(session, world.site, person, world.at)


def name_of(world: World, person_id: UUID) -> str:
    return world.site.sealer.unseal(world.person(person_id).name_sealed)


RESTS = [pause, pause_for_days, pause_one_habit, stop, take_back, fall_silent, leave, forget]


@pytest.mark.parametrize("rest", RESTS)
@pytest.mark.parametrize("mode", [Joint.BOTH, Joint.EITHER])
def test_all_rests_look_the_same_to_the_other(world: World, rest: Rest, mode: Joint) -> None:
    two = alex, sam = couple(world, AUCKLAND, ANGELES)  # Who live near have it easier.
    habit = take_up(world, two, mode=mode)
    log(world, habit, alex, *map(march, (3, 4, 5, 7)))
    log(world, habit, sam, *map(march, (3, 4, 6, 7)))
    world.at = on("2026-03-08T12:00")
    days = {Joint.BOTH: 3, Joint.EITHER: 5}[mode]
    assert streak(world, two)[0] == days
    rest(world, habit, alex)
    for ahead in (0, 1, 5):
        world.at = on("2026-03-08T12:00") + timedelta(days=ahead)
        assert joined(world, sam) == Joined(habit, days, None)


@pytest.mark.parametrize("rest", [pause, stop, take_back, forget])
def test_what_one_did_ahead_counts_when_the_other_gets_there(world: World, rest: Rest) -> None:
    two = alex, sam = couple(world, AUCKLAND, ANGELES)
    habit = take_up(world, two, mode=Joint.EITHER)
    log(world, habit, sam, march(7))
    world.at = on("2026-03-08T20:00")  # The 9th in Auckland, the 8th in Los Angeles.
    log(world, habit, alex)
    rest(world, habit, alex)
    assert joined(world, sam) == Joined(habit, 1, None)
    world.at = on("2026-03-09T20:00")
    assert joined(world, sam) == Joined(habit, 2, None)


def test_a_rest_breaks_nothing_and_days_go_on_after_it(world: World) -> None:
    two = alex, sam = couple(world)
    habit = take_up(world, two)
    for person_id in two:
        log(world, habit, person_id, *map(march, (2, 3, 4)))
    world.at = on("2026-03-05T09:00")
    for begin, end in ((stop, "START"), (pause, "resume"), (take_back, "together 1")):
        begin(world, habit, sam)
        world.at += timedelta(days=5)
        world.says("Sam", end)
        log(world, habit, alex)
        log(world, habit, sam)
        world.at += timedelta(days=1)
    assert streak(world, two) == (6, 6)


def test_a_stop_rests_from_its_day_on_and_comes_back_on_the_day_of_the_start(world: World) -> None:
    alex, sam = couple(world, BERLIN, AUCKLAND)
    world.at = local(AUCKLAND, "2026-03-06T02:30")  # The 5th, there and in Berlin.
    world.says("Sam", "STOP")
    world.says("Sam", "STOP")
    world.says("Alex", "please stop")
    found = held(world, alex, sam)
    assert found == {alex: [(march(5), None)], sam: [(march(5), None)]}
    world.says("Alex", "START")
    world.at = local(AUCKLAND, "2026-03-09T12:00")
    world.says("Sam", "START")
    assert held(world, alex, sam) == {sam: [(march(5), march(8))]}


def test_an_entry_that_an_admin_makes_is_a_sign_of_life(world: World) -> None:
    two = alex, sam = couple(world)
    fall_silent(world, take_up(world, two), sam)
    world.at = on("2026-03-06T09:00")
    entering.log_for(world.site, sam, 1, None, Mark.DONE, world.at)
    assert world.person(sam).last_sign_of_life_at == world.at
    assert held(world, alex, sam) == {sam: [(march(2), march(5))]}


def held(world: World, *people: UUID) -> dict[UUID, list[tuple[date, date | None]]]:
    with world.site.db.read() as session:
        found = rests.of(session, people)
    return {person: [(one.from_on, one.to_on) for one in ones] for (person, _), ones in found.items()}


def test_nothing_is_joint_that_not_both_want_or_that_is_one_persons(world: World) -> None:
    two = alex, sam = couple(world)
    habit = take_up(world, two)
    own = world.take_up("empathy", "daily", "monthly 28 10:00", alex)
    for each in (habit, own):
        log(world, each, alex, march(2))
    log(world, habit, sam, march(2))
    with world.site.db.read() as session:
        assert list(joints.of(session, two, world.at)) == [habit]
        assert joints.of(session, [], world.at) == {}
    with world.site.db.write() as session:
        session.get_one(Member, (habit, sam)).together_at = None
    assert joined(world, alex) is None
    with world.site.db.write() as session:
        session.get_one(Member, (habit, sam)).together_at = world.at
        session.get_one(Habit, habit).joint = Joint.NONE
    assert joined(world, alex) is None


def test_who_never_said_together_leaves_nothing_behind(world: World) -> None:
    two = alex, sam = couple(world)
    habit = take_up(world, two)
    for person_id in two:
        log(world, habit, person_id, march(2))
    with world.site.db.write() as session:
        session.get_one(Member, (habit, sam)).together_at = None
    forget(world, habit, alex)
    assert rows(world, JointDay) == 0
    assert joined(world, sam) is None


def test_the_last_of_two_to_be_forgotten_takes_the_days_along(world: World) -> None:
    two = alex, sam = couple(world)
    habit = take_up(world, two)
    for person_id in two:
        log(world, habit, person_id, march(2))
    forget(world, habit, alex)
    assert rows(world, JointDay) == 1
    assert joined(world, sam) == Joined(habit, 1, None)
    assert refused(joining.set_joint, world.site, habit, Joint.EITHER, world.at) == joining.NOT_BOTH
    joining.set_joint(world.site, habit, Joint.NONE, world.at)
    assert joined(world, sam) is None
    forget(world, habit, sam)
    assert rows(world, JointDay) == 0


def test_a_habit_that_has_ended_is_judged_as_of_its_last_day(world: World) -> None:
    two = alex, sam = couple(world)
    habit = take_up(world, two)
    for person_id in two:
        log(world, habit, person_id, march(2), march(3))
    with world.site.db.write() as session:
        session.get_one(Habit, habit).ended_on = march(3)
    world.at = on("2026-05-03T09:00")
    pause(world, habit, alex)
    assert streak(world, two) == (2, 2)
    with world.site.db.read() as session:
        shares = facts.shares(session, [sam]).values()
        assert joints.lines(world.person(sam), shares, joints.of(session, [sam], world.at)) == []


def test_the_number_of_statements_does_not_grow(world: World) -> None:
    two = couple(world)
    counts: list[int] = []
    said: list[str] = []
    for practice in ("gratitude", "empathy", "patience"):
        habit = world.take_up(practice, "daily", "monthly 28 10:00", *two)
        with world.site.db.write() as session:
            session.get_one(Habit, habit).joint = Joint.BOTH
            for person_id in two:
                session.get_one(Member, (habit, person_id)).together_at = world.at
        for person_id in two:
            log(world, habit, person_id)
        with world.site.db.read() as session:
            said.clear()
            event.listen(session.connection(), "before_cursor_execute", lambda *row: said.append(row[2]))
            assert len(joints.of(session, two, world.at)) == len(counts) + 1
            counts.append(len(said))
    assert counts == [7, 7, 7]
