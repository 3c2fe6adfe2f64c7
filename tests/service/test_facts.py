from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import event, update

from habits import practices
from habits.entries import Mark, Pause
from service import facts, logbook, people, taking_up
from service.db import Database
from service.facts import Share
from service.ids import new_id
from service.models import GoalRow, Habit, Member
from service.models import Pause as PauseRow
from service.taking_up import NewHabit
from tests.world import World

MONDAY = date(2026, 3, 2)
NOON = "daily 12:00"


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are sent while it lasts."""
    sent: list[str] = []

    def note(*details: object) -> None:
        sent.append(str(details[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


def shares(world: World, *person_ids: UUID) -> dict[tuple[UUID, UUID], Share]:
    with world.site.db.read() as session:
        return facts.shares(session, person_ids)


def say(world: World, person: UUID, habit: UUID, day: date, mark: Mark = Mark.DONE) -> None:
    with world.site.db.write() as session:
        logbook.log(session, person, [(habit, day)], mark, "reply", new_id(), world.at)


def test_each_has_their_own_share_in_a_habit(world: World) -> None:
    couple = people.add_couple(world.site)
    alex, sam = world.enrol("Alex", couple, week_starts=6), world.enrol("Sam", couple)
    own = world.take_up("empathy", "daily", NOON, alex)
    both = world.take_up("gratitude", "3 a week", NOON, alex, sam)
    say(world, alex, both, MONDAY)
    say(world, alex, own, MONDAY, Mark.SKIPPED)

    found = shares(world, alex, sam)
    assert set(found) == {(alex, own), (alex, both), (sam, both)}
    assert [share.number for key, share in found.items() if key[0] == alex] == [1, 2]
    assert found[sam, both].number == 1
    assert found[alex, both].done_on(MONDAY)
    assert not found[sam, both].done_on(MONDAY)
    assert not found[alex, own].done_on(MONDAY)
    assert not found[alex, both].done_on(MONDAY + timedelta(days=1))
    assert [entry.kind for entry in found[alex, own].facts.entries] == [Mark.SKIPPED]
    assert found[alex, own].facts.week_starts == 6
    assert found[sam, both].facts.week_starts == 0
    assert found[alex, both].goal(MONDAY) == "3 a week"
    assert found[alex, both].title("en") == "Gratitude"
    assert found[alex, both].aliases("en") == practices.find("gratitude").aliases
    assert set(shares(world, sam)) == {(sam, both)}
    assert shares(world) == {}


def test_an_undone_day_is_not_done(world: World) -> None:
    alex = world.enrol("Alex")
    habit = world.take_up("gratitude", "daily", NOON, alex)
    say(world, alex, habit, MONDAY)
    with world.site.db.write() as session:
        logbook.undo_last(session, alex, "reply", new_id(), world.at)
    assert not shares(world, alex)[alex, habit].done_on(MONDAY)
    assert shares(world, alex)[alex, habit].progress(MONDAY).practised == 0


def test_progress_counts_from_the_start_and_only_what_is_this_persons(world: World) -> None:
    couple = people.add_couple(world.site)
    alex, sam = world.enrol("Alex", couple), world.enrol("Sam", couple)
    new = NewHabit("gratitude", "daily", (NOON,), MONDAY - timedelta(days=4))
    habit = taking_up.add_habit(world.site, [alex, sam], new, world.at)
    for ago in range(3):
        say(world, alex, habit, MONDAY - timedelta(days=ago))
    progress = shares(world, alex, sam)[alex, habit].progress(MONDAY)
    assert (progress.practised, progress.streak) == (3, 3)
    assert shares(world, alex, sam)[sam, habit].progress(MONDAY).practised == 0


def test_a_changed_goal_is_dated(world: World) -> None:
    alex = world.enrol("Alex")
    habit = world.take_up("gratitude", "daily", NOON, alex)
    world.at += timedelta(days=7)
    taking_up.edit_habit(world.site, habit, "2 in 10 days", world.at)
    share = shares(world, alex)[alex, habit]
    assert share.goal(MONDAY) == "daily"
    assert share.goal(MONDAY + timedelta(days=6)) == "daily"
    assert share.goal(MONDAY + timedelta(days=7)) == "2 in 10 days"


def test_pauses_of_the_person_and_of_the_habit_both_count(world: World) -> None:
    alex, sam = world.enrol("Alex"), world.enrol("Sam")
    first = world.take_up("gratitude", "daily", NOON, alex)
    second = world.take_up("empathy", "daily", NOON, alex)
    other = world.take_up("gratitude", "daily", NOON, sam)
    people.pause(world.site, alex, 2, world.at)
    with world.site.db.write() as session:
        session.add(PauseRow(person_id=alex, habit_id=second, from_on=MONDAY + timedelta(days=9)))
    whole = Pause(MONDAY, MONDAY + timedelta(days=1))
    found = shares(world, alex, sam)
    assert found[alex, first].facts.pauses == [whole]
    assert found[alex, second].facts.pauses == [whole, Pause(MONDAY + timedelta(days=9), None)]
    assert found[sam, other].facts.pauses == []


def test_a_share_ends_with_the_habit_or_with_leaving_whichever_is_first(world: World) -> None:
    couple = people.add_couple(world.site)
    alex, sam = world.enrol("Alex", couple), world.enrol("Sam", couple)
    habit = world.take_up("gratitude", "daily", NOON, alex, sam)
    found = shares(world, alex, sam)
    assert [found[person, habit].living for person in (alex, sam)] == [True, True]
    assert found[alex, habit].facts.ended_on is None

    with world.site.db.write() as session:
        session.get_one(Member, (habit, sam)).left_on = MONDAY
    found = shares(world, alex, sam)
    assert [found[person, habit].living for person in (alex, sam)] == [True, False]
    assert [found[person, habit].facts.ended_on for person in (alex, sam)] == [None, MONDAY]

    with world.site.db.write() as session:
        session.get_one(Habit, habit).ended_on = MONDAY + timedelta(days=3)
    found = shares(world, alex, sam)
    assert [found[person, habit].living for person in (alex, sam)] == [False, False]
    ends = [found[person, habit].facts.ended_on for person in (alex, sam)]
    assert ends == [MONDAY + timedelta(days=3), MONDAY]


def test_what_is_not_yet_flushed_counts(world: World) -> None:
    alex = world.enrol("Alex")
    habit = world.take_up("gratitude", "daily", NOON, alex)
    with world.site.db.write() as session:
        session.get_one(Habit, habit).ended_on = MONDAY
        assert not facts.shares(session, [alex])[alex, habit].living


def test_the_number_of_statements_does_not_grow_with_people(world: World) -> None:
    couple = people.add_couple(world.site)
    persons = [world.enrol("Alex", couple), world.enrol("Sam", couple), world.enrol("Charlie")]
    for practice in ("gratitude", "empathy", "patience"):
        for person in persons:
            world.take_up(practice, "daily", NOON, person)
    for some in (persons[:1], persons):
        with world.site.db.read() as session, counted(world.site.db) as sent:
            assert len(facts.shares(session, some)) == 3 * len(some)
        assert len(sent) - sent.count("BEGIN") == 4, sent


def test_a_page_of_ten_habits_takes_one_statement_for_entries_and_no_more_than_a_page_of_one(
    world: World,
) -> None:
    alex = world.enrol("Alex")
    one, *nine = practices.catalogue()
    pages: list[list[str]] = []
    for slugs in ([one], nine):
        for slug in slugs:
            habit = world.take_up(slug, "daily", NOON, alex)
            say(world, alex, habit, MONDAY)
        with world.site.db.read() as session, counted(world.site.db) as sent:
            page = [share.progress(MONDAY) for share in facts.shares(session, [alex]).values()]
        pages.append([statement for statement in sent if statement != "BEGIN"])
        assert [shown.practised for shown in page] == [1] * len(page)
    assert len(page) == 10
    assert [sum("FROM entry" in statement for statement in sent) for sent in pages] == [1, 1]
    assert len(pages[0]) == len(pages[1]) == 4


def test_an_answer_about_ten_habits_takes_no_more_statements_than_about_one(world: World) -> None:
    alex = world.join("Alex")
    one, *nine = practices.catalogue()
    asked: list[int] = []
    for slugs in ([one], nine):
        for slug in slugs:
            world.take_up(slug, "daily", NOON, alex)
        with counted(world.site.db) as sent:
            understood = world.says("Alex", "streaks")
        assert understood
        assert understood.answer
        asked.append(len(sent))
    assert asked[0] == asked[1]


def lived_in(world: World, zone: str) -> Share:
    """Return a daily habit without spares, done by somebody in `zone` on 27 to 29 and 31 December 2011."""
    start, end = date(2011, 12, 27), date(2011, 12, 31)
    alex = world.enrol("Alex", zone=zone)
    habit = world.take_up("gratitude", "daily", NOON, alex)
    with world.site.db.write() as session:
        session.get_one(Habit, habit).started_on = start
        session.get_one(Habit, habit).ended_on = end
        session.execute(update(GoalRow).values(effective_on=start, reserve=0))
    for day in (27, 28, 29, 31):
        say(world, alex, habit, date(2011, 12, day))
    return shares(world, alex)[alex, habit]


def test_a_date_that_the_zone_skipped_breaks_no_run(world: World) -> None:
    """Nobody in Apia lived on 30 December 2011."""
    share = lived_in(world, "Pacific/Apia")
    assert share.facts.pauses == [Pause(date(2011, 12, 30), date(2011, 12, 30))]
    progress = share.progress(MONDAY)
    assert (progress.practised, progress.streak, progress.ended) == (4, 4, None)


def test_elsewhere_the_same_date_does(world: World) -> None:
    share = lived_in(world, "Pacific/Auckland")
    assert share.facts.pauses == []
    progress = share.progress(MONDAY)
    assert (progress.practised, progress.streak) == (4, 1)
    assert progress.ended is not None


def test_a_date_that_was_skipped_before_the_start_is_no_matter(world: World) -> None:
    alex = world.enrol("Alex", zone="Pacific/Apia")
    habit = world.take_up("gratitude", "daily", NOON, alex)
    assert shares(world, alex)[alex, habit].facts.pauses == []
