"""Streaks, and the code that a person has to be asked for before anybody sees them."""

import re
from datetime import timedelta
from uuid import UUID

import pytest

from habits.strength import strength
from service.states import NudgeKind
from tests.cli.conftest import Cli
from tests.habits.histories import day, habit
from tests.world import World

ASK = (
    "A code goes to this person, after their quiet hours; ask them for it, and run this again with `--code`. "
    "It is good for a day."
)
WRONG = "That code is not right, or older than a day; leave it out to send a new one."


@pytest.fixture
def alex(cli: Cli, world: World) -> UUID:
    """Alex, who has said yes and practised gratitude since five days ago."""
    person = UUID(cli.enrol("Alex"))
    world.run()
    world.says("Alex", "YES")
    start = (world.at - timedelta(days=5)).date().isoformat()
    cli.run("habit", "add", "gratitude", "--person", "Alex", "--goal", "daily", "--start", start)
    for days in (5, 3, 2):
        day = (world.at - timedelta(days=days)).date().isoformat()
        cli.run("log", "add", "Alex", "1", "--on", day)
    return person


def looks(cli: Cli) -> list[tuple[str, str]]:
    return [(actor, what) for actor, what in cli.execute("SELECT actor, what FROM access_log ORDER BY id")]


def ask(cli: Cli) -> None:
    result = cli.run("streaks", "Alex", code=3)
    assert (result.stdout, result.stderr) == ("", f"Error: {ASK}\n")


def code_that_arrived(world: World, person: UUID) -> str:
    world.run()
    words = world.told(person, NudgeKind.NOTICE)[-1].words
    match = re.search(r"\b[0-9]{6}\b", words)
    assert match, words
    return match[0]


def test_without_a_code_one_is_sent_to_the_person(cli: Cli, alex: UUID) -> None:
    ask(cli)
    newest = cli.json("nudge", "list")[0]
    assert (newest["kind"], newest["state"], newest["why"]) == ("notice", "planned", "a code")
    assert looks(cli) == []


def test_no_second_code_is_sent_within_ten_minutes(cli: Cli, alex: UUID) -> None:
    ask(cli)
    before = cli.everything()
    ask(cli)
    assert cli.everything() == before
    cli.execute("UPDATE nudge SET due_at = datetime(due_at, '-11 minutes') WHERE kind = 'notice'")
    ask(cli)
    assert cli.execute("SELECT count(*) FROM nudge WHERE kind = 'notice'") == [(2,)]


def test_with_the_code_streaks_are_shown_and_the_look_is_noted(cli: Cli, world: World, alex: UUID) -> None:
    ask(cli)
    code = code_that_arrived(world, alex)
    (row,) = cli.json("streaks", "Alex", "--code", code)
    assert (row["practice"], row["practised_days"], row["unit"]) == ("gratitude", 3, "day")
    assert looks(cli) == [("operator", "streaks")]
    printed = cli.lines("streaks", "Alex", "--code", f" {code} ")
    assert printed[0] == list(row)
    assert printed[1][:4] == ["1", "gratitude", "daily", "3"]
    entries = cli.json("log", "show", "Alex", "--code", code)
    assert len(entries) == 3
    assert looks(cli) == [("operator", "streaks"), ("operator", "streaks"), ("operator", "log")]


def test_any_of_the_codes_of_a_day_is_good(cli: Cli, world: World, alex: UUID) -> None:
    ask(cli)
    first = code_that_arrived(world, alex)
    cli.execute("UPDATE nudge SET due_at = datetime(due_at, '-11 minutes') WHERE kind = 'notice'")
    ask(cli)
    second = code_that_arrived(world, alex)
    for code in {first, second}:
        cli.run("streaks", "Alex", "--code", code)


@pytest.mark.parametrize("command", [["streaks"], ["log", "show"]])
def test_a_wrong_code_shows_and_notes_nothing(cli: Cli, world: World, alex: UUID, command: list[str]) -> None:
    ask(cli)
    code = code_that_arrived(world, alex)
    other = f"{(int(code) + 1) % 1_000_000:06}"
    for wrong in ("", "0", other, f"{code}0", "code", "é", "\udcff", "١٢٣٤٥٦"):
        assert cli.refused(*command, "Alex", "--code", wrong) == WRONG


def test_a_code_of_somebody_else_is_wrong(cli: Cli, world: World, alex: UUID) -> None:
    sam = UUID(cli.enrol("Sam"))
    world.run()
    world.says("Sam", "YES")
    cli.run("streaks", "Sam", code=3)
    assert cli.refused("streaks", "Alex", "--code", code_that_arrived(world, sam)) == WRONG


def test_a_code_older_than_a_day_is_refused(cli: Cli, world: World, alex: UUID) -> None:
    ask(cli)
    code = code_that_arrived(world, alex)
    older = "due_at = datetime(due_at, ?), not_before = datetime(not_before, ?)"
    age = f"UPDATE nudge SET {older} WHERE kind = 'notice'"
    cli.execute(age, "-23 hours", "-23 hours")
    cli.run("streaks", "Alex", "--code", code)
    cli.execute(age, "-1 hours", "-1 hours")
    assert cli.refused("streaks", "Alex", "--code", code) == WRONG


def test_no_code_is_good_before_one_was_asked_for(cli: Cli, alex: UUID) -> None:
    for code in ("000000", ""):
        assert cli.refused("streaks", "Alex", "--code", code) == WRONG


def test_where_the_opt_in_said_so_no_code_is_asked_but_the_look_is_noted(cli: Cli, alex: UUID) -> None:
    cli.set("operator_sees", "progress")
    assert cli.json("streaks", "Alex")[0]["practised_days"] == 3
    assert len(cli.json("log", "show", "Alex")) == 3
    assert looks(cli) == [("operator", "streaks"), ("operator", "log")]
    assert cli.execute("SELECT count(*) FROM nudge WHERE kind = 'notice'") == [(0,)]


def test_who_cannot_be_reached_is_not_told_apart(cli: Cli, world: World, alex: UUID) -> None:
    world.says("Alex", "STOP")
    ask(cli)
    world.run()
    assert world.told(alex, NudgeKind.NOTICE) == []


def test_somebody_without_habits_has_no_streaks(cli: Cli) -> None:
    cli.set("operator_sees", "progress")
    cli.enrol("Sam")
    assert cli.json("streaks", "Sam") == []
    assert cli.run("streaks", "Sam").stderr == "No habit is taken up yet.\n"


@pytest.fixture
def open_to_all(cli: Cli, alex: UUID) -> UUID:
    """Alex, where the opt-in said that the operator sees progress."""
    cli.set("operator_sees", "progress")
    return alex


def test_strength_is_shown_with_practised_days_before_it(cli: Cli, open_to_all: UUID) -> None:
    (row,) = cli.json("streaks", "Alex")
    expected = strength(habit("daily", "d.dd..", reserve=2), day(5))
    assert 0 < row["strength"] == round(expected, 3) < 1
    figures = [key for key in row if key not in ("number", "practice", "goal")]
    assert figures[0] == "practised_days"


def test_explained_streaks_come_with_the_whole_reckoning(cli: Cli, world: World, open_to_all: UUID) -> None:
    (plain,) = cli.json("streaks", "Alex")
    (row,) = cli.json("streaks", "Alex", "--explain")
    assert {key: row[key] for key in plain} == plain
    assert (row["practised_days"], row["streak"], row["spares"], row["spares_used"]) == (3, 3, 0, 2)
    assert (row["longest_by_unit"], row["ended"], row["ended_on"]) == ({"day": 3}, None, None)
    start = (world.at - timedelta(days=5)).date()
    assert row["explained"][:3] == [
        f"Practised on 3 days since {start}.",
        "Goal: daily, 2 spare in any 28 days.",
        f"Streak: 3 days, since {start}.",
    ]
    assert row["explained"][-3:] == [
        "Spare days: 2 of 2 used, 0 left.",
        "Slack: today counts.",
        f"Strength: {row['strength']:.3f}, where 0 is new and 1 is second nature.",
    ]
    assert sum(line.endswith("forgiven: a spare day.") for line in row["explained"]) == 2


def test_why_a_run_ended_is_told_in_words_and_by_its_day(cli: Cli, world: World, open_to_all: UUID) -> None:
    start = (world.at - timedelta(days=40)).date()
    cli.run("habit", "add", "patience", "--person", "Alex", "--goal", "daily", "--start", start.isoformat())
    cli.run("log", "add", "Alex", "2", "--on", start.isoformat())
    row = cli.json("streaks", "Alex", "--explain")[1]
    assert row["ended_on"] == (start + timedelta(days=3)).isoformat()
    assert row["ended"].endswith(": not done")
    assert f"The latest run that broke: {row['ended']}." in row["explained"]
    assert (row["streak"], row["slack_days"], row["longest_by_unit"]) == (0, None, {"day": 1})


def test_explained_streaks_are_printed_as_sentences(cli: Cli, open_to_all: UUID) -> None:
    cli.run("habit", "add", "patience", "--person", "Alex")
    (gratitude, patience) = cli.json("streaks", "Alex", "--explain")
    lines = cli.run("streaks", "Alex", "--explain").stdout.splitlines()
    assert lines == [
        "1 gratitude",
        *(f"  {line}" for line in gratitude["explained"]),
        "2 patience",
        *(f"  {line}" for line in patience["explained"]),
    ]


def test_an_explanation_needs_the_code_as_well(cli: Cli, world: World, alex: UUID) -> None:
    for more in ([], ["--json"]):
        result = cli.run("streaks", "Alex", "--explain", *more, code=3)
        assert (result.stdout, result.stderr) == ("", f"Error: {ASK}\n")
    code = code_that_arrived(world, alex)
    assert "Practised on 3 days" in cli.run("streaks", "Alex", "--explain", "--code", code).stdout
    assert looks(cli) == [("operator", "streaks")]


def test_there_is_nothing_to_explain_without_habits(cli: Cli) -> None:
    cli.set("operator_sees", "progress")
    cli.enrol("Sam")
    assert cli.json("streaks", "Sam", "--explain") == []
    assert cli.run("streaks", "Sam", "--explain").stderr == "No habit is taken up yet.\n"
