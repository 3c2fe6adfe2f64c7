from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import addresses, due
from service.models import Address, Habit, Member, Person, Reminder
from service.states import NudgeKind
from tests.service.looking import change, on
from tests.world import World

NOON = "daily 12:00"


def refreshed(world: World, person_id: UUID) -> Person:
    return change(world, person_id, lambda session, person: due.refresh(session, person, world.at))


def next_ats(world: World, person_id: UUID) -> list[datetime | None]:
    with world.site.db.read() as session:
        rows = select(Reminder.next_at).where(Reminder.person_id == person_id).order_by(Reminder.id)
        return list(session.scalars(rows))


def person_in(zone: str, **more: time) -> Person:
    limits = {"day_starts": time(3), "quiet_from": time(21), "quiet_to": time(8)} | more
    return Person(name_sealed=b"x", zone=zone, daily_cap=3, **limits)


def test_the_rules_are_the_persons_own() -> None:
    rules = due.rules_of(person_in("Europe/Berlin", quiet_from=time(20)))
    assert rules.zone == ZoneInfo("Europe/Berlin")
    assert (rules.quiet_from, rules.quiet_to, rules.day_starts) == (time(20), time(8), time(3))
    assert rules.daily_cap == 3


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("UTC", "2026-03-02T02:59", "2026-03-01"),
        ("UTC", "2026-03-02T03:00", "2026-03-02"),
        ("Asia/Tokyo", "2026-03-02T17:59", "2026-03-02"),
        ("Asia/Tokyo", "2026-03-02T18:00", "2026-03-03"),
        ("America/New_York", "2026-03-02T07:59", "2026-03-01"),
    ],
)
def test_today_is_the_persons_own(zone: str, at: str, day: str) -> None:
    assert due.today(person_in(zone), on(at)) == date.fromisoformat(day)


def test_a_reminder_comes_next_on_a_later_date_than_it_last_fired() -> None:
    reminder = Reminder(schedule=NOON, seed=1, starts_on=date(2026, 3, 1))
    assert due.next_of(reminder, "UTC", on("2026-03-02T11:59")) == on("2026-03-02T12:00")
    assert due.next_of(reminder, "UTC", on("2026-03-02T12:00")) == on("2026-03-03T12:00")
    reminder.fired_on = date(2026, 3, 2)
    assert due.next_of(reminder, "UTC", on("2026-03-02T11:00")) == on("2026-03-03T12:00")
    # Moved to a zone where it is still morning, the date does not come a second time.
    assert due.next_of(reminder, "America/New_York", on("2026-03-02T13:00")) == on("2026-03-03T17:00")
    reminder.starts_on = date(2026, 4, 1)
    assert due.next_of(reminder, "UTC", on("2026-03-02T11:00")) == on("2026-04-01T12:00")


def test_a_reminder_stands_for_the_date_of_its_schedule() -> None:
    reminder = Reminder(schedule="daily 00:30", seed=1, starts_on=date(2026, 3, 1))
    assert due.fires_on(reminder, "Asia/Tokyo", on("2026-03-02T15:30")) == date(2026, 3, 3)


def test_who_said_yes_is_due_at_the_first_reminder(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 18:00", alex)
    world.take_up("empathy", "daily", NOON, alex)
    assert world.person(alex).due_at == on("2026-03-02T12:00")


def test_who_cannot_be_reached_is_not_due(world: World) -> None:
    alex = world.enrol("Alex")
    world.take_up("gratitude", "daily", NOON, alex)
    assert world.person(alex).due_at is None
    world.run()
    world.says("Alex", "YES")
    assert world.person(alex).due_at == on("2026-03-02T12:00")

    def stop(_session: Session, person: Person) -> None:
        person.stopped_at = world.at

    change(world, alex, stop)
    assert refreshed(world, alex).due_at is None


@pytest.mark.parametrize("state", ["dead_at", "verified_at"])
def test_an_address_has_to_live_and_to_have_said_yes(world: World, state: str) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", NOON, alex)

    def lose_it(session: Session, person: Person) -> None:
        assert due.reachable(session, person)
        address = session.scalars(select(Address)).one()
        if state == "dead_at":
            addresses.mark_dead(session, address.id, world.at)
        else:
            address.verified_at = None
        session.flush()
        assert not due.reachable(session, person)
        due.set_due(session, person)

    assert change(world, alex, lose_it).due_at is None


def test_another_zone_moves_what_is_to_come(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", NOON, alex)

    def move(session: Session, person: Person) -> None:
        person.zone = "America/New_York"
        due.refresh(session, person, world.at)

    assert change(world, alex, move).due_at == on("2026-03-02T17:00")


def test_what_is_due_and_not_yet_planned_stays_due(world: World) -> None:
    """The daemon may be a second behind; an admin's change in that second must not swallow the nudge."""
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", NOON, alex)
    world.at = on("2026-03-02T12:00")
    world.take_up("empathy", "daily", "daily 18:00", alex)
    assert world.person(alex).due_at == on("2026-03-02T12:00")
    world.run()
    assert len(world.told(alex, NudgeKind.NUDGE)) == 1


def test_what_came_while_nobody_could_be_reached_is_over(world: World) -> None:
    alex = world.enrol("Alex")
    world.take_up("gratitude", "daily", NOON, alex)
    world.run()
    world.at = on("2026-03-04T13:00")
    world.says("Alex", "YES")
    world.run()
    assert world.person(alex).due_at == on("2026-03-05T12:00")
    assert world.told(alex, NudgeKind.NUDGE) == []


def test_a_second_look_changes_nothing(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 17:00-20:00", alex)
    before = (world.person(alex).due_at, next_ats(world, alex))
    assert before[0] is not None
    refreshed(world, alex)
    assert (world.person(alex).due_at, next_ats(world, alex)) == before


def test_reminders_of_habits_that_are_over_do_not_count(world: World) -> None:
    alex, sam = world.couple()
    ended = world.take_up("gratitude", "daily", "daily 10:00", alex, sam)
    left = world.take_up("empathy", "daily", "daily 11:00", alex, sam)
    world.take_up("patience", "daily", NOON, alex, sam)

    def leave(session: Session, person: Person) -> None:
        session.get_one(Habit, ended).ended_on = date(2026, 3, 2)
        session.get_one(Member, (left, person.id)).left_on = date(2026, 3, 2)
        due.set_due(session, person)

    assert change(world, alex, leave).due_at == on("2026-03-02T12:00")
    # The other one has only lost what ended for both.
    assert refreshed(world, sam).due_at == on("2026-03-02T11:00")
    with world.site.db.read() as session:
        live = due.live_reminders(session, [alex, sam])
        assert sorted(row.schedule for row in live) == ["daily 11:00", NOON, NOON]


@pytest.mark.parametrize(
    ("zone", "now", "clock", "at"),
    [
        ("UTC", "2026-03-02T09:00", time(20), "2026-03-02T20:00"),
        ("UTC", "2026-03-02T20:00", time(20), "2026-03-03T20:00"),
        ("Asia/Tokyo", "2026-03-02T16:00", time(0, 30), "2026-03-03T15:30"),
        # Clocks go from 2 to 3 that night: what does not exist comes an hour later.
        ("Europe/Berlin", "2026-03-28T22:00", time(2, 30), "2026-03-29T01:30"),
        # What comes twice counts the first time.
        ("Europe/Berlin", "2026-10-25T00:29", time(2, 30), "2026-10-25T00:30"),
        ("Europe/Berlin", "2026-10-25T00:30", time(2, 30), "2026-10-26T01:30"),
        # A zone that left out 30 December 2011.
        ("Pacific/Apia", "2011-12-30T08:00", time(20), "2011-12-31T06:00"),
    ],
)
def test_the_next_time_that_clocks_show(zone: str, now: str, clock: time, at: str) -> None:
    assert due.next_clock(person_in(zone), clock, on(now)) == on(at)


def test_out_of_quiet_hours() -> None:
    person = person_in("Europe/Berlin")
    assert due.out_of_quiet(person, on("2026-03-02T21:00")) == on("2026-03-03T07:00")
    assert due.out_of_quiet(person, on("2026-03-02T19:59")) == on("2026-03-02T19:59")
    awake = person_in("Europe/Berlin", quiet_from=time(0), quiet_to=time(0))
    assert due.out_of_quiet(awake, datetime(2026, 3, 2, 2, tzinfo=UTC)) == on("2026-03-02T02:00")
