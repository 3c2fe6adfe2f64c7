from datetime import timedelta

from tests.cli.conftest import Cli
from tests.world import NUMBERS, World


def test_the_ledger_of_a_person(cli: Cli, world: World) -> None:
    cli.enrol("Alex")
    world.run()
    world.says("Alex", "YES", "SM-yes")
    asked, given = cli.json("consent", "show", "Alex")
    assert list(given) == [
        *("at", "event", "kind", "address", "source", "channel", "message", "wording", "words"),
    ]
    assert (asked["event"], given["event"], given["message"]) == ("asked", "given", "SM-yes")
    assert given["at"].endswith(("Z", "+00:00"))
    assert given["address"] == "+12…01"
    assert "Msg & data rates may apply" in given["words"]
    heading, *rows = cli.lines("consent", "show", "Alex")
    assert heading[:2] == ["at", "event"]
    assert [row[1] for row in rows] == ["asked", "given"]


def test_the_ledger_of_somebody_who_was_forgotten(cli: Cli, world: World) -> None:
    cli.enrol("Alex")
    world.run()
    world.at += timedelta(minutes=1)
    world.says("Alex", "STOP")
    cli.run("forget", "Alex", "--yes")
    shown = cli.json("consent", "show", "--address", NUMBERS["Alex"])
    assert [row["event"] for row in shown] == ["asked", "withdrawn"]
    assert NUMBERS["Alex"] not in str(shown)
    never = cli.run("consent", "show", "--address", NUMBERS["Sam"])
    assert (never.stdout, never.stderr) == (
        "",
        "The ledger holds nothing about that address: it was never asked from here.\n",
    )


def test_one_of_the_two_is_said(cli: Cli) -> None:
    cli.enrol("Alex")
    either = "Give either a person, or --address with a number or mailbox."
    assert cli.refused("consent", "show") == either
    assert cli.refused("consent", "show", "Alex", "--address", NUMBERS["Alex"]) == either
    assert cli.refused("consent", "show", "Sam").startswith("There is no such person")
    assert "number" in cli.refused("consent", "show", "--address", "12")
