from datetime import time, timedelta

from tests.cli.conftest import Cli
from tests.world import World


def test_who_did_not_answer_is_asked_once_more(cli: Cli, world: World) -> None:
    world.at -= timedelta(days=8)
    world.enrol("Alex", quiet_from=time(0), quiet_to=time(0))
    world.run()
    assert cli.run("person", "ask", "Alex").stderr.startswith("The opt-in question is planned for 20")
    assert [row["kind"] for row in cli.json("nudge", "list")] == ["consent", "consent"]
    assert cli.refused("person", "ask", "Alex").startswith("The question is on its way already")


def test_nobody_is_asked_twice_in_a_week(cli: Cli, world: World) -> None:
    cli.enrol("Alex")
    world.run()
    assert cli.refused("person", "ask", "Alex").startswith("They were asked less than 7 days ago; ask again")
    world.says("Alex", "YES")
    assert cli.refused("person", "ask", "Alex") == "They have said yes already; there is nothing to ask."
