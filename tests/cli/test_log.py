from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.conftest import Cli

TODAY = datetime.now(UTC).date()


@pytest.fixture(autouse=True)
def habits(cli: Cli) -> None:
    """Alex has gratitude since ten days ago and patience since today; what is logged may be seen."""
    cli.set("operator_sees", "progress")
    cli.enrol("Alex", "--day-starts", "00:00")
    start = (TODAY - timedelta(days=10)).isoformat()
    cli.run("habit", "add", "gratitude", "--person", "Alex", "--start", start)
    cli.run("habit", "add", "patience", "--person", "Alex")


def test_what_a_person_asks_for_is_logged(cli: Cli) -> None:
    assert cli.run("log", "add", "Alex", "2").stderr.startswith("Logged for ")
    day = (TODAY - timedelta(days=4)).isoformat()
    assert cli.run("log", "add", "Alex", "1", "--on", day, "--skip").stderr == f"Logged for {day}.\n"
    newest, oldest = cli.json("log", "show", "Alex")
    assert newest["at"].endswith("Z")
    assert {key: newest[key] for key in newest if key != "at"} == {
        "day": day,
        "number": 1,
        "practice": "gratitude",
        "said": "skipped",
        "by": "admin",
    }
    assert (oldest["number"], oldest["said"]) == (2, "done")
    printed = cli.lines("log", "show", "Alex")
    assert printed[0] == ["day", "number", "practice", "said", "by", "at"]
    assert printed[1][:5] == [day, "1", "gratitude", "skipped", "admin"]
    assert len(cli.json("log", "show", "Alex", "--limit", "1")) == 1


def test_an_empty_log_is_said_in_words(cli: Cli) -> None:
    assert cli.run("log", "show", "Alex").stderr == "Nothing is logged yet.\n"


@pytest.mark.parametrize("days", [2, -11, -4000])
def test_a_day_outside_of_the_habit_is_refused(cli: Cli, days: int) -> None:
    day = (TODAY + timedelta(days=days)).isoformat()
    said = cli.refused("log", "add", "Alex", "1", "--on", day)
    assert said.startswith("That habit runs from ")


@pytest.mark.parametrize("number", ["0", "3", "99999999999999999999"])
def test_a_number_that_no_habit_has_is_refused(cli: Cli, number: str) -> None:
    said = cli.refused("log", "add", "Alex", number)
    assert said == f"They have no habit with the number {number}; `attune habit list` shows them."


@pytest.mark.parametrize("number", ["gratitude", "", "1.5", "\udcff"])
def test_a_number_that_is_none_is_refused(cli: Cli, number: str) -> None:
    assert "NUMBER" in cli.refused("log", "add", "Alex", number)


def test_after_its_end_a_habit_is_not_logged(cli: Cli) -> None:
    habit = cli.json("habit", "list")[1]["habit"]
    cli.run("habit", "archive", habit)
    cli.execute(
        "UPDATE habit SET ended_on = ?, started_on = ended_on WHERE practice = 'patience'", "2026-01-05"
    )
    assert "runs from" in cli.refused("log", "add", "Alex", "2")
