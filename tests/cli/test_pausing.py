"""`attune person pause` and `attune person resume`."""

import pytest

from tests.cli.conftest import Cli
from tests.world import World


def test_a_person_is_paused_and_resumed(cli: Cli, world: World) -> None:
    cli.enrol("Alex")
    today = world.at.date().isoformat()
    assert cli.run("person", "pause", "Alex").stderr == "Paused until resumed.\n"
    paused = cli.run("person", "pause", "Alex", "--days", "1").stderr
    assert paused.startswith("Paused, ")
    assert paused.endswith(" being the last day.\n")
    assert cli.execute("SELECT count(*) FROM pause") == [(1,)]
    assert cli.execute("SELECT from_on = to_on FROM pause") == [(1,)]
    assert cli.execute("SELECT from_on FROM pause")[0][0] <= today
    for _ in range(2):
        assert cli.run("person", "resume", "Alex").stderr == "Resumed.\n"
    assert cli.execute("SELECT count(*) FROM pause") == [(0,)]


@pytest.mark.parametrize("days", ["0", "-1", "367", "99999999999", "1.5", "tomorrow", ""])
def test_a_pause_of_no_length_is_refused(cli: Cli, days: str) -> None:
    cli.enrol("Alex")
    said = cli.refused("person", "pause", "Alex", "--days", days)
    assert "1 to 366 days" in said or "--days" in said
