"""`attune export` and `attune import`: a person's document into a file, and from one."""

import json
import os
import stat
from pathlib import Path
from uuid import UUID

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_streaks import code_that_arrived
from tests.world import NUMBERS, World

NOBODY = "There is no such person; `attune person list` shows them all."


@pytest.fixture
def alex(cli: Cli) -> str:
    """Alex, whose progress may be seen."""
    cli.set("operator_sees", "progress")
    return cli.enrol("Alex")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "alex.json"


def test_the_persons_code_is_needed_and_the_look_is_noted(cli: Cli, world: World, file: Path) -> None:
    person = cli.enrol("Alex")
    world.run()
    world.says("Alex", "YES")
    result = cli.run("export", "Alex", "-o", str(file), code=3)
    assert "A code goes to this person" in result.stderr
    assert not file.exists()
    world.run()
    code = code_that_arrived(world, UUID(person))
    printed = cli.run("export", "Alex", "--code", code)
    assert json.loads(printed.stdout)["person"]["id"] == person
    assert [row["what"] for row in json.loads(printed.stdout)["access"]] == ["export"]
    assert cli.execute("SELECT what FROM access_log") == [("export",)]


def test_a_file_is_for_this_user_alone_and_whole_or_not_there(cli: Cli, alex: str, file: Path) -> None:
    before = os.umask(0o022)
    result = cli.run("export", "Alex", "-o", str(file))
    os.umask(before)
    assert (result.stdout, stat.S_IMODE(file.stat().st_mode)) == ("", 0o600)
    assert json.loads(file.read_text("utf-8"))["addresses"][0]["value"] == NUMBERS["Alex"]
    assert [name for name in os.listdir(file.parent) if "json" in name] == ["alex.json"]


def test_what_is_there_already_is_not_written_over(cli: Cli, alex: str, file: Path) -> None:
    file.write_text("mine")
    assert cli.refused("export", "Alex", "-o", str(file)).startswith("That file is there already")
    assert file.read_text() == "mine"
    cli.run("export", "Alex", "-o", str(file), "--force")
    assert json.loads(file.read_text("utf-8"))["person"]["name"] == "Alex"


def test_half_a_document_is_not_kept(cli: Cli, alex: str, file: Path) -> None:
    """A value that does not open ends it in the middle."""
    cli.execute("UPDATE address SET value_sealed = ?", b"not sealed")
    file.write_text("mine")
    assert "does not open" in cli.run("export", "Alex", "-o", str(file), "--force", code=1).stderr
    assert file.read_text() == "mine"
    assert [name for name in os.listdir(file.parent) if "json" in name] == ["alex.json"]


def test_where_nothing_can_be_written_that_is_said(cli: Cli, alex: str, file: Path) -> None:
    result = cli.run("export", "Alex", "-o", str(file.parent / "nowhere" / "x"), code=1)
    assert result.stderr.startswith("Error: The system refused: No such file or directory;")
    assert cli.refused("export", "Kim") == NOBODY


def test_who_was_exported_and_forgotten_is_taken_over(cli: Cli, alex: str, file: Path) -> None:
    cli.run("habit", "add", "gratitude", "--person", "Alex")
    cli.run("log", "add", "Alex", "1")
    streaks = cli.json("streaks", "Alex")
    cli.run("export", "Alex", "-o", str(file))
    assert cli.refused("import", str(file)) == "That person is here already; nothing was taken over."
    cli.run("forget", "Alex", "--yes")
    result = cli.run("import", str(file), "--json")
    assert json.loads(result.stdout) == {"person": alex, "couple": None, "asked": True}
    assert "the opt-in question is planned" in result.stderr.lower()
    assert cli.json("streaks", "Alex") == streaks
    assert cli.json("person", "show", "Alex")["addresses"][0]["consent"] == "not said yes"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{}", b'{"format": "attune person", "version": 1}'])
def test_what_is_no_document_is_refused(cli: Cli, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert cli.refused("import", str(file)).startswith("That file is no person's document")


def test_who_is_to_join_a_couple_that_is_not_there(cli: Cli, alex: str, file: Path) -> None:
    cli.run("export", "Alex", "-o", str(file))
    assert cli.refused("import", str(file), "--couple", "0" * 8).startswith("There is no such couple")
    assert "No such file" in cli.refused("import", f"{file}x")
