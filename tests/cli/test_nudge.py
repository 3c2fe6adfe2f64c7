from datetime import timedelta
from uuid import UUID

import pytest

from tests.cli.conftest import Cli
from tests.world import World

NO_SUCH = "There is no such message; `attune nudge list` shows what there is."


@pytest.fixture
def alex(cli: Cli, world: World) -> UUID:
    """Alex, who has said yes and got one nudge."""
    person = UUID(cli.enrol("Alex"))
    world.run()
    world.says("Alex", "YES")
    world.run()
    soon = (world.at + timedelta(hours=1)).strftime("daily %H:%M")
    cli.run("habit", "add", "gratitude", "--person", "Alex", "--remind", soon)
    world.goes_on(timedelta(hours=1))
    return person


def test_messages_are_listed_newest_first(cli: Cli, alex: UUID) -> None:
    nudge, question = cli.json("nudge", "list")
    assert (nudge["person"], nudge["kind"], nudge["state"]) == ("Alex", "nudge", "sent")
    assert nudge["why"] == "due, and not done yet"
    assert nudge["sent"] >= nudge["due"]
    assert (question["kind"], question["why"]) == ("consent", "asked first")
    printed = cli.lines("nudge", "list", "--limit", "1")
    assert printed[0] == ["id", "person", "kind", "state", "due", "sent", "why"]
    assert printed[1][:4] == [nudge["id"], "Alex", "nudge", "sent"]
    assert printed[1][4] == f"{nudge['due'][:16].replace('T', ' ')} UTC"


def test_messages_are_listed_by_person_state_and_page(cli: Cli, world: World, alex: UUID) -> None:
    cli.enrol("Sam")
    sams, newest, oldest = cli.json("nudge", "list")
    assert cli.json("nudge", "list", "--person", "Sam") == [sams]
    assert cli.json("nudge", "list", "--state", "planned") == [sams]
    assert cli.json("nudge", "list", "--state", "sent", "--before", newest["id"][-9:]) == [oldest]
    assert cli.json("nudge", "list", "--state", "failed") == []
    assert cli.run("nudge", "list", "--state", "failed").stderr == "There is no such message.\n"


def test_a_message_is_shown_with_its_attempts_and_never_its_words(cli: Cli, world: World, alex: UUID) -> None:
    listed = cli.json("nudge", "list")[0]
    shown = cli.json("nudge", "show", listed["id"])
    assert {key: shown[key] for key in listed} == listed
    assert shown["not_before"] <= shown["sent"] < shown["expires"]
    assert shown["attempts"] == [{"n": 1, "channel": "phone", "outcome": "accepted", "code": None}]
    printed = cli.run("nudge", "show", listed["id"][-6:]).stdout
    assert printed.endswith("attempts    1 phone accepted\n")
    words = world.told(alex)[-1].words
    assert words not in printed
    assert "Gratitude" not in printed


def test_a_message_says_why(cli: Cli, alex: UUID) -> None:
    listed = cli.json("nudge", "list")[0]
    expected = {key: listed[key] for key in ("id", "person", "kind", "state", "due", "why")}
    assert cli.json("nudge", "why", listed["id"]) == expected
    assert cli.run("nudge", "why", listed["id"]).stdout.endswith("why     due, and not done yet\n")


def test_a_failure_is_shown_with_its_code(cli: Cli, alex: UUID) -> None:
    cli.execute("UPDATE nudge SET state = 'failed', reason = 'It is not in use.' WHERE kind = 'nudge'")
    cli.execute("UPDATE attempt SET outcome = 'contact', code = '21211'")
    (listed,) = cli.json("nudge", "list", "--state", "failed")
    assert listed["why"] == "It is not in use."
    assert cli.run("nudge", "show", listed["id"]).stdout.endswith("attempts    1 phone contact 21211\n")
    cli.execute("UPDATE attempt SET outcome = NULL, code = NULL")
    assert cli.run("nudge", "show", listed["id"]).stdout.endswith("attempts    1 phone under way\n")


@pytest.mark.parametrize("wanted", ["nothing", "", "12", "%%%%", "____", "0" * 32, "0" * 33, "\udcff"])
def test_a_message_that_does_not_exist_is_refused(cli: Cli, alex: UUID, wanted: str) -> None:
    for arguments in (["show", wanted], ["why", wanted], ["list", f"--before={wanted or '?'}"]):
        assert cli.refused("nudge", *arguments) == NO_SUCH


def test_an_end_that_several_ids_have_is_refused(cli: Cli) -> None:
    cli.couple()
    cli.execute("UPDATE nudge SET id = substr(id, 1, 28) || 'abcd'")
    assert cli.refused("nudge", "show", "abcd").startswith("Several ids end like that")


def test_a_state_that_there_is_not_is_refused(cli: Cli) -> None:
    assert "'--state'" in cli.refused("nudge", "list", "--state", "lost")
    assert "'--limit'" in cli.refused("nudge", "list", "--limit", "0")
