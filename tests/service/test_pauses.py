from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from habits.nudging import Reason
from service import due, people
from service.errors import AttuneError
from service.ids import new_id
from service.models import Nudge, Pause, Person
from service.states import NudgeKind, NudgeState
from tests.service.looking import change, on, refused
from tests.world import World

NOON = "daily 12:00"


def pauses(world: World, person_id: UUID) -> list[tuple[date, date | None]]:
    with world.site.db.read() as session:
        rows = session.scalars(select(Pause).where(Pause.person_id == person_id).order_by(Pause.from_on))
        return [(row.from_on, row.to_on) for row in rows]


def paused_days(world: World, person_id: UUID, first: date, days: int) -> list[int]:
    """The numbers, from 0 on, of the days that are paused."""
    with world.site.db.read() as session:
        return [n for n in range(days) if due.paused_on(session, person_id, first + timedelta(days=n))]


def test_a_pause_has_both_its_days(world: World) -> None:
    alex, sam = world.enrol("Alex"), world.enrol("Sam")
    first = date(2026, 3, 2)
    change(
        world,
        alex,
        lambda session, person: due.pause(session, person, first + timedelta(1), first + timedelta(2)),
    )
    assert paused_days(world, alex, first, 5) == [1, 2]
    assert paused_days(world, sam, first, 5) == []


def test_a_pause_without_an_end_goes_on(world: World) -> None:
    alex = world.enrol("Alex")
    first = date(2026, 3, 2)
    change(world, alex, lambda session, person: due.pause(session, person, first, None))
    assert paused_days(world, alex, first, 400) == list(range(400))


def test_a_pause_of_one_habit_is_not_a_pause_of_the_person(world: World) -> None:
    alex = world.enrol("Alex")
    habit = world.take_up("gratitude", "daily", NOON, alex)
    first = date(2026, 3, 2)

    def pause_habit(session: Session, person: Person) -> None:
        session.add(Pause(person_id=person.id, habit_id=habit, from_on=first))

    change(world, alex, pause_habit)
    assert paused_days(world, alex, first, 3) == []
    people.resume(world.site, alex, world.at)
    assert pauses(world, alex) == [(first, None)]


def test_a_new_pause_replaces_the_one_before(world: World) -> None:
    alex = world.enrol("Alex")
    people.pause(world.site, alex, None, world.at)
    world.at += timedelta(days=2)
    people.pause(world.site, alex, 3, world.at)
    assert pauses(world, alex) == [
        (date(2026, 3, 2), date(2026, 3, 3)),
        (date(2026, 3, 4), date(2026, 3, 6)),
    ]
    people.pause(world.site, alex, 1, world.at)
    assert pauses(world, alex)[1:] == [(date(2026, 3, 4), date(2026, 3, 4))]


def test_the_day_of_coming_back_is_not_paused(world: World) -> None:
    alex = world.enrol("Alex")
    people.pause(world.site, alex, 10, world.at)
    world.at += timedelta(days=4)
    people.resume(world.site, alex, world.at)
    assert pauses(world, alex) == [(date(2026, 3, 2), date(2026, 3, 5))]
    people.resume(world.site, alex, world.at)
    assert pauses(world, alex) == [(date(2026, 3, 2), date(2026, 3, 5))]


def test_coming_back_on_the_first_day_leaves_no_pause(world: World) -> None:
    alex = world.enrol("Alex")
    people.pause(world.site, alex, 10, world.at)
    people.resume(world.site, alex, world.at)
    assert pauses(world, alex) == []


def test_coming_back_ends_a_rest(world: World) -> None:
    alex = world.enrol("Alex")

    def rest(_session: Session, person: Person) -> None:
        person.rested_until = on("2026-03-09T09:00")

    assert change(world, alex, rest).rested_until is not None
    people.resume(world.site, alex, world.at)
    assert world.person(alex).rested_until is None


def test_a_pause_lets_go_of_what_is_planned_but_not_of_answers(world: World) -> None:
    alex, sam = world.couple()
    world.take_up("gratitude", "daily", NOON, alex, sam)
    with world.site.db.write() as session:
        for person in (alex, sam):
            for number, kind in enumerate((NudgeKind.NUDGE, NudgeKind.PULSE, NudgeKind.ANSWER)):
                session.add(planned(person, kind, number, world.at))
    people.pause(world.site, alex, 1, world.at)
    with world.site.db.read() as session:
        rows = session.scalars(select(Nudge).where(Nudge.turn >= 100).order_by(Nudge.turn)).all()
        states = {person: [row.state for row in rows if row.person_id == person] for person in (alex, sam)}
        reasons = {row.reason for row in rows if row.state is NudgeState.LAPSED}
    assert states[alex] == [NudgeState.LAPSED, NudgeState.LAPSED, NudgeState.PLANNED]
    assert states[sam] == [NudgeState.PLANNED] * 3
    assert reasons == {Reason.PAUSED}


def planned(person_id: UUID, kind: NudgeKind, number: int, at: datetime) -> Nudge:
    later = at + timedelta(hours=3)
    return Nudge(
        person_id=person_id,
        kind=kind,
        cause_kind="reminder",
        cause_id=person_id,
        turn=100 + number,
        due_at=later,
        not_before=later,
        expires_at=later,
    )


def test_a_pause_is_so_many_days_from_today_on(world: World) -> None:
    world.at = datetime(2026, 3, 2, 23, tzinfo=UTC)
    alex = world.enrol("Alex", zone="Asia/Tokyo")
    assert people.pause(world.site, alex, 1, world.at) == (date(2026, 3, 3), date(2026, 3, 3))
    assert people.pause(world.site, alex, 366, world.at) == (date(2026, 3, 3), date(2027, 3, 3))
    assert people.pause(world.site, alex, None, world.at) == (date(2026, 3, 3), None)
    for days in (0, -1, 367):
        assert "1 to 366 days" in refused(people.pause, world.site, alex, days, world.at)


def test_a_pause_and_its_end_for_somebody_who_is_gone(world: World) -> None:
    with pytest.raises(AttuneError, match="no such person any more"):
        people.pause(world.site, new_id(), 1, world.at)
    with pytest.raises(AttuneError, match="no such person any more"):
        people.resume(world.site, new_id(), world.at)


def test_a_pause_quietens_and_its_end_does_not_make_up(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    people.pause(world.site, alex, 3, world.at)
    world.goes_on(datetime(2026, 3, 4, 20, tzinfo=UTC))
    assert world.told(alex, NudgeKind.NUDGE) == []
    people.resume(world.site, alex, world.at)
    world.goes_on(datetime(2026, 3, 5, 11, tzinfo=UTC))
    assert world.told(alex, NudgeKind.NUDGE) == []
    world.goes_on(datetime(2026, 3, 5, 12, tzinfo=UTC))
    assert len(world.told(alex, NudgeKind.WELCOME)) == 1
    world.goes_on(datetime(2026, 3, 6, 12, tzinfo=UTC))
    assert len(world.told(alex, NudgeKind.NUDGE)) == 1
