"""How a habit is nudged, from the command line: less while kept, once more on the last day, and in short."""

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def habit(cli: Cli) -> str:
    couple = cli.couple()
    (row, _) = cli.json("habit", "add", "gratitude", "--couple", couple, "--remind", "daily 19:00")
    return str(row["habit"])


def rescues(cli: Cli) -> list[tuple[str, str]]:
    rows = cli.json("reminder", "list")
    return [(row["person"], row["schedule"]) for row in rows if row["purpose"] == "rescue"]


def test_a_habit_tapers_and_no_more(cli: Cli, habit: str) -> None:
    assert [row["taper"] for row in cli.json("habit", "edit", habit, "--taper")] == [True, True]
    assert [row["taper"] for row in cli.json("habit", "edit", habit, "--no-taper")] == [False, False]
    assert cli.run("habit", "edit", habit, "--taper").stderr == "Nudges get fewer while it is kept.\n"


def test_a_rescue_is_set_moved_and_ended(cli: Cli, habit: str) -> None:
    cli.run("habit", "edit", habit, "--rescue", "20:30")
    assert rescues(cli) == [("Alex", "daily 20:30"), ("Sam", "daily 20:30")]
    cli.run("habit", "edit", habit, "--rescue", "07:05")
    assert rescues(cli) == [("Alex", "daily 07:05"), ("Sam", "daily 07:05")]
    cli.run("habit", "edit", habit, "--rescue", "off")
    assert rescues(cli) == []


@pytest.mark.parametrize("text", ["", "8pm", "24:00", "20:60", "2030", "20:30:00", "Off", "²0:30"])
def test_a_rescue_needs_a_time(cli: Cli, habit: str, text: str) -> None:
    assert "such as" in cli.refused("habit", "edit", habit, "--goal", "2 a week", "--rescue", text)
    assert rescues(cli) == []
    assert [row["goal"] for row in cli.json("habit", "list")] == ["3 a week", "3 a week"]


def test_an_ended_habit_gets_no_rescue(cli: Cli, habit: str) -> None:
    cli.run("habit", "archive", habit)
    assert "has ended" in cli.refused("habit", "edit", habit, "--rescue", "20:30")


def test_the_weekly_summary_is_taken_up_once(cli: Cli, habit: str) -> None:
    (row,) = cli.json("habit", "add", "summary", "--person", "Alex", "--remind", "sat 10:00")
    assert (row["practice"], row["purpose"], row["schedule"]) == ("summary", "summary", "sat 10:00")
    assert "weekly summary already" in cli.refused("habit", "add", "summary", "--person", "Alex")
    (row,) = cli.json("habit", "add", "summary", "--person", "Sam")
    assert row["schedule"] == "sun 19:00"
    assert "neither --goal" in cli.refused("habit", "add", "summary", "--person", "Sam", "--goal", "daily")
