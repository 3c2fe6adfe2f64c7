"""What is due and does not go out: done, paused, stopped, too much for a day, or too late."""

from uuid import UUID

import pytest

from habits.nudging import Reason
from service import outbox, people, planning, reminding, taking_up
from service.models import Pause, Pulse
from service.planning import Planned
from service.states import NudgeKind, NudgeState
from tests.walk.rows import items, nudges, on, rows
from tests.world import World


def plan(world: World, limit: int = 500) -> Planned:
    return planning.plan_due(world.site, world.at, limit)


def plan_all(world: World) -> Planned:
    total = Planned()
    while (did := plan(world)).people:
        total += did
    return total


def outcome(world: World, person_id: UUID) -> list[tuple[NudgeState, str | None]]:
    return [(nudge.state, nudge.reason) for nudge in nudges(world, person_id)]


def test_each_habit_of_a_digest_may_be_let_go_for_its_own_reason(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.take_up("empathy", "daily", "daily 19:00", alex)
    world.says("Alex", "1")
    world.at = on("19:00")

    assert plan(world) == Planned(people=1, planned=1, let_go=1)
    assert outcome(world, alex) == [(NudgeState.PLANNED, Reason.DUE), (NudgeState.LAPSED, Reason.DONE)]
    sent, gone = nudges(world, alex)
    assert (len(items(world, sent)), len(items(world, gone))) == (1, 1)
    assert gone.words_sealed is None


@pytest.mark.parametrize(
    ("goal", "said", "expected"),
    [
        ("daily", [], Reason.DUE),
        ("daily", ["1"], Reason.DONE),
        ("daily", ["1", "undo"], Reason.DUE),
        ("2 a week", ["1"], Reason.DONE),  # A second time on one day would add nothing.
        ("mon wed", ["1"], Reason.DONE),
    ],
)
def test_who_has_done_it_is_left_in_peace(
    world: World, alex: UUID, goal: str, said: list[str], expected: Reason
) -> None:
    taking_up.add_habit(
        world.site,
        [alex],
        taking_up.NewHabit("gratitude", goal, ("daily 19:00",), on("2026-03-02T00:00").date()),
        world.at,
    )
    world.at = on("2026-03-04T09:00")
    for text in said:
        world.says("Alex", text)
    plan_all(world)
    world.at = on("2026-03-04T19:00")
    plan_all(world)

    assert nudges(world, alex)[-1].reason == expected


def test_a_week_whose_goal_is_met_is_quiet_to_its_end(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "2 a week", "daily 19:00", alex)
    world.says("Alex", "done")
    world.at = on("2026-03-03T12:00")
    world.says("Alex", "done")
    for day in range(3, 10):
        world.at = on(f"2026-03-0{day}T19:00")
        plan_all(world)

    reasons = [nudge.reason for nudge in nudges(world, alex)]
    assert reasons[-7:] == [Reason.DONE, *[Reason.GOAL_MET] * 5, Reason.DUE]


def test_a_paused_person_is_left_in_peace_until_the_first_day_back(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    people.pause(world.site, alex, 2, world.at)
    for day in ("2026-03-02", "2026-03-03", "2026-03-04"):
        world.at = on(f"{day}T19:00")
        plan(world)

    assert [reason for _, reason in outcome(world, alex)] == [Reason.PAUSED, Reason.PAUSED, Reason.DUE]


def test_one_habit_may_be_paused(world: World, alex: UUID) -> None:
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.take_up("empathy", "daily", "daily 19:00", alex)
    with world.site.db.write() as session:
        session.add(Pause(person_id=alex, habit_id=habit, from_on=world.at.date(), to_on=world.at.date()))
    world.at = on("19:00")
    plan(world)
    world.at = on("2026-03-03T19:00")
    plan(world)

    assert [reason for _, reason in outcome(world, alex)] == [Reason.DUE, Reason.PAUSED, Reason.DUE]
    assert [len(items(world, nudge)) for nudge in nudges(world, alex)] == [1, 1, 2]


def test_a_person_who_stopped_is_not_due(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.says("Alex", "STOP")
    world.at = on("19:00")

    assert plan(world) == Planned()


def test_a_resting_person_is_left_in_peace_until_the_rest_is_over(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    with world.site.db.write() as session:
        outbox.lock_people(session, [alex])[alex].rested_until = on("2026-03-03T19:00")
    for day in ("2026-03-02", "2026-03-03"):
        world.at = on(f"{day}T19:00")
        plan(world)

    assert [reason for _, reason in outcome(world, alex)] == [Reason.RESTING, Reason.DUE]


def test_no_more_messages_a_day_than_the_cap(world: World) -> None:
    alex = world.join("Alex", daily_cap=2)
    for hour, practice in ((10, "gratitude"), (13, "empathy"), (16, "patience")):
        world.take_up(practice, "daily", f"daily {hour}:00", alex)
    reminding.add_check_in(world.site, alex, "mon 17:00", world.at)
    world.goes_on(on("18:00"))

    assert [reason for _, reason in outcome(world, alex)] == [Reason.DUE, Reason.DUE, Reason.CAP, Reason.CAP]
    assert rows(world, Pulse) == []
    world.goes_on(on("2026-03-03T10:00"))
    assert nudges(world, alex)[-1].reason == Reason.DUE


def test_a_check_in_uses_up_the_cap_too(world: World) -> None:
    alex = world.join("Alex", daily_cap=1)
    reminding.add_check_in(world.site, alex, "mon 17:00", world.at)
    world.take_up("gratitude", "daily", "daily 18:00", alex)
    world.goes_on(on("18:00"))

    assert outcome(world, alex) == [(NudgeState.SENT, Reason.DUE), (NudgeState.LAPSED, Reason.CAP)]


def test_a_digest_uses_up_the_cap_before_the_check_in_of_the_same_hour(world: World) -> None:
    alex = world.join("Alex", daily_cap=1)
    reminding.add_check_in(world.site, alex, "mon 17:00", world.at)
    world.take_up("gratitude", "daily", "daily 17:00", alex)
    world.at = on("17:00")
    plan(world)

    assert [(nudge.kind, nudge.reason) for nudge in nudges(world, alex)] == [
        (NudgeKind.NUDGE, Reason.DUE),
        (NudgeKind.PULSE, Reason.CAP),
    ]


def test_what_lapsed_does_not_use_up_the_cap(world: World) -> None:
    alex = world.join("Alex", daily_cap=1)
    world.take_up("gratitude", "daily", "daily 10:00", alex)
    world.take_up("empathy", "daily", "daily 13:00", alex)
    world.says("Alex", "1")
    world.goes_on(on("13:00"))

    assert [reason for _, reason in outcome(world, alex)] == [Reason.DONE, Reason.DUE]


def test_after_five_hours_down_one_digest_goes_out_and_the_rest_lapses(world: World, alex: UUID) -> None:
    for number, practice in enumerate(
        ("gratitude", "empathy", "patience", "quality-time", "active-listening")
    ):
        world.take_up(practice, "daily", f"daily {12 + number}:30", alex)
    reminding.add_check_in(world.site, alex, "mon 12:00", world.at)
    world.at = on("17:00")  # Due at 12:00, 12:30, 13:30, 14:30, 15:30 and 16:30.

    assert plan_all(world) == Planned(people=1, planned=1, let_go=4)
    live = [nudge for nudge in nudges(world, alex) if nudge.state is NudgeState.PLANNED]
    gone = [nudge for nudge in nudges(world, alex) if nudge.state is NudgeState.LAPSED]
    assert [len(items(world, nudge)) for nudge in live] == [2]
    assert (live[0].due_at, live[0].expires_at) == (on("15:30"), on("17:30"))
    assert sorted(nudge.due_at for nudge in gone) == [on("12:00"), on("12:30"), on("13:30"), on("14:30")]
    assert {nudge.reason for nudge in gone} == {Reason.LATE}
    assert world.person(alex).due_at == on("2026-03-03T12:30")


def test_after_a_night_down_what_is_due_now_still_goes_out(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 10:00", alex)
    world.take_up("empathy", "daily", "tue 10:30", alex)
    world.at = on("2026-03-03T11:00")

    assert plan_all(world) == Planned(people=1, planned=1, let_go=1)
    gone, digest = sorted(nudges(world, alex), key=lambda nudge: nudge.due_at)
    assert (gone.due_at, gone.reason) == (on("10:00"), Reason.LATE)
    assert [item.day for item in items(world, gone)] == [on("10:00").date()]
    assert [item.day for item in items(world, digest)] == [world.at.date()] * 2


def test_weeks_down_leave_few_rows_and_no_burst(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 10:00", alex)
    world.at = on("2026-03-29T11:00")

    plan_all(world)
    live = [nudge for nudge in nudges(world, alex) if nudge.state is NudgeState.PLANNED]
    assert [nudge.due_at for nudge in live] == [on("2026-03-29T10:00")]
    gone = sorted(n.due_at for n in nudges(world, alex) if n.state is NudgeState.LAPSED)
    assert gone == [on("10:00"), on("2026-03-28T10:00")]
