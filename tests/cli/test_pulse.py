"""A person's check-ins from the command line: by their code only, item by item, without a total."""

from datetime import timedelta
from uuid import UUID

import pytest

from service import reminding
from tests.cli.conftest import Cli
from tests.cli.test_streaks import code_that_arrived
from tests.world import World


@pytest.fixture
def alex(cli: Cli, world: World) -> UUID:
    person = UUID(cli.enrol("Alex"))
    world.run()
    world.says("Alex", "YES")
    return person


def answer_weeks(world: World, person: UUID, *scores: str) -> None:
    first = world.at + timedelta(minutes=1)
    reminding.add_check_in(world.site, person, f"{first:%a %H:%M}", world.at)
    for week, said in enumerate(scores):
        world.goes_on(first + timedelta(days=7 * week))
        world.says("Alex", said)


def test_each_item_has_its_own_line(cli: Cli, world: World, alex: UUID) -> None:
    cli.set("operator_sees", "progress")
    assert cli.run("pulse", "Alex").stderr == "No check-in is answered yet.\n"
    answer_weeks(world, alex, "4 3 5", "S", "2 3 4")
    rows = cli.json("pulse", "Alex")
    assert [(row["item"], row["scores"]) for row in rows[:2]] == [("close", [4, 2]), ("heard", [3, 3])]
    assert len(rows) in (3, 4)
    result = cli.run("pulse", "Alex")
    assert "closeness" in result.stdout
    assert "not a standard scale" in result.stderr
    assert "1 skipped" in result.stderr


def test_the_persons_code_is_needed(cli: Cli, world: World, alex: UUID) -> None:
    result = cli.run("pulse", "Alex", code=3)
    assert (result.stdout, "A code goes to this person" in result.stderr) == ("", True)
    assert "code is not right" in cli.run("pulse", "Alex", "--code", "000000", code=2).stderr
    assert (
        cli.run("pulse", "Alex", "--code", code_that_arrived(world, alex)).stderr
        == "No check-in is answered yet.\n"
    )
    assert cli.execute("SELECT what FROM access_log") == [("pulse",)]
