from datetime import UTC, datetime

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def habit(cli: Cli) -> str:
    """Gratitude, which Alex has taken up, with a reminder at eight."""
    cli.couple()
    made: str = cli.json("habit", "add", "gratitude", "--person", "Alex", "--remind", "daily 20:00")[0][
        "habit"
    ]
    return made


def test_a_reminder_is_added(cli: Cli, habit: str) -> None:
    made = cli.json("reminder", "add", habit[-6:], "mon wed 7:05", "--person", "alex")
    assert made["schedule"] == "mon wed 07:05"
    next_at = datetime.fromisoformat(made["next"])
    assert next_at > datetime.now(UTC)
    assert (next_at.weekday() in (0, 2), next_at.hour, next_at.minute) == (True, 7, 5)
    assert cli.json("reminder", "list")[1] == made


def test_reminders_are_listed(cli: Cli, habit: str) -> None:
    cli.run("habit", "add", "check-in", "--person", "Sam")
    first, second = cli.json("reminder", "list")
    assert first["next"].endswith("T20:00:00Z")
    printed = cli.lines("reminder", "list")
    assert printed[0] == ["id", "person", "practice", "purpose", "schedule", "next"]
    assert printed[1][:5] == [first["id"], "Alex", "gratitude", "nudge", "daily 20:00"]
    assert printed[1][5] == first["next"].replace("T", " ").replace(":00Z", " UTC")
    assert printed[2][:5] == [second["id"], "Sam", "check-in", "pulse", "sun 18:00"]
    assert cli.json("reminder", "list", "--person", "Sam") == [second]
    assert cli.json("reminder", "list", "--after", "Alex") == [second]
    assert cli.json("reminder", "list", "--limit", "1") == [first]


def test_an_empty_list_is_said_in_words(cli: Cli) -> None:
    assert cli.run("reminder", "list").stderr == "There is no reminder; `attune reminder add` makes one.\n"


def test_a_reminder_is_removed(cli: Cli, habit: str) -> None:
    (one,) = cli.json("reminder", "list")
    assert cli.run("reminder", "remove", one["id"][-5:]).stderr == "Removed.\n"
    assert cli.json("reminder", "list") == []
    said = cli.refused("reminder", "remove", one["id"])
    assert said == "There is no such reminder; `attune reminder list` shows what there is."


@pytest.mark.parametrize("wanted", ["nothing", "", "12", "%%%%", "____", "0" * 32, "\udcff"])
def test_a_reminder_that_does_not_exist_is_refused(cli: Cli, habit: str, wanted: str) -> None:
    assert cli.refused("reminder", "remove", wanted).startswith("There is no such reminder")


def test_an_end_that_several_ids_have_is_refused(cli: Cli, habit: str) -> None:
    cli.run("reminder", "add", habit, "daily 8:00", "--person", "Alex")
    cli.execute("UPDATE reminder SET id = substr(id, 1, 28) || 'abcd'")
    assert cli.refused("reminder", "remove", "abcd").startswith("Several ids end like that")


@pytest.mark.parametrize(
    "schedule", ["", "daily", "daily 8", "mon mon 20:00", "monthly 32 9:00", "0 20 * * *", "\udcff"]
)
def test_a_schedule_with_a_mistake_is_refused(cli: Cli, habit: str, schedule: str) -> None:
    assert "For example: " in cli.refused("reminder", "add", habit, schedule, "--person", "Alex")


def test_a_reminder_is_for_those_who_have_the_habit(cli: Cli, habit: str) -> None:
    said = "That habit is not theirs, or has ended; `attune habit list` shows what there is."
    assert cli.refused("reminder", "add", habit, "daily 8:00", "--person", "Sam") == said
    cli.run("habit", "archive", habit)
    assert cli.refused("reminder", "add", habit, "daily 8:00", "--person", "Alex") == said
    assert "--person" in cli.refused("reminder", "add", habit, "daily 8:00")
