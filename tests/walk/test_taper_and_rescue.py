"""Fewer nudges for what goes well, one more where a run would end, the week in short: rules 7, 8 and 10."""

from datetime import date, time, timedelta
from uuid import UUID

import pytest

from habits.entries import Mark
from habits.nudging import Reason
from service import entering, joining, planning, reminding, taking_up
from service.errors import WrongUsage
from service.models import Nudge, Reminder
from service.states import Cause, Joint, NudgeKind, NudgeState
from tests.walk.rows import items, on, rows, words
from tests.world import World

DAY = timedelta(days=1)
EVENING = time(20, 30)


def outcome(world: World, person_id: UUID) -> list[tuple[NudgeKind, str | None]]:
    found = rows(world, Nudge, Nudge.person_id == person_id, Nudge.cause_kind == Cause.REMINDER)
    return [(nudge.kind, nudge.reason) for nudge in found]


def plan_at(world: World, text: str) -> None:
    world.at = on(text)
    planning.plan_due(world.site, world.at)


def kept_since(world: World, person_id: UUID, first: date) -> UUID:
    """A daily habit that was done on every day since `first`, but for today."""
    new = taking_up.NewHabit("gratitude", "daily", ("daily 19:00",), first)
    habit = taking_up.add_habit(world.site, (person_id,), new, world.at)
    for ahead in range((world.at.date() - first).days):
        entering.log_for(world.site, person_id, 1, first + DAY * ahead, Mark.DONE, world.at)
    return habit


# Rule 7.


@pytest.mark.parametrize(("weeks", "every"), [(3, 1), (4, 2), (12, 4)])
def test_a_habit_that_tapers_is_nudged_less_the_longer_it_is_kept(
    world: World, alex: UUID, weeks: int, every: int
) -> None:
    habit = kept_since(world, alex, world.at.date() - timedelta(weeks=weeks))
    taking_up.edit_taper(world.site, habit, True)
    for ahead in range(6):
        plan_at(world, f"2026-03-0{2 + ahead}T19:00")
        # The run goes on, whether there was a nudge or not.
        entering.log_for(world.site, alex, 1, None, Mark.DONE, world.at)

    went = [reason == Reason.DUE for _, reason in outcome(world, alex)]
    assert went == [(ahead + 1) % every == 0 for ahead in range(6)]
    left_out = {reason for _, reason in outcome(world, alex)} - {Reason.DUE}
    assert left_out == ({Reason.TAPERED} if every > 1 else set())


def test_a_broken_run_brings_all_nudges_back(world: World, alex: UUID) -> None:
    habit = kept_since(world, alex, world.at.date() - timedelta(weeks=8))
    taking_up.edit_habit(world.site, habit, "daily", world.at)
    taking_up.edit_taper(world.site, habit, True)
    for day in range(2, 9):
        plan_at(world, f"2026-03-0{day}T19:00")

    # Two spare days, then the run is over.
    reasons = [reason for _, reason in outcome(world, alex)]
    assert reasons[:2] == [Reason.TAPERED, Reason.DUE]
    assert rows(world, Reminder)[0].thinned == 0
    assert Reason.TAPERED not in reasons[3:]


def test_a_habit_tapers_only_if_asked_to(world: World, alex: UUID) -> None:
    habit = kept_since(world, alex, world.at.date() - timedelta(weeks=20))
    plan_at(world, "19:00")
    taking_up.edit_taper(world.site, habit, True)
    plan_at(world, "2026-03-03T19:00")
    taking_up.edit_taper(world.site, habit, False)
    plan_at(world, "2026-03-04T19:00")

    assert [reason for _, reason in outcome(world, alex)] == [Reason.DUE, Reason.TAPERED, Reason.DUE]


# Rule 8.


def weekly(world: World, person_id: UUID) -> UUID:
    """Two days a week, kept last week; its rescue is at half past eight."""
    first = on("2026-02-23T09:00").date()
    new = taking_up.NewHabit("gratitude", "2 a week", ("mon 08:00",), first)
    habit = taking_up.add_habit(world.site, (person_id,), new, world.at)
    for ahead in (0, 1):
        entering.log_for(world.site, person_id, 1, first + DAY * ahead, Mark.DONE, world.at)
    reminding.edit_rescue(world.site, habit, EVENING, world.at)
    return habit


def test_a_rescue_comes_on_the_last_day_only_and_once(world: World, alex: UUID) -> None:
    weekly(world, alex)
    for day in range(2, 9):
        for clock in ("20:30:00", "20:30:01", "20:40:00"):
            plan_at(world, f"2026-03-0{day}T{clock}")

    rescues = [reason for kind, reason in outcome(world, alex) if kind is NudgeKind.RESCUE]
    # With Saturday and Sunday left for two days, Saturday is the last day; on Sunday the week is lost.
    assert rescues == [*[Reason.NO_RESCUE] * 5, Reason.RESCUE, Reason.NO_RESCUE]


def test_a_rescue_names_the_habit_and_no_run(world: World, alex: UUID) -> None:
    weekly(world, alex)
    plan_at(world, "2026-03-07T20:30")
    (rescue,) = rows(world, Nudge, Nudge.kind == NudgeKind.RESCUE, Nudge.state == NudgeState.PLANNED)

    assert (rescue.not_before, rescue.expires_at) == (on("2026-03-07T20:30"), on("2026-03-07T21:00"))
    assert [item.day for item in items(world, rescue)] == [date(2026, 3, 7)]
    said = words(world, rescue)
    assert "eply 1" in said
    assert not {"streak", "run", "last", "lose", "miss"} & set(said.lower().split())


@pytest.mark.parametrize("said", ["done", "skip 1"])
def test_who_logged_something_needs_no_rescue(world: World, alex: UUID, said: str) -> None:
    weekly(world, alex)
    world.at = on("2026-03-07T10:00")
    planning.plan_due(world.site, world.at)
    world.says("Alex", said)
    plan_at(world, "2026-03-07T20:30")

    assert outcome(world, alex)[-1] == (NudgeKind.RESCUE, Reason.DONE if said == "done" else Reason.SKIPPED)


def test_a_rescue_is_one_for_each_member_and_can_be_moved_and_ended(world: World) -> None:
    alex, sam = world.couple()
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex, sam)
    reminding.edit_rescue(world.site, habit, EVENING, world.at)
    reminding.edit_rescue(world.site, habit, time(20), world.at)
    texts = sorted((r.person_id, r.schedule) for r in rows(world, Reminder) if r.purpose == "rescue")
    assert texts == sorted([(alex, "daily 20:00"), (sam, "daily 20:00")])

    reminding.edit_rescue(world.site, habit, None, world.at)
    assert {r.purpose for r in rows(world, Reminder)} == {"nudge"}


def test_a_rescue_that_is_moved_comes_no_second_time_that_day(world: World, alex: UUID) -> None:
    habit = weekly(world, alex)
    plan_at(world, "2026-03-07T20:30")
    reminding.edit_rescue(world.site, habit, time(20, 45), world.at)
    plan_at(world, "2026-03-07T20:45")

    rescues = rows(world, Nudge, Nudge.kind == NudgeKind.RESCUE, Nudge.reason == Reason.RESCUE)
    assert len(rescues) == 1


def test_an_ended_habit_has_no_rescue(world: World, alex: UUID) -> None:
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex)
    taking_up.archive_habit(world.site, habit, world.at)
    with pytest.raises(WrongUsage, match="has ended"):
        reminding.edit_rescue(world.site, habit, EVENING, world.at)


# Rule 10.


def test_the_week_in_short(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.take_up("empathy", "3 a week", "sat 19:00", alex)
    reminding.add_summary(world.site, alex, "sun 18:00", world.at)
    for _ in range(6):
        world.says("Alex", "1")
        world.goes_on(DAY)
    world.goes_on(DAY)

    (summary,) = world.told(alex, NudgeKind.SUMMARY)
    assert summary.words == (
        "Your practised days and streaks so far:\nGratitude: 6 days, streak 6 days\nEmpathy: 0 days"
    )


def test_without_habits_there_is_no_summary(world: World, alex: UUID) -> None:
    reminding.add_summary(world.site, alex, "daily 18:00", world.at)
    plan_at(world, "18:00")

    assert outcome(world, alex) == [(NudgeKind.SUMMARY, Reason.NOTHING)]


def test_one_summary_a_week_however_it_is_scheduled(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "sat 19:00", alex)
    reminding.add_summary(world.site, alex, "daily 18:00", world.at)
    world.goes_on(DAY * 8)

    days = [told.words for told in world.told(alex, NudgeKind.SUMMARY)]
    assert len(days) == 2  # On this Monday and on the next.
    reasons = [reason for kind, reason in outcome(world, alex) if kind is NudgeKind.SUMMARY]
    assert reasons == [Reason.DUE, *[Reason.ASKED] * 6, Reason.DUE]


def test_a_second_summary_cannot_be_had(world: World, alex: UUID) -> None:
    reminding.add_summary(world.site, alex, "sun 18:00", world.at)
    with pytest.raises(WrongUsage, match="weekly summary already"):
        reminding.add_summary(world.site, alex, "mon 18:00", world.at)


def test_a_summary_tells_what_is_joint(world: World) -> None:
    alex, sam = world.couple()
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex, sam)
    joining.set_joint(world.site, habit, Joint.BOTH, world.at)
    reminding.add_summary(world.site, alex, "sun 18:00", world.at)
    world.goes_on(timedelta(0))
    for name in ("Alex", "Sam"):
        world.says(name, "together 1")
    for _ in range(3):
        world.says("Alex", "1")
        world.says("Sam", "1")
        world.goes_on(DAY)
    world.goes_on(DAY * 3)
    world.says("Alex", "habits")  # Whoever has not answered for long gets no summary either.
    world.goes_on(DAY)

    (summary,) = world.told(alex, NudgeKind.SUMMARY)
    assert summary.words.splitlines()[1:] == [
        "Gratitude: 3 days",
        "Gratitude together: 3 days",
    ]
