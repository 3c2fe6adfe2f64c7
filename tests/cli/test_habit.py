from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from habits import practices
from service.states import NudgeKind
from tests.cli.conftest import Cli
from tests.world import World

TOMORROW = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


def test_a_couple_takes_up_a_practice(cli: Cli) -> None:
    couple = cli.couple()
    reminds = ("--remind", "daily 20:00", "--remind", "Sat, Sun 9:30")
    rows = cli.json("habit", "add", "Quality time", "--couple", couple, "--goal", "3x per week", *reminds)
    assert [row["person"] for row in rows] == ["Alex", "Sam"]
    assert {row["habit"] for row in rows} == {rows[0]["habit"]}
    for row in rows:
        assert (row["number"], row["practice"], row["goal"]) == (1, "quality-time", "3 a week")
        assert row["until"] is None
    assert cli.json("habit", "list") == rows
    schedules = [row["schedule"] for row in cli.json("reminder", "list", "--person", "Sam")]
    assert schedules == ["daily 20:00", "sat sun 09:30"]


def test_what_is_left_out_is_as_the_practice_has_it(cli: Cli) -> None:
    cli.enrol("Alex")
    usual = practices.find("empathy")
    (row,) = cli.json("habit", "add", "empathy", "--person", "Alex")
    assert row["goal"] == usual.goal
    assert [one["schedule"] for one in cli.json("reminder", "list")] == [usual.schedule]


def test_habits_are_listed_with_numbers(cli: Cli) -> None:
    cli.couple()
    first = cli.json("habit", "add", "gratitude", "--person", "Alex", "--start", "2026-01-05")[0]["habit"]
    second = cli.json("habit", "add", "patience", "--person", "Alex")[0]["habit"]
    since = cli.json("habit", "list")[1]["since"]
    assert cli.lines("habit", "list", "--person", "Alex") == [
        ["habit", "person", "number", "practice", "goal", "since", "until"],
        [first, "Alex", "1", "gratitude", "3 a week", "2026-01-05", "-"],
        [second, "Alex", "2", "patience", "1 a week", since, "-"],
    ]
    assert cli.json("habit", "list", "--person", "Sam") == []
    assert len(cli.json("habit", "list", "--limit", "1")) == 2


def test_an_empty_list_is_said_in_words(cli: Cli) -> None:
    said = "No habit is taken up yet; `attune habit add` does that.\n"
    assert cli.run("habit", "list").stderr == said


def test_a_cue_is_kept_sealed_and_leads_the_nudge(cli: Cli, world: World) -> None:
    alex = UUID(cli.enrol("Alex"))
    world.run()
    world.says("Alex", "YES")
    cue = "After we put the kids to bed"
    cli.run("habit", "add", "gratitude", "--person", "Alex", "--cue", cue, "--remind", "daily 12:00")
    assert cue not in "".join(cli.everything()[0])
    world.goes_on(timedelta(days=1))
    assert {told.words.partition(": ")[0] for told in world.told(alex, NudgeKind.NUDGE)} == {cue}


def test_a_goal_is_edited_from_today_on(cli: Cli) -> None:
    cli.enrol("Alex")
    (row,) = cli.json("habit", "add", "gratitude", "--person", "Alex")
    said = cli.run("habit", "edit", row["habit"][-6:], "--goal", "mon wed fri").stderr
    assert said == f"The new goal is in force from {row['since']} on.\n"
    assert cli.json("habit", "list")[0]["goal"] == "mon wed fri"


def test_an_archived_habit_keeps_its_number(cli: Cli) -> None:
    cli.enrol("Alex")
    (row,) = cli.json("habit", "add", "gratitude", "--person", "Alex")
    for _ in range(2):
        said = cli.run("habit", "archive", row["habit"][-6:]).stderr
        assert said == f"Archived; {row['since']} was its last day.\n"
    assert cli.json("habit", "list")[0]["until"] == row["since"]
    assert cli.json("reminder", "list")[0]["next"] is None
    assert cli.json("habit", "add", "gratitude", "--person", "Alex")[0]["number"] == 2
    assert "has ended" in cli.refused("habit", "edit", row["habit"], "--goal", "daily")


def test_the_check_in_is_taken_up_by_both_or_nobody(cli: Cli) -> None:
    couple = cli.couple()
    (made,) = cli.json("habit", "add", "check-in", "--person", "Sam", "--remind", "sat 10:00")
    assert (made["person"], made["practice"], made["schedule"]) == ("Sam", "check-in", "sat 10:00")
    again = cli.refused("habit", "add", "check-in", "--couple", couple)
    assert again == "They have the weekly check-in already; `attune reminder remove` ends it first."
    cli.run("reminder", "remove", made["id"])
    rows = cli.json("habit", "add", "check-in", "--couple", couple)
    assert [(row["person"], row["schedule"]) for row in rows] == [("Alex", "sun 18:00"), ("Sam", "sun 18:00")]
    assert cli.json("reminder", "list") == rows


@pytest.mark.parametrize(
    "more", [["--goal", "daily"], ["--start", "2026-01-01"], ["--cue", "x"], ["--remind", "sun 9:00"] * 2]
)
def test_the_check_in_takes_a_schedule_only(cli: Cli, more: list[str]) -> None:
    cli.enrol("Alex")
    said = cli.refused("habit", "add", "check-in", "--person", "Alex", *more)
    assert said == "The check-in takes one --remind, and neither --goal, --start nor --cue."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--goal", "dayly"], "'dayly' is not understood here. For example: daily, 3 a week"),
        (["--goal", "8 a week"], "8 a week cannot be kept"),
        (["--goal", ""], "The goal is empty."),
        (["--remind", "dayly 20:00"], "'dayly' is not understood here. Did you mean 'daily'?"),
        (["--remind", "daily 25:00"], "'25:00' is not a time from 00:00 to 23:59."),
        (["--remind", "daily 20:00", "--remind", "8pm"], "Say on which days before '8pm'"),
        (["--remind", ""], "The schedule is empty."),
        (["--remind", "x" * 200], "That is too long for a schedule."),
        (["--start", "2199-01-01"], "A habit starts today or earlier"),
        (["--start", TOMORROW], "A habit starts today or earlier"),
        (["--start", "0001-01-01"], "A habit starts at most ten years ago"),
        (["--cue", "x" * 101], "A cue has at most 100 characters, on one line."),
        (["--cue", "one\ntwo"], "A cue has at most 100 characters, on one line."),
        (["--cue", "\udcff"], "A cue has at most 100 characters, on one line."),
    ],
)
def test_a_mistake_in_a_habit_is_refused(cli: Cli, options: list[str], said: str) -> None:
    cli.enrol("Alex")
    assert cli.refused("habit", "add", "gratitude", "--person", "Alex", *options).startswith(said)


@pytest.mark.parametrize("day", ["tomorrow", "05.01.2026", "2026-02-30", ""])
def test_a_day_that_is_none_is_refused(cli: Cli, day: str) -> None:
    cli.enrol("Alex")
    assert "--start" in cli.refused("habit", "add", "gratitude", "--person", "Alex", "--start", day)


def test_a_practice_that_does_not_exist_is_refused(cli: Cli) -> None:
    cli.enrol("Alex")
    said = cli.refused("habit", "add", "gratitud", "--person", "Alex")
    assert said == "There is no practice of that name. Did you mean gratitude?"


def test_a_practice_is_taken_up_once(cli: Cli) -> None:
    couple = cli.couple()
    cli.run("habit", "add", "gratitude", "--person", "Sam")
    said = cli.refused("habit", "add", "gratitude", "--couple", couple)
    assert said == "Gratitude is taken up already; edit that habit, or archive it first."


def test_somebody_takes_it_up(cli: Cli) -> None:
    empty = cli.json("couple", "add")["id"]
    couple = cli.couple()
    for owners in ([], ["--person", "Alex", "--couple", couple]):
        said = cli.refused("habit", "add", "gratitude", *owners)
        assert said == "Give either --person or --couple: who takes it up."
    assert "nobody in it" in cli.refused("habit", "add", "gratitude", "--couple", empty)
    assert "no such couple" in cli.refused("habit", "add", "gratitude", "--couple", "")
    assert "no such person" in cli.refused("habit", "add", "gratitude", "--person", "")


@pytest.mark.parametrize("wanted", ["nothing", "", "12", "0" * 32, "\udcff"])
def test_a_habit_that_does_not_exist_is_refused(cli: Cli, wanted: str) -> None:
    cli.enrol("Alex")
    cli.run("habit", "add", "gratitude", "--person", "Alex")
    for arguments in (
        ["habit", "edit", wanted, "--goal", "daily"],
        ["habit", "archive", wanted],
        ["reminder", "add", wanted, "daily 20:00", "--person", "Alex"],
    ):
        assert cli.refused(*arguments).startswith("There is no such habit")


def test_a_goal_with_a_typo_changes_nothing(cli: Cli) -> None:
    cli.enrol("Alex")
    (row,) = cli.json("habit", "add", "gratitude", "--person", "Alex")
    assert cli.refused("habit", "edit", row["habit"], "--goal", "mon wde").startswith(
        "'wde' is not understood"
    )
    assert "--goal" in cli.refused("habit", "edit", row["habit"])
