"""Due people become nudges with their words, and their reminders move on."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from sqlalchemy import event

from habits import practices
from habits.nudging import Reason
from service import due, jobs, outbox, people, planning, reminding, taking_up
from service.models import Member, Nudge, NudgeItem, Pulse, Reminder
from service.planning import Planned
from service.site import Site
from service.states import Cause, NudgeKind, NudgeState, PulseState
from tests.walk.rows import crowd, items, nudges, on, rows, words
from tests.world import World


def plan(world: World, limit: int = 500) -> Planned:
    return planning.plan_due(world.site, world.at, limit)


def outcome(world: World, person_id: UUID) -> list[tuple[NudgeState, str | None]]:
    return [(nudge.state, nudge.reason) for nudge in nudges(world, person_id)]


def test_nobody_is_due(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)

    assert plan(world) == Planned()
    assert nudges(world, alex) == []


def test_a_reminder_becomes_a_nudge_with_all_that_it_needs(world: World, alex: UUID) -> None:
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex)
    (reminder,) = rows(world, Reminder)
    world.at = on("19:00:20")

    assert plan(world) == Planned(people=1, planned=1)

    (nudge,) = nudges(world, alex)
    assert (nudge.state, nudge.kind, nudge.reason) == (NudgeState.PLANNED, NudgeKind.NUDGE, Reason.DUE)
    assert (nudge.cause_kind, nudge.cause_id) == (Cause.REMINDER, reminder.id)
    assert nudge.turn == on("19:00").date().toordinal()
    assert (nudge.due_at, nudge.not_before) == (on("19:00"), world.at)
    assert nudge.expires_at == on("21:00")
    (item,) = items(world, nudge)
    assert (item.habit_id, item.reminder_id, item.day) == (habit, reminder.id, on("19:00").date())
    (prompt,) = [p for p in practices.find("gratitude").prompts if p.id == item.prompt_id]
    assert prompt.text in words(world, nudge)
    assert "Reply 1" in words(world, nudge)
    light = [p for p in practices.find("gratitude").prompts if p.depth == 1]
    assert item.chance == pytest.approx(1 / len(light))
    (moved,) = rows(world, Reminder)
    assert (moved.fired_on, moved.next_at) == (on("19:00").date(), on("2026-03-03T19:00"))
    assert world.person(alex).due_at == on("2026-03-03T19:00")


def test_reminders_within_ten_minutes_are_one_message_with_the_habits_numbers(
    world: World, alex: UUID
) -> None:
    world.take_up("gratitude", "daily", "daily 19:10", alex)
    world.take_up("empathy", "daily", "daily 19:00", alex)
    world.take_up("patience", "daily", "daily 19:11", alex)
    world.at = on("19:00")

    assert plan(world) == Planned(people=1, planned=1)

    (digest,) = nudges(world, alex)
    assert [item.day for item in items(world, digest)] == [world.at.date()] * 2
    assert "2 Empathy" in words(world, digest)
    assert "1 Gratitude" in words(world, digest)
    assert "3 " not in words(world, digest)
    assert world.person(alex).due_at == on("19:11")
    world.at = on("19:11")
    assert plan(world) == Planned(people=1, planned=1)
    assert "Reply 3" in words(world, nudges(world, alex)[1])


def test_what_is_moved_out_of_quiet_hours_meets_what_is_due_then(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 07:00", alex)
    world.take_up("empathy", "daily", "daily 08:05", alex)
    world.at = on("2026-03-03T07:00")
    plan(world)

    (digest,) = nudges(world, alex)
    assert (digest.reason, digest.not_before) == (Reason.MOVED, on("2026-03-03T08:00"))
    assert len(items(world, digest)) == 2
    assert world.person(alex).due_at == on("2026-03-04T07:00")


def test_a_habit_with_two_reminders_at_one_hour_is_one_item(world: World, alex: UUID) -> None:
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex)
    reminding.add_reminder(world.site, habit, alex, "mon 19:05", world.at)
    world.at = on("19:00")
    plan(world)

    (nudge,) = nudges(world, alex)
    assert len(items(world, nudge)) == 1
    assert [r.fired_on for r in rows(world, Reminder)] == [world.at.date()] * 2


def test_who_skipped_today_is_left_in_peace_and_asked_again_tomorrow(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.says("Alex", "skip 1")
    world.at = on("19:00")
    plan(world)
    assert outcome(world, alex) == [(NudgeState.LAPSED, Reason.SKIPPED)]

    world.at = on("2026-03-03T19:00")
    plan(world)
    assert outcome(world, alex)[1:] == [(NudgeState.PLANNED, Reason.DUE)]


def test_a_day_is_asked_about_once_whatever_the_schedule_becomes(world: World) -> None:
    alex = world.join("Alex", quiet_from=on("00:00").time(), quiet_to=on("00:00").time())
    world.take_up("gratitude", "daily", "daily 10:00", alex)
    world.at = on("10:00")
    plan(world)
    with world.site.db.write() as session:
        person = outbox.lock_people(session, [alex])[alex]
        (reminder,) = due.live_reminders(session, [alex])
        reminder.schedule = "daily 01:00"
        due.refresh(session, person, world.at)
    world.at = on("2026-03-03T01:00")  # The next date, and still the person's Monday.
    plan(world)
    world.at = on("2026-03-04T01:00")
    plan(world)

    assert [reason for _, reason in outcome(world, alex)] == [Reason.DUE, Reason.ASKED, Reason.DUE]


def test_a_reminder_of_the_day_before_counts_for_the_day_before(world: World) -> None:
    alex = world.join("Alex", quiet_from=on("00:00").time(), quiet_to=on("00:00").time())
    world.take_up("gratitude", "daily", "daily 02:55", alex)
    world.take_up("empathy", "daily", "daily 03:02", alex)
    world.at = on("2026-03-03T02:55")
    plan(world)

    (digest,) = nudges(world, alex)
    assert [item.day.day for item in items(world, digest)] == [2, 3]


def test_a_reminder_fires_once_a_date_whatever_its_zone_becomes(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.at = on("19:00")
    plan(world)
    with world.site.db.write() as session:
        person = outbox.lock_people(session, [alex])[alex]
        person.zone = "America/New_York"
        due.refresh(session, person, world.at)
    # In New York seven o'clock is still to come, on the same date.
    assert world.person(alex).due_at == on("2026-03-03T19:00") + timedelta(hours=5)


def test_a_reminder_fires_once_a_date_whatever_its_schedule_becomes(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    world.at = on("12:00")
    plan(world)
    with world.site.db.write() as session:
        person = outbox.lock_people(session, [alex])[alex]
        (reminder,) = due.live_reminders(session, [alex])
        reminder.schedule = "daily 18:00"
        due.refresh(session, person, world.at)

    assert world.person(alex).due_at == on("2026-03-03T18:00")


def test_a_reminder_of_an_archived_habit_does_not_fire(world: World, alex: UUID) -> None:
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex)
    taking_up.archive_habit(world.site, habit, world.at)
    with world.site.db.write() as session:  # As if it had been due while it was archived.
        outbox.lock_people(session, [alex])[alex].due_at = on("19:00")
    world.at = on("19:00")

    assert plan(world) == Planned(people=1)
    assert plan(world) == Planned()
    assert nudges(world, alex) == []


def test_the_check_in_comes_once_a_week(world: World, alex: UUID) -> None:
    reminding.add_check_in(world.site, alex, "daily 17:00", world.at)
    world.goes_on(on("2026-03-10T18:00"))

    asked = [n.due_at.date().isoformat() for n in nudges(world, alex) if n.state is not NudgeState.LAPSED]
    assert asked == ["2026-03-02", "2026-03-09"]
    lapsed = [nudge for nudge in nudges(world, alex) if nudge.state is NudgeState.LAPSED]
    assert [(nudge.kind, nudge.reason) for nudge in lapsed] == [(NudgeKind.PULSE, Reason.ASKED)] * 7
    pulses = rows(world, Pulse)
    assert [pulse.week_on.isoformat() for pulse in pulses] == ["2026-03-02", "2026-03-09"]
    assert {pulse.state for pulse in pulses} == {PulseState.ASKED}
    assert pulses[0].nudge_id in {nudge.id for nudge in nudges(world, alex)}


def test_the_week_of_a_check_in_is_the_persons_own(world: World) -> None:
    alex = world.join("Alex", week_starts=6)
    reminding.add_check_in(world.site, alex, "daily 17:00", world.at)
    world.goes_on(on("2026-03-09T12:00"))

    assert [pulse.week_on.isoformat() for pulse in rows(world, Pulse)] == ["2026-03-01", "2026-03-08"]


def test_prompts_repeat_only_once_the_bank_is_used_up(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    light = [p.id for p in practices.find("gratitude").prompts if p.depth == 1]
    deeper = [p.id for p in practices.find("gratitude").prompts if p.depth <= 2]
    used: list[str | None] = []
    chances: list[float | None] = []
    for ahead in range(32):
        world.at = on("19:00") + timedelta(days=ahead)
        plan(world)
        world.says("Alex", "habits")
        (item,) = items(world, nudges(world, alex)[-1])
        used.append(item.prompt_id)
        chances.append(item.chance)

    assert set(used[: len(light)]) == set(light)
    assert set(used[:14]) <= set(light)
    # The second round began with light ones, and is not over before the deeper ones have come as well.
    assert set(used[10:22]) == set(deeper)
    assert chances[: len(light)] == [pytest.approx(1 / left) for left in range(len(light), 0, -1)]


def test_a_practice_taken_up_again_goes_on_with_its_prompts(world: World, alex: UUID) -> None:
    light = {p.id for p in practices.find("gratitude").prompts if p.depth == 1}
    used: list[str | None] = []
    for ahead in range(len(light)):
        habit = world.take_up("gratitude", "daily", "daily 19:00", alex)
        world.at = on("19:00") + timedelta(days=ahead)
        plan(world)
        used.append(items(world, nudges(world, alex)[-1])[0].prompt_id)
        world.at += timedelta(hours=4)
        world.says("Alex", "habits")
        taking_up.archive_habit(world.site, habit, world.at)
        world.at += timedelta(hours=11)

    assert set(used) == light


def test_what_is_put_off_uses_up_one_prompt(world: World, alex: UUID) -> None:
    light = len([p for p in practices.find("gratitude").prompts if p.depth == 1])
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    chances: list[float | None] = []
    for ahead in range(light + 1):
        world.goes_on(on("12:00") + timedelta(days=ahead))
        chances.append(items(world, nudges(world, alex)[-1])[0].chance)
        world.says("Alex", "later")
        world.goes_on(timedelta(hours=2))

    # The last of the round came twice, and may be the first of the next round all the same.
    assert chances == [pytest.approx(1 / left) for left in (*range(light, 0, -1), light)]


def test_planning_again_changes_nothing(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    reminding.add_check_in(world.site, alex, "mon 19:00", world.at)
    world.at = on("19:00")
    before = {row.id: row.next_at for row in rows(world, Reminder)}
    assert plan(world) == Planned(people=1, planned=2)
    assert plan(world) == Planned()

    # As if the reminders had been put back: the keys make the repeat harmless.
    with world.site.db.write() as session:
        person = outbox.lock_people(session, [alex])[alex]
        for reminder in due.live_reminders(session, [alex]):
            reminder.next_at = before[reminder.id]
        person.due_at = on("19:00")
    assert plan(world) == Planned(people=1)
    assert len(nudges(world, alex)) == 2
    assert len(rows(world, NudgeItem)) == 1
    assert len(rows(world, Pulse)) == 1
    assert world.person(alex).due_at == on("2026-03-03T19:00")


def test_a_batch_takes_the_longest_due_people_first(world: World) -> None:
    ids = crowd(world, 7)
    for number, person_id in enumerate(ids):
        world.take_up("gratitude", "daily", f"daily 19:0{6 - number}", person_id)
    world.at = on("19:06")

    assert plan(world, 3) == Planned(people=3, planned=3)
    assert {nudge.person_id for nudge in rows(world, Nudge, Nudge.kind == NudgeKind.NUDGE)} == set(ids[4:])
    assert [plan(world, 3) for _ in range(3)] == [Planned(3, 3), Planned(1, 1), Planned()]


def test_a_batch_takes_the_same_number_of_statements_whatever_its_size(world: World) -> None:
    sizes = (2, 21)
    for number, person_id in enumerate(crowd(world, sum(sizes))):
        world.take_up("gratitude", "daily", "daily 19:00", person_id)
        world.take_up("empathy", "3 a week", "daily 19:05", person_id)
        reminding.add_check_in(world.site, person_id, "mon 19:00", world.at)
        if number % 3 == 2:
            people.pause(world.site, person_id, 1, world.at)
    world.at = on("19:00")
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(world.site.db.engine, "before_cursor_execute", note)
    counts = []
    for size in sizes:
        statements.clear()
        assert plan(world, size).people == size
        counts.append(len(statements))

    assert counts[0] == counts[1]
    assert 10 < counts[0] < 30


def test_somebody_of_whom_something_cannot_be_read_keeps_nobody_from_their_nudge(
    world: World, alex: UUID, sam: UUID
) -> None:
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.take_up("gratitude", "daily", "daily 19:00", sam)
    with world.site.db.write() as session:
        session.get_one(Member, (habit, alex)).cue_sealed = b"opens with no key"
    world.at = on("19:00")
    assert jobs.plan(world.site) == 1
    assert outcome(world, sam) == [(NudgeState.PLANNED, Reason.DUE)]
    assert outcome(world, alex) == []
    assert world.person(alex).due_at == on("20:00")


def test_batches_grow_while_they_are_quick_and_others_never_wait_long_for_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    took = iter([0.1, 0.1, 0.1, 0.1, 3.0, 3.0, 0.1, 0.1])
    asked: list[int] = []
    clock = {"now": 0.0}

    def plan_due(_site: Site, _now: datetime, limit: int) -> Planned:
        seconds = next(took, None)
        if seconds is None:
            return Planned()
        asked.append(limit)
        clock["now"] += seconds
        return Planned(people=limit)

    monkeypatch.setattr(planning, "plan_due", plan_due)
    monkeypatch.setattr(jobs, "time", SimpleNamespace(monotonic=lambda: clock["now"]))
    assert jobs.plan(world.site) == sum(asked)
    assert asked == [100, 200, 400, 500, 500, 250, 125, 250]


def test_if_nobody_can_be_planned_for_the_job_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for person_id in crowd(world, jobs.MOST_UNPLANNABLE + 1):
        world.take_up("gratitude", "daily", "daily 19:00", person_id)
    world.at = on("19:00")
    monkeypatch.setattr(planning, "look", lambda *_: 1 / 0)
    with pytest.raises(planning.Unplannable):
        jobs.plan(world.site)
