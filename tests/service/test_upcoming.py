"""What is due for a person in the coming days, beside what planning makes of it; and their calendar."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from habits.nudging import Reason
from service import people, reminding, taking_up, upcoming
from service.models import Member, Person, Reminder
from service.states import NudgeState, Purpose
from service.upcoming import Upcoming
from tests.service.looking import change, on, refused, reminders
from tests.world import World


def seen(world: World, person: UUID, days: int = 1) -> list[Upcoming]:
    with world.site.db.read() as session:
        return upcoming.upcoming(session, session.get_one(Person, person), world.at, days)


def exported(world: World, person: UUID) -> icalendar.Calendar:
    with world.site.db.read() as session:
        text = upcoming.calendar(session, world.site, session.get_one(Person, person), world.at)
    found = icalendar.Calendar.from_ical(text)
    assert isinstance(found, icalendar.Calendar)
    assert found.get_missing_tzids() == set()
    return found


def times(found: Sequence[Upcoming]) -> list[datetime]:
    """Return when each message goes, in order."""
    return sorted({one.message: one.sends_at for one in found if one.sends_at}.values())


@pytest.mark.parametrize(
    ("cap", "reasons", "messages"),
    [
        (3, {Reason.DUE, Reason.MOVED, Reason.QUIET_HOURS}, ["02T20:30", "03T08:00", "03T08:05"]),
        (1, {Reason.DUE, Reason.MOVED, Reason.QUIET_HOURS, Reason.CAP}, ["02T20:30", "03T08:00"]),
    ],
)
def test_what_is_seen_ahead_is_what_is_planned(
    world: World, cap: int, reasons: set[Reason], messages: list[str]
) -> None:
    alex = world.join("Alex", daily_cap=cap)
    world.at = on("2026-03-02T20:00")
    for practice, schedule in (
        ("gratitude", "daily 06:00"),
        ("empathy", "daily 08:08"),
        ("patience", "daily 20:30"),
        ("inner-world", "daily 20:38-20:39"),
        ("quality-time", "daily 22:00"),
    ):
        world.take_up(practice, "daily", schedule, alex)
    reminding.add_check_in(world.site, alex, "tue 08:05", world.at)
    before = len(world.nudges(alex))

    found = seen(world, alex)
    world.goes_on(timedelta(days=1))

    assert times(found) == [on(f"2026-03-{each}") for each in messages]
    planned = [n.not_before for n in world.nudges(alex)[before:] if n.state is not NudgeState.LAPSED]
    assert sorted(planned) == times(found)
    assert {one.reason for one in found} == reasons


def test_days_ahead_are_counted_from_now(world: World) -> None:
    alex = world.enrol("Alex")
    world.take_up("gratitude", "daily", "daily 09:00", alex)
    assert [one.due_at for one in seen(world, alex, 2)] == [on("2026-03-03T09:00"), on("2026-03-04T09:00")]
    assert len(seen(world, alex, 366)) == 366
    for days in (0, 367):
        assert refused(seen, world, alex, days) == "A preview shows the next 1 to 366 days."


def test_each_is_named_by_what_it_brings(world: World) -> None:
    alex = world.enrol("Alex")
    habit = world.take_up("gratitude", "daily", "daily 12:00", alex)
    reminding.add_check_in(world.site, alex, "daily 13:00", world.at)

    def more(session: Session, person: Person) -> None:
        for hour, purpose in ((14, Purpose.RESCUE), (15, Purpose.SUMMARY)):
            about = habit if purpose is Purpose.RESCUE else None
            session.add(
                Reminder(
                    person_id=person.id,
                    habit_id=about,
                    purpose=purpose,
                    schedule=f"daily {hour}:00",
                    seed=1,
                    starts_on=date(2026, 3, 2),
                )
            )

    change(world, alex, more)
    assert [(one.practice, one.purpose) for one in seen(world, alex)[:4]] == [
        ("gratitude", "nudge"),
        (None, "check-in"),
        ("gratitude", "rescue"),
        (None, "summary"),
    ]
    rescue = seen(world, alex)[2]
    assert (rescue.message, rescue.sends_at, rescue.reason) == (None, None, upcoming.IF_NEEDED)
    # A rescue comes on few days only, nobody knows which: no calendar can hold it.
    hours = [
        event.DTSTART.hour for event in exported(world, alex).events if isinstance(event.DTSTART, datetime)
    ]
    assert hours == [12, 13, 15]


def test_nothing_of_what_the_person_did_is_seen(world: World) -> None:
    """Nor that they paused, stopped or left: two who live otherwise look the same."""
    alex, sam = world.couple()
    world.take_up("gratitude", "daily", "daily 12:00", alex, sam)
    before = [seen(world, person, 14) for person in (alex, sam)]
    assert len(before[0]) == 14

    world.says("Sam", "done")
    people.pause(world.site, sam, None, world.at)

    def leave(session: Session, person: Person) -> None:
        for member in session.scalars(select(Member).where(Member.person_id == person.id)):
            member.left_on = date(2026, 3, 2)

    change(world, sam, leave)
    world.says("Sam", "STOP")
    world.goes_on(timedelta(hours=2))
    assert [seen(world, person, 14) for person in (alex, sam)] == before
    assert [len(exported(world, person).events) for person in (alex, sam)] == [1, 1]


def test_a_habit_that_has_ended_is_over(world: World) -> None:
    alex = world.enrol("Alex")
    habit = world.take_up("gratitude", "daily", "daily 12:00", alex)
    taking_up.archive_habit(world.site, habit, world.at)
    assert seen(world, alex) == []
    assert exported(world, alex).events == []


def test_a_calendar_holds_schedules_in_the_persons_zone(world: World) -> None:
    alex = world.enrol("Alex", zone="America/Halifax")
    world.take_up("gratitude", "daily", "mon fri 19:30", alex)
    reminding.add_check_in(world.site, alex, "sun 17:00-20:00", world.at)
    nudge, check_in = exported(world, alex).events
    first, stamped, lengths = nudge.DTSTART, nudge.DTSTAMP, (nudge.DURATION, check_in.DURATION)
    assert first == datetime(2026, 3, 2, 19, 30, tzinfo=ZoneInfo("America/Halifax"))
    assert [rule.to_ical().decode() for rule in nudge.rrules] == ["FREQ=WEEKLY;BYDAY=MO,FR"]
    assert stamped == world.at
    assert [event.uid for event in (nudge, check_in)] == [str(row.id) for row in reminders(world, alex)]
    assert lengths == (None, timedelta(hours=3))
    assert [event.summary for event in (nudge, check_in)] == [
        "Gratitude",
        "Three short questions about your week",
    ]


def test_a_calendar_of_a_discreet_person_tells_no_practice(world: World) -> None:
    alex = world.enrol("Alex", discreet=True)
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    world.take_up("empathy", "daily", "daily 13:00", alex)
    reminding.add_check_in(world.site, alex, "sun 18:00", world.at)
    assert [event.summary for event in exported(world, alex).events] == [
        "Number 1",
        "Number 2",
        "Your little reminder",
    ]
