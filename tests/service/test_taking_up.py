from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from habits import practices
from service import facts, membership, people, reminding, taking_up
from service.errors import WrongUsage
from service.ids import new_id
from service.models import GoalRow, Habit, Member, NudgeItem, Reminder
from service.states import NudgeKind, Purpose
from service.taking_up import NewHabit
from tests.service.looking import refused, reminders, rows
from tests.walk.rows import agree
from tests.world import World

NOON = "daily 12:00"


def habit_of(world: World, habit_id: UUID) -> Habit:
    with world.site.db.read() as session:
        row = session.get_one(Habit, habit_id)
        session.expunge(row)
        return row


def goals(world: World, habit_id: UUID) -> list[tuple[date, str, int]]:
    with world.site.db.read() as session:
        found = session.scalars(
            select(GoalRow).where(GoalRow.habit_id == habit_id).order_by(GoalRow.effective_on)
        )
        return [(row.effective_on, row.kind, row.times) for row in found]


def numbers(world: World, person_id: UUID) -> dict[UUID, int]:
    with world.site.db.read() as session:
        found = session.scalars(select(Member).where(Member.person_id == person_id))
        return {row.habit_id: row.number for row in found}


def test_a_practice_brings_its_own_goal_and_schedule(world: World) -> None:
    alex = world.enrol("Alex")
    for practice in practices.catalogue().values():
        habit = taking_up.add_habit(world.site, [alex], NewHabit(practice.slug), world.at)
        with world.site.db.read() as session:
            share = facts.shares(session, [alex])[alex, habit]
        assert share.goal(date(2026, 3, 2)) == practice.goal
        assert share.practice == practice.slug
    kept = [row.schedule for row in reminders(world, alex)]
    assert kept == [membership.check_schedule(one.schedule) for one in practices.catalogue().values()]


def test_own_words_go_before_the_practices(world: World) -> None:
    alex = world.enrol("Alex")
    new = NewHabit(
        "Gratitude",
        "Mon, Wed",
        ("DAILY 8:00", "daily 08:00", "sat 10:00-12:00"),
        date(2026, 2, 1),
        "after breakfast",
    )
    habit = taking_up.add_habit(world.site, [alex], new, world.at)
    assert goals(world, habit) == [(date(2026, 2, 1), "weekdays", 2)]
    assert [row.schedule for row in reminders(world, alex)] == ["daily 08:00", "sat 10:00-12:00"]
    assert {row.starts_on for row in reminders(world, alex)} == {date(2026, 3, 2)}
    with world.site.db.read() as session:
        share = facts.shares(session, [alex])[alex, habit]
    assert share.cue_sealed is not None
    assert b"breakfast" not in share.cue_sealed
    assert share.cue(world.site.sealer) == "after breakfast"


def test_one_person_alone_owns_the_habit(world: World) -> None:
    couple = people.add_couple(world.site)
    alex = world.enrol("Alex", couple)
    habit = habit_of(world, world.take_up("gratitude", "daily", NOON, alex))
    assert (habit.person_id, habit.couple_id, habit.started_on) == (alex, None, date(2026, 3, 2))


def test_both_of_a_couple_share_one_habit_and_each_has_reminders(world: World) -> None:
    couple = people.add_couple(world.site)
    alex, sam = world.enrol("Alex", couple), world.enrol("Sam", couple, "Asia/Tokyo")
    habit = habit_of(world, world.take_up("gratitude", "daily", NOON, alex, sam, alex))
    assert (habit.person_id, habit.couple_id) == (None, couple)
    assert rows(world, Habit) == 1
    assert [len(reminders(world, person)) for person in (alex, sam)] == [1, 1]
    assert reminders(world, alex)[0].next_at == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert reminders(world, sam)[0].next_at == datetime(2026, 3, 3, 3, tzinfo=UTC)


def test_the_day_begins_for_both_before_the_habit_does(world: World) -> None:
    couple = people.add_couple(world.site)
    alex, sam = world.enrol("Alex", couple, "Pacific/Honolulu"), world.enrol("Sam", couple, "Asia/Tokyo")
    habit = world.take_up("gratitude", "daily", NOON, alex, sam)
    assert habit_of(world, habit).started_on == date(2026, 3, 1)
    assert taking_up.edit_habit(world.site, habit, "2 a week", world.at) == date(2026, 3, 1)
    assert taking_up.archive_habit(world.site, habit, world.at) == date(2026, 3, 2)


def test_only_the_two_of_one_couple_share_a_habit(world: World) -> None:
    alex = world.enrol("Alex", people.add_couple(world.site))
    sam = world.enrol("Sam", people.add_couple(world.site))
    charlie = world.enrol("Charlie")
    for pair in ([alex, sam], [alex, charlie], [charlie, alex]):
        told = refused(taking_up.add_habit, world.site, pair, NewHabit("gratitude"), world.at)
        assert "Only the two of one couple" in told
    assert rows(world, Habit) == rows(world, Reminder) == 0


def test_what_cannot_be_taken_up(world: World) -> None:
    alex = world.enrol("Alex")
    for new, told in (
        (NewHabit("gratitud"), "Did you mean gratitude?"),
        (NewHabit(""), "There is no practice of that name."),
        (NewHabit("gratitude", "dayly"), "'dayly' is not understood here"),
        (NewHabit("gratitude", "8 a week"), "8 a week cannot be kept"),
        (NewHabit("gratitude", None, ("daily 25:00",)), "25:00"),
        (NewHabit("gratitude", None, (NOON, "mondai 12:00")), "'mondai'"),
        (NewHabit("gratitude", None, ("",)), "For example"),
        (NewHabit("gratitude", started_on=date(2026, 3, 3)), "A habit starts today or earlier"),
    ):
        assert told in refused(taking_up.add_habit, world.site, [alex], new, world.at)
    for nobody in ([], [new_id()], [alex, new_id()]):
        told = refused(taking_up.add_habit, world.site, nobody, NewHabit("gratitude"), world.at)
        assert told == "There is no such person; `attune person list` shows them all."
    assert [rows(world, table) for table in (Habit, GoalRow, Member, Reminder)] == [0, 0, 0, 0]


def test_the_same_practice_is_not_taken_up_twice(world: World) -> None:
    couple = people.add_couple(world.site)
    alex, sam = world.enrol("Alex", couple), world.enrol("Sam", couple)
    habit = world.take_up("gratitude", "daily", NOON, alex)
    for pair in ([alex], [alex, sam], [sam, alex]):
        told = refused(taking_up.add_habit, world.site, pair, NewHabit("gratitude"), world.at)
        assert told == "Gratitude is taken up already; edit that habit, or archive it first."
    world.take_up("gratitude", "daily", NOON, sam)
    taking_up.archive_habit(world.site, habit, world.at)
    assert world.take_up("gratitude", "daily", NOON, alex) != habit


def test_of_two_who_take_up_a_practice_at_once_one_wins(two_worlds: tuple[World, World]) -> None:
    world, _ = two_worlds
    alex = world.enrol("Alex")

    def take_up(world: World, practice: str) -> bool:
        try:
            world.take_up(practice, "daily", NOON, alex)
        except WrongUsage:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        for practice in practices.catalogue():
            assert sorted(pool.map(take_up, two_worlds, [practice] * 2)) == [False, True]
    assert sorted(numbers(world, alex).values()) == list(range(1, 11))


def test_numbers_are_each_persons_own_and_never_given_again(world: World) -> None:
    couple = people.add_couple(world.site)
    alex, sam = world.enrol("Alex", couple), world.enrol("Sam", couple)
    first = world.take_up("gratitude", "daily", NOON, alex)
    second = world.take_up("empathy", "daily", NOON, alex, sam)
    assert numbers(world, alex) == {first: 1, second: 2}
    assert numbers(world, sam) == {second: 1}
    taking_up.archive_habit(world.site, second, world.at)
    third = world.take_up("patience", "daily", NOON, alex, sam)
    again = world.take_up("empathy", "daily", NOON, alex)
    assert numbers(world, alex) == {first: 1, second: 2, third: 3, again: 4}
    assert numbers(world, sam) == {second: 1, third: 2}


def test_another_goal_counts_from_today_on(world: World) -> None:
    alex = world.enrol("Alex")
    habit = world.take_up("gratitude", "daily", NOON, alex)
    world.at += timedelta(days=9)
    assert taking_up.edit_habit(world.site, habit, "3 a week", world.at) == date(2026, 3, 11)
    assert taking_up.edit_habit(world.site, habit, "4 a month", world.at) == date(2026, 3, 11)
    assert goals(world, habit) == [
        (date(2026, 3, 2), "calendar", 1),
        (date(2026, 3, 11), "calendar", 4),
    ]
    assert "is not understood here" in refused(taking_up.edit_habit, world.site, habit, "often", world.at)


def test_a_goal_of_today_replaces_the_first_one(world: World) -> None:
    alex = world.enrol("Alex")
    habit = world.take_up("gratitude", "daily", NOON, alex)
    taking_up.edit_habit(world.site, habit, "2 in 10 days", world.at)
    assert goals(world, habit) == [(date(2026, 3, 2), "rolling", 2)]


def test_an_archived_habit_stays_and_reminds_no_more(world: World) -> None:
    alex = world.join("Alex")
    habit = world.take_up("gratitude", "daily", NOON, alex)
    world.goes_on(timedelta(days=1))
    world.says("Alex", "done")
    assert taking_up.archive_habit(world.site, habit, world.at) == date(2026, 3, 3)
    assert world.person(alex).due_at is None
    before = len(world.told(alex, NudgeKind.NUDGE))
    world.goes_on(timedelta(days=7))
    assert len(world.told(alex, NudgeKind.NUDGE)) == before == 1
    with world.site.db.read() as session:
        share = facts.shares(session, [alex])[alex, habit]
    assert not share.living
    assert share.progress(date(2026, 3, 9)).practised == 1
    assert taking_up.archive_habit(world.site, habit, world.at) == date(2026, 3, 3)


def test_nothing_is_done_to_a_habit_that_has_ended(world: World) -> None:
    alex = world.enrol("Alex")
    habit = world.take_up("gratitude", "daily", NOON, alex)
    taking_up.archive_habit(world.site, habit, world.at)
    assert "has ended" in refused(taking_up.edit_habit, world.site, habit, "daily", world.at)
    assert "has ended" in refused(reminding.add_reminder, world.site, habit, alex, NOON, world.at)
    assert len(reminders(world, alex)) == 1


def test_reminders_are_added_and_removed(world: World) -> None:
    alex, sam = world.couple()
    habit = world.take_up("gratitude", "daily", "daily 18:00", alex, sam)
    added = reminding.add_reminder(world.site, habit, alex, "Daily 10:00", world.at)
    assert [row.schedule for row in reminders(world, alex)] == ["daily 18:00", "daily 10:00"]
    assert world.person(alex).due_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert world.person(sam).due_at == datetime(2026, 3, 2, 18, tzinfo=UTC)
    reminding.remove_reminder(world.site, added)
    assert world.person(alex).due_at == datetime(2026, 3, 2, 18, tzinfo=UTC)
    for person in (alex, sam):
        reminding.remove_reminder(world.site, reminders(world, person)[0].id)
        assert world.person(person).due_at is None


def test_a_reminder_that_went_out_leaves_its_nudge(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", NOON, alex)
    world.goes_on(timedelta(days=1))
    reminding.remove_reminder(world.site, reminders(world, alex)[0].id)
    assert len(world.told(alex, NudgeKind.NUDGE)) == 1
    with world.site.db.read() as session:
        assert session.scalars(select(NudgeItem.reminder_id)).all() == [None]


def test_reminders_that_cannot_be(world: World) -> None:
    couple = people.add_couple(world.site)
    alex, sam = world.enrol("Alex", couple), world.enrol("Sam", couple)
    habit = world.take_up("gratitude", "daily", NOON, alex)
    add, remove = reminding.add_reminder, reminding.remove_reminder
    assert "not theirs" in refused(add, world.site, habit, sam, NOON, world.at)
    assert "not theirs" in refused(add, world.site, habit, new_id(), NOON, world.at)
    assert "no such habit" in refused(add, world.site, new_id(), alex, NOON, world.at)
    assert "25:00" in refused(add, world.site, habit, alex, "daily 25:00", world.at)
    assert "no such reminder" in refused(remove, world.site, new_id())
    for verb in (taking_up.edit_habit, taking_up.archive_habit):
        arguments = [new_id(), *(["daily"] if verb is taking_up.edit_habit else [])]
        assert "no such habit" in refused(verb, world.site, *arguments, world.at)
    assert [row.schedule for row in reminders(world, alex)] == [NOON]


def test_who_has_left_gets_no_more_reminders(world: World) -> None:
    couple = people.add_couple(world.site)
    alex, sam = world.enrol("Alex", couple), world.enrol("Sam", couple)
    habit = world.take_up("gratitude", "daily", NOON, alex, sam)
    with world.site.db.write() as session:
        session.get_one(Member, (habit, sam)).left_on = date(2026, 3, 2)
    # Not refused: that would tell that they have left. Nothing comes of it.
    reminding.add_reminder(world.site, habit, sam, NOON, world.at)
    agree(world, [sam])
    assert world.person(sam).due_at is None
    # Nor may it be found out by taking it up once more.
    assert "taken up already" in refused(world.take_up, "gratitude", "daily", NOON, sam)


def test_the_check_in_is_a_reminder_without_a_habit(world: World) -> None:
    alex = world.join("Alex")
    check_in = reminding.add_check_in(world.site, alex, "sun 19:00", world.at)
    (row,) = reminders(world, alex)
    assert (row.id, row.habit_id, row.purpose) == (check_in, None, Purpose.PULSE)
    assert world.person(alex).due_at == datetime(2026, 3, 8, 19, tzinfo=UTC)
    told = refused(reminding.add_check_in, world.site, alex, "mon 19:00", world.at)
    assert "have the weekly check-in already" in told
    reminding.remove_reminder(world.site, check_in)
    assert world.person(alex).due_at is None
    reminding.add_check_in(world.site, alex, "mon 19:00", world.at)
    assert "no such person" in refused(reminding.add_check_in, world.site, new_id(), "sun 19:00", world.at)


def test_a_habit_is_found_by_id(world: World) -> None:
    alex = world.enrol("Alex")
    habit = world.take_up("gratitude", "daily", NOON, alex)
    other = world.take_up("empathy", "daily", NOON, alex)

    def find(wanted: str) -> UUID:
        with world.site.db.read() as session:
            return taking_up.find_habit(session, wanted).id

    assert find(str(habit)) == find(habit.hex[-8:]) == habit
    assert find(str(other)) == other
    for nothing in ("", "gratitude", habit.hex[-3:], str(new_id())):
        assert "There is no such habit" in refused(find, nothing)
