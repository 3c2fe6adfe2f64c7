from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service import joining
from service.cli.habit_joint import SAID
from service.states import Joint, NudgeKind
from tests.cli.conftest import Cli
from tests.world import World


@pytest.fixture
def habit(cli: Cli, world: World) -> str:
    """Gratitude, kept by Alex and Sam, who have both said yes to messages."""
    couple = cli.couple()
    world.run()
    for name in ("Alex", "Sam"):
        world.says(name, "YES")
    made: list[dict[str, Any]] = cli.json(
        "habit", "add", "gratitude", "--couple", couple, "--goal", "daily", "--remind", "monthly 28 10:00"
    )
    world.run()
    return str(made[0]["habit"])


def test_a_habit_is_made_joint_and_the_list_tells_the_mode_alone(cli: Cli, world: World, habit: str) -> None:
    assert {row["joint"] for row in cli.json("habit", "list")} == {"none"}
    said = cli.run("habit", "joint", habit[-6:], "both").stderr
    assert said.startswith("It is joint once both have said yes: a day counts on which both did it. Whoever")
    listed = cli.run("habit", "list").stdout
    assert {row["joint"] for row in cli.json("habit", "list")} == {"both"}
    world.goes_on(timedelta(days=1))
    world.says("Alex", "together 1")
    world.says("Sam", "no")
    assert cli.run("habit", "list").stdout == listed
    assert cli.run("habit", "joint", habit, "both").stderr == said

    said = cli.run("habit", "joint", habit, "either").stderr
    assert "on which either did it" in said
    assert "is not joint any more" in cli.run("habit", "joint", habit, "none").stderr
    assert {row["joint"] for row in cli.json("habit", "list")} == {"none"}


def test_nothing_an_operator_reads_tells_who_said_yes(cli: Cli, world: World, habit: str) -> None:
    def seen() -> list[str]:
        commands = (
            ["habit", "list"],
            ["nudge", "list"],
            ["person", "list"],
            ["couple", "list"],
            ["reminder", "list"],
        )
        return [cli.run(*command, "--json").stdout for command in commands]

    cli.run("habit", "joint", habit, "both")
    world.goes_on(timedelta(days=1))
    before = seen()
    people = [UUID(row["id"]) for row in cli.json("person", "list")]
    assert [len(world.told(person, NudgeKind.QUESTION)) for person in people] == [1, 1]
    world.says("Alex", "together 1")
    world.run()
    assert seen() == before
    # Now Sam alone is asked once more.
    world.goes_on(timedelta(days=8))
    before = seen()
    joining.set_joint(world.site, UUID(habit), Joint.BOTH, world.at)
    world.goes_on(timedelta(days=1))
    assert sorted(len(world.told(person, NudgeKind.QUESTION)) for person in people) == [1, 2]
    assert seen() == before


def test_streaks_show_what_is_joint_alike_to_both(cli: Cli, world: World, habit: str) -> None:
    cli.set("operator_sees", "progress")
    cli.run("habit", "joint", habit, "both")
    world.run()

    def shown(*days: int | None) -> None:
        for name in ("Alex", "Sam"):
            (row,) = cli.json("streaks", name)
            assert [row["together_days"], row["together_streak"]] == list(days)

    for name in ("Alex", "Sam"):
        world.says(name, "together 1")
        shown(None, None)
    for name in ("Alex", "Sam"):
        cli.run("log", "add", name, "1")
    shown(1, 1)
    assert "  Together: 1 day, 1 day in a row.\n" in cli.run("streaks", "Sam", "--explain").stdout
    cli.run("person", "pause", "Alex")
    shown(1, None)
    assert "  Together: 1 day, and it rests.\n" in cli.run("streaks", "Sam", "--explain").stdout


def test_what_cannot_be_joint_is_refused_in_words(cli: Cli, habit: str) -> None:
    own = cli.json("habit", "add", "empathy", "--person", "Alex")[0]["habit"]
    assert cli.refused("habit", "joint", own, "both") == (
        "Only a habit that both of a couple keep can be joint; `attune habit add --couple` takes one up."
    )
    assert "both|either|none" in cli.run("habit", "joint", habit, "sometimes", code=2).stderr
    assert cli.refused("habit", "joint", "0000", "both").startswith("There is no such habit")
    cli.run("habit", "archive", habit)
    assert cli.refused("habit", "joint", habit, "both").startswith("That habit has ended")


def test_that_one_has_left_is_not_told(cli: Cli, world: World, habit: str) -> None:
    cli.run("habit", "leave", habit, "--person", "Sam")
    assert cli.run("habit", "joint", habit, "either").stderr == f"{SAID[Joint.EITHER]}\n"
    world.goes_on(timedelta(days=1))
    by_name = {row["name"]: UUID(row["id"]) for row in cli.json("person", "list")}
    asked = {name: len(world.told(person, NudgeKind.QUESTION)) for name, person in by_name.items()}
    assert asked == {"Alex": 1, "Sam": 0}
