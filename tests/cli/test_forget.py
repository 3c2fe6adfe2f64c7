"""`attune forget` and `attune habit leave`."""

import pytest
from click.testing import CliRunner

from service.cli import attune
from tests.cli.conftest import Cli
from tests.world import World

NOBODY = "There is no such person; `attune person list` shows them all."


def answered(cli: Cli, typed: str, code: int) -> str:
    """Run `attune forget Sam` beside somebody who types this; return what they read after the question."""
    result = CliRunner().invoke(attune, ["--home", str(cli.home), "forget", "Sam"], input=typed)
    assert (result.exit_code, result.stdout) == (code, "")
    asked, colon, said = result.stderr.partition("Type the name to go on: ")
    assert (asked, colon != "") == ("All that is Sam's will be deleted. ", True)
    return said.strip()


def names(cli: Cli) -> list[str]:
    return [row["name"] for row in cli.json("person", "list")]


@pytest.fixture
def both(cli: Cli) -> Cli:
    cli.couple()
    return cli


def test_who_is_named_once_more_is_forgotten(both: Cli) -> None:
    said = answered(both, "sam\n", 0)
    assert said == "Forgotten. Backups that were made before still hold them; delete those, too."
    assert names(both) == ["Alex"]
    assert both.json("couple", "list")[0]["people"] == ["Alex"]
    assert both.refused("forget", "Sam", "--yes") == NOBODY


def test_nobody_needs_to_type_with_yes(both: Cli) -> None:
    result = both.run("forget", "Sam", "--yes")
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)
    assert names(both) == ["Alex"]
    both.run("forget", "Alex", "--yes")
    assert both.json("couple", "list") == both.json("person", "list") == []


@pytest.mark.parametrize(
    ("typed", "code", "why"),
    [
        ("", 3, "Nothing was deleted; type the name when asked, or give `--yes`."),
        ("\n", 2, "That is another name, so nothing was deleted."),
        ("Alex\n", 2, "That is another name, so nothing was deleted."),
        ("yes\n", 2, "That is another name, so nothing was deleted."),
    ],
)
def test_whatever_else_is_typed_deletes_nothing(both: Cli, typed: str, code: int, why: str) -> None:
    before = both.everything()
    assert answered(both, typed, code) == f"Error: {why}"
    assert both.everything() == before


@pytest.mark.parametrize("who", ["Kim", "", "12"])
def test_who_is_not_there_cannot_be_forgotten(both: Cli, who: str) -> None:
    assert both.refused("forget", who, "--yes") == NOBODY


def test_somebody_without_a_keyboard_is_told(both: Cli) -> None:
    done = both.process("--home", str(both.home), "forget", "Sam")
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("Error: Nothing was deleted")
    assert names(both) == ["Alex", "Sam"]


@pytest.fixture
def habit(cli: Cli, world: World) -> str:
    """The habit that Alex and Sam have taken up."""
    cli.couple()
    world.run()
    for name in ("Alex", "Sam"):
        world.says(name, "YES")
    world.run()
    couple = cli.json("couple", "list")[0]["id"]
    made: str = cli.json("habit", "add", "gratitude", "--couple", couple)[0]["habit"]
    return made


def left(cli: Cli) -> int:
    (row,) = cli.execute("SELECT count(*) FROM member WHERE left_on IS NOT NULL")
    return int(row[0])


def test_a_habit_is_left(cli: Cli, habit: str) -> None:
    shown = [cli.json(*command) for command in (("habit", "list"), ("reminder", "list"))]
    for _ in range(2):  # Whether they had left before is not said.
        result = cli.run("habit", "leave", habit[-6:], "--person", "Sam")
        assert (result.stdout, result.stderr) == ("", "Left.\n")
        assert left(cli) == 1
    assert [cli.json(*command) for command in (("habit", "list"), ("reminder", "list"))] == shown


def test_all_habits_are_left(cli: Cli, habit: str) -> None:
    cli.json("habit", "add", "empathy", "--person", "Sam")
    assert cli.run("habit", "leave", "--all", "--person", "Sam").stderr == "Left.\n"
    assert left(cli) == 2


def test_what_cannot_be_left(cli: Cli, habit: str) -> None:
    own = cli.json("habit", "add", "empathy", "--person", "Alex")[0]["habit"]
    assert cli.refused("habit", "leave", own, "--person", "Sam").startswith("That habit is not theirs")
    which = "Give either the ID of the habit or --all."
    assert cli.refused("habit", "leave", "--person", "Sam") == which
    assert cli.refused("habit", "leave", habit, "--all", "--person", "Sam") == which
    assert cli.refused("habit", "leave", "0" * 8, "--person", "Sam").startswith("There is no such habit")
    assert cli.refused("habit", "leave", habit, "--person", "Kim") == NOBODY
    assert "--person" in cli.refused("habit", "leave", habit)
