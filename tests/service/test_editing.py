"""What was said of a person is changed later, and what is planned keeps to it at once."""

import random
from collections import Counter
from dataclasses import fields
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from service import due, editing, planning, privacy
from service.errors import AttuneError, NeedsPerson
from service.models import Nudge, Person
from service.states import NudgeKind, NudgeState
from service.wishes import Wishes
from tests.service.looking import change, on, refused, reminders
from tests.service.test_people import CANNOT_BE_RIGHT
from tests.world import World

NOON = "daily 12:00"
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
WRONG = [
    (Wishes(**said), told) for said, told in CANNOT_BE_RIGHT if not {"address", "address_kind"} & set(said)
]


def edit(world: World, person: UUID, **changes: Any) -> Person:
    editing.edit_person(world.site, person, Wishes(**changes), world.at)
    return world.person(person)


def values(person: Person) -> dict[str, object]:
    return {column.name: getattr(person, column.name) for column in Person.__table__.columns}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("zone", BERLIN),
        ("language", "de-AT"),
        ("country", "DE"),
        ("country", ""),
        ("day_starts", time(4)),
        ("week_starts", 6),
        ("quiet_from", time(22)),
        ("quiet_to", time(7)),
        ("daily_cap", 0),
        ("discreet", True),
    ],
)
def test_one_thing_is_changed_and_nothing_else(world: World, name: str, value: object) -> None:
    alex = world.enrol("Alex")
    before = values(world.person(alex))
    assert before[name] != value
    assert values(edit(world, alex, **{name: value})) == before | {name: value}


def test_a_name_is_changed_and_sealed(world: World) -> None:
    alex = world.enrol("Alex")
    row = edit(world, alex, name=" Alexandra ")
    assert world.site.sealer.unseal(row.name_sealed) == "Alexandra"
    assert b"Alex" not in row.name_sealed


def test_every_wish_can_be_given_back(world: World) -> None:
    alex = world.enrol("Alex", discreet=True, daily_cap=5)
    row = edit(world, alex, discreet=False, daily_cap=1)
    assert (row.discreet, row.daily_cap) == (False, 1)
    assert {field.name for field in fields(Wishes)} == {*editing.AS_GIVEN, "name"}


def test_what_cannot_be_right_changes_nothing(world: World) -> None:
    alex = world.enrol("Alex")
    world.take_up("gratitude", "daily", NOON, alex)
    before = values(world.person(alex))
    assert len(WRONG) > 10
    for wrong, told in WRONG:
        assert told in refused(editing.edit_person, world.site, alex, wrong, world.at)
    both = Wishes(daily_cap=1, zone="Berlin")
    assert "did you mean Europe/Berlin?" in refused(editing.edit_person, world.site, alex, both, world.at)
    assert values(world.person(alex)) == before


def test_who_is_gone_cannot_be_changed(world: World) -> None:
    alex = world.enrol("Alex")
    with world.site.db.write() as session:
        session.execute(delete(Person))
    with pytest.raises(AttuneError, match="There is no such person any more"):
        edit(world, alex, daily_cap=1)


def test_a_move_moves_every_reminder_at_once(world: World) -> None:
    alex = world.join("Alex", zone=BERLIN)
    world.take_up("gratitude", "daily", NOON, alex)
    world.take_up("empathy", "daily", "daily 18:00", alex)
    world.at = on("2026-03-02T10:00")
    assert world.person(alex).due_at == on("2026-03-02T11:00")
    row = edit(world, alex, zone=NEW_YORK)
    assert row.due_at == on("2026-03-02T17:00")
    assert [r.next_at for r in reminders(world, alex)] == [on("2026-03-02T17:00"), on("2026-03-02T23:00")]
    assert edit(world, alex, zone=BERLIN).due_at == on("2026-03-02T11:00")


def test_what_is_due_and_not_yet_planned_is_not_swallowed_by_a_move(world: World) -> None:
    alex = world.join("Alex", zone=BERLIN)
    world.take_up("gratitude", "daily", NOON, alex)
    world.at = on("2026-03-02T11:00:30")
    edit(world, alex, zone="Europe/Vienna")
    world.run()
    assert len(world.told(alex, NudgeKind.NUDGE)) == 1
    assert [r.fired_on for r in reminders(world, alex)] == [date(2026, 3, 2)]


def test_what_would_count_for_another_date_there_comes_at_its_time_there(world: World) -> None:
    """At 08:00 of the 3rd in Auckland it is the 2nd in New York, and that date may have fired already."""
    alex = world.join("Alex", zone="Pacific/Auckland", quiet_from=time(0), quiet_to=time(0))
    world.take_up("gratitude", "daily", "daily 08:00", alex)
    world.at = on("2026-03-02T19:00:30")
    assert edit(world, alex, zone=NEW_YORK).due_at == on("2026-03-03T13:00")


def test_nobody_is_nudged_twice_on_a_date_by_moving_there_and_back(world: World) -> None:
    alex = world.join("Alex", zone=BERLIN, quiet_from=time(0), quiet_to=time(0))
    world.take_up("gratitude", "daily", "daily 09:00", alex)
    world.goes_on(on("2026-03-03T08:00"))
    fired = len(world.told(alex, NudgeKind.NUDGE))
    for zone in (NEW_YORK, BERLIN, NEW_YORK, BERLIN):
        world.goes_on(timedelta(hours=4))
        edit(world, alex, zone=zone)
    assert world.at == on("2026-03-04T00:00")
    world.run()
    assert len(world.told(alex, NudgeKind.NUDGE)) == fired
    assert world.person(alex).due_at == on("2026-03-04T08:00")


@pytest.mark.parametrize("seed", range(3))
def test_no_reminder_fires_twice_on_a_date_however_often_somebody_moves(world: World, seed: int) -> None:
    """Asked of the reminders, not of the messages: of those a key in the rows would hide a second one."""
    rng = random.Random(seed)
    alex = world.join("Alex", zone=BERLIN, quiet_from=time(0), quiet_to=time(0), daily_cap=24)
    for practice, schedule in (
        ("gratitude", "daily 00:30"),
        ("empathy", "daily 09:00"),
        ("patience", "daily 17:00-23:59"),
    ):
        world.take_up(practice, "daily", schedule, alex)
    fired: Counter[tuple[UUID, date]] = Counter()
    for _ in range(40):
        world.at += timedelta(minutes=rng.randrange(1, 600))
        if rng.random() < 0.5:
            zone = rng.choice([BERLIN, NEW_YORK, "Pacific/Auckland", "Pacific/Apia", "Pacific/Honolulu"])
            edit(world, alex, zone=zone)
        before = {r.id: r.next_at for r in reminders(world, alex)}
        planning.plan_due(world.site, world.at)
        for reminder in reminders(world, alex):
            at = before[reminder.id]
            if at and at <= world.at:
                zone = world.person(alex).zone
                fired[reminder.id, due.fires_on(reminder, zone, at)] += 1
    assert len(fired) > 10
    assert set(fired.values()) == {1}


def test_another_hour_for_quiet_moves_what_is_planned(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 07:00", alex)
    world.at = on("2026-03-03T07:00")
    planning.plan_due(world.site, world.at)
    edit(world, alex, quiet_to=time(9))
    nudge = world.nudges(alex)[-1]
    assert (nudge.state, nudge.not_before, nudge.expires_at) == (
        NudgeState.PLANNED,
        on("2026-03-03T09:00"),
        on("2026-03-03T11:00"),
    )
    world.goes_on(timedelta(hours=3))
    (told,) = world.told(alex, NudgeKind.NUDGE)
    assert told.state in (NudgeState.SENT, NudgeState.DELIVERED)


def test_an_earlier_evening_ends_what_is_planned_earlier(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 18:00", alex)
    world.at = on("2026-03-02T18:00")
    planning.plan_due(world.site, world.at)
    edit(world, alex, quiet_from=time(19))
    nudge = world.nudges(alex)[-1]
    assert (nudge.state, nudge.not_before, nudge.expires_at) == (
        NudgeState.PLANNED,
        on("2026-03-02T18:00"),
        on("2026-03-02T19:00"),
    )


def test_what_would_come_too_late_after_quiet_hours_at_noon_is_let_go(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 10:00", alex)
    world.at = on("2026-03-02T11:30")
    planning.plan_due(world.site, world.at)
    edit(world, alex, quiet_from=time(11), quiet_to=time(13))
    nudge = world.nudges(alex)[-1]
    assert (nudge.state, nudge.reason) == (NudgeState.LAPSED, "would fall in quiet hours")


def test_what_would_come_in_the_night_of_another_zone_is_let_go(world: World) -> None:
    alex = world.join("Alex", zone=BERLIN)
    world.take_up("gratitude", "daily", "daily 20:00", alex)
    world.at = on("2026-03-02T19:00")
    planning.plan_due(world.site, world.at)
    edit(world, alex, zone="Asia/Tokyo")  # There it is four in the morning of the 3rd.
    nudge = world.nudges(alex)[-1]
    assert nudge.state is NudgeState.PLANNED
    assert nudge.not_before == on("2026-03-02T23:00")
    edit(world, alex, zone="Asia/Kolkata")  # And here past midnight, so that the day is over by the morning.
    nudge = world.nudges(alex)[-1]
    assert (nudge.state, nudge.reason) == (NudgeState.LAPSED, "would fall in quiet hours")
    assert world.told(alex, NudgeKind.NUDGE) == []


def test_a_code_keeps_out_of_the_night_too(world: World) -> None:
    alex = world.join("Alex")
    with pytest.raises(NeedsPerson):
        privacy.look(world.site, alex, "streaks", None, world.at)
    edit(world, alex, zone="America/Los_Angeles", discreet=True)
    code = world.nudges(alex)[-1]
    assert code.kind is NudgeKind.NOTICE
    assert (code.state, code.not_before) == (NudgeState.PLANNED, on("2026-03-02T16:00"))


def test_the_first_question_keeps_out_of_the_night_too(world: World) -> None:
    alex = world.enrol("Alex")
    edit(world, alex, zone="America/Los_Angeles")
    (question,) = world.nudges(alex)
    assert question.kind is NudgeKind.CONSENT
    assert (question.state, question.not_before) == (NudgeState.PLANNED, on("2026-03-02T16:00"))
    assert question.expires_at == on("2026-03-05T09:00")


def test_what_tells_of_a_practice_is_not_sent_to_somebody_who_has_become_discreet(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", NOON, alex)
    world.at = on("2026-03-02T12:00")
    planning.plan_due(world.site, world.at)
    edit(world, alex, discreet=True)
    world.goes_on(timedelta(days=1))
    assert [nudge.state for nudge in world.nudges(alex) if nudge.reason == editing.TELLING] == [
        NudgeState.LAPSED
    ]
    (told,) = world.told(alex, NudgeKind.NUDGE)
    assert "ratitude" not in told.words


def test_a_change_of_name_leaves_what_is_planned_as_it_is(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", NOON, alex)
    world.at = on("2026-03-02T12:00")
    planning.plan_due(world.site, world.at)

    def odd(session: Session, person: Person) -> None:
        session.execute(update(Nudge).values(not_before=on("2026-03-02T23:00")))

    change(world, alex, odd)
    edit(world, alex, name="Alexandra", daily_cap=3)
    nudge = world.nudges(alex)[-1]
    assert (nudge.state, nudge.not_before) == (NudgeState.PLANNED, on("2026-03-02T23:00"))
