"""One message through the real path: what was understood and why, and who may look."""

import re
from uuid import UUID

import pytest

from service.states import NudgeKind
from tests.cli.conftest import Cli
from tests.world import NUMBERS, World

FROM = ("--from", NUMBERS["Alex"])


@pytest.fixture
def alex(cli: Cli, world: World) -> UUID:
    """Alex, who has said yes and practises gratitude."""
    person = UUID(cli.enrol("Alex"))
    world.run()
    world.says("Alex", "YES")
    cli.run("habit", "add", "gratitude", "--person", "Alex")
    world.run()
    return person


def with_a_real_channel(cli: Cli) -> None:
    """Exchange the simulator for Twilio; nothing is sent by these tests."""
    file = cli.home / "attune.toml"
    text = file.read_text("utf-8").replace("[notifiers.phone]", "[notifiers.twilio]")
    sid = f'account_sid = "AC{"0" * 32}"\nauth_token = "x"\nsender = "+12025550100"\n'
    file.write_text(f"{text}{sid}", "utf-8")


def test_a_message_is_understood_for_real(cli: Cli, alex: UUID) -> None:
    shown = cli.json("simulate", *FROM, "1 yesterday? no: 1")
    assert shown["enrolled"] is True
    shown = cli.json("simulate", *FROM, "done")
    assert shown["understood"] == "done 1"
    assert shown["because"] == "its words are commands"
    assert "Gratitude" in shown["answer"]
    assert cli.execute("SELECT kind FROM entry") == [("done",)]
    printed = cli.run("simulate", *FROM, "undo").stdout
    assert printed.startswith("understood         takes back the last message\nbecause ")


def test_a_dry_run_changes_nothing(cli: Cli, alex: UUID) -> None:
    before = cli.everything()
    shown = cli.json("simulate", *FROM, "--dry-run", "STOP")
    assert shown["understood"] == "wants nothing more"
    assert shown["because"] == "the whole message is an opt-out word"
    assert "Gratitude" in cli.json("simulate", *FROM, "--dry-run", "skip 1")["answer"]
    assert cli.everything() == before


def test_a_stranger_is_told_apart(cli: Cli) -> None:
    shown = cli.json("simulate", "--from", NUMBERS["Charlie"], "hello")
    assert (shown["enrolled"], shown["understood"]) == (False, "not clear")
    assert "nobody reads messages here" in shown["answer"]


@pytest.mark.parametrize(
    "arguments",
    [("--from", "nobody", "done"), ("done",), ("--from", "+12025550101"), ("--from", "+1202", "x")],
)
def test_bad_input_gets_one_sentence(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert cli.refused("simulate", *arguments)


def test_a_text_that_is_too_long_is_refused(cli: Cli) -> None:
    assert "at most 1600 characters" in cli.refused("simulate", *FROM, "x" * 1601)


def test_where_a_real_channel_reaches_the_person_their_code_is_needed(
    cli: Cli, world: World, alex: UUID
) -> None:
    with_a_real_channel(cli)
    result = cli.run("simulate", *FROM, "--dry-run", "streak", code=3)
    assert result.stdout == ""
    assert "A code goes to this person" in result.stderr
    world.run()
    code = re.search(r"\d{6}", world.told(alex, NudgeKind.NOTICE)[-1].words)
    assert code
    assert "Gratitude" in cli.json("simulate", *FROM, "--dry-run", "streak", "--code", code[0])["answer"]
    assert cli.execute("SELECT what FROM access_log") == [("simulate",)]


def test_an_address_that_is_out_of_use_is_its_persons_too(cli: Cli, world: World, alex: UUID) -> None:
    with_a_real_channel(cli)
    cli.execute("UPDATE address SET dead_at = ?", "2026-01-01 00:00:00")
    assert "A code goes to this person" in cli.run("simulate", *FROM, "--dry-run", "streak", code=3).stderr
    assert cli.execute("SELECT count(*) FROM address WHERE dead_at IS NULL") == [(0,)]


def test_who_was_ever_reached_for_real_is_asked_under_a_simulator_too(cli: Cli, alex: UUID) -> None:
    cli.execute("UPDATE attempt SET channel = 'twilio'")
    assert cli.run("simulate", *FROM, "streak", code=3).stdout == ""


@pytest.mark.parametrize("text", ["YES", "together 1", "share 1", "delete"])
def test_what_consents_discloses_or_deletes_is_refused(cli: Cli, alex: UUID, text: str) -> None:
    with_a_real_channel(cli)
    cli.set("operator_sees", "progress")
    if text == "YES":
        cli.execute("UPDATE person SET stopped_at = '2026-01-01 00:00:00'")
        text = "START"
    before = cli.execute("SELECT count(*) FROM reply")
    assert "counts only from their own phone" in cli.run("simulate", *FROM, text, code=2).stderr
    assert cli.execute("SELECT count(*) FROM reply") == before


def test_a_stranger_is_written_to_by_a_simulator_only(cli: Cli) -> None:
    with_a_real_channel(cli)
    shown = cli.json("simulate", "--from", NUMBERS["Charlie"], "hello")
    assert (shown["enrolled"], shown["answer"]) == (False, None)


def test_consent_counts_only_from_their_own_phone(cli: Cli) -> None:
    cli.enrol("Alex")
    with_a_real_channel(cli)
    cli.set("operator_sees", "progress")
    said = cli.run("simulate", *FROM, "YES", code=2).stderr
    assert "counts only from their own phone" in said
    assert cli.execute("SELECT event FROM consent") == [("asked",)]
