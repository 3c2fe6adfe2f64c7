import contextlib
import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

PLAIN = "2 to 20 plain letters."


@pytest.fixture
def fresh(tmp_path: Path) -> Cli:
    """A folder that is not there yet."""
    return Cli(tmp_path / "fresh" / "home")


def contents(cli: Cli) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in cli.home.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def refuses(cli: Cli, *arguments: str, code: int = 2) -> str:
    """Run `init` where it has to fail and write nothing; return its sentence."""
    before = contents(cli)
    result = cli.run("init", *arguments, code=code)
    assert contents(cli) == before
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "Something unexpected" not in result.stderr
    return result.stderr.removeprefix("Error: ").rstrip("\n")


def test_a_new_installation_is_its_owners_alone(fresh: Cli) -> None:
    fresh.home.mkdir(parents=True)
    made = fresh.process("init", "--brand", "Nest", "--contact", "Kim, kim@example.org")
    assert (made.returncode, made.stdout) == (0, "")
    assert "Keep a copy of it apart from the database and its backups" in made.stderr
    assert sorted(contents(fresh)) == ["attune.db", "attune.toml", "attune_key"]
    for path in fresh.home.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert fresh.run("couple", "add").exit_code == 0


def test_a_repeat_changes_nothing(fresh: Cli) -> None:
    fresh.run("init", "--brand", "Nest")
    before = contents(fresh)
    again = fresh.run("init", "--brand", "Other")
    assert "is there already and was left as it is" in again.stderr
    assert "The database was ready already." in again.stderr
    assert contents(fresh) == before


def test_what_is_missing_is_made_again(fresh: Cli) -> None:
    fresh.run("init")
    key = contents(fresh)["attune_key"]
    (fresh.home / "attune.db").unlink()
    assert "The database is ready." in fresh.run("init").stderr
    assert contents(fresh)["attune_key"] == key


def test_settings_that_are_given_are_those_of_the_installation(fresh: Cli) -> None:
    url = "https://nudge.example.org/couples"
    fresh.run("init", "--brand", "Nest & Co.", "--contact", "Kim (kim@example.org)", "--public-url", url)
    written = (fresh.home / "attune.toml").read_text()
    for line in ('brand = "Nest & Co."', 'contact = "Kim (kim@example.org)"', f'public_url = "{url}"'):
        assert f"\n{line}\n" in written
    assert fresh.json("couple", "list") == []


@pytest.mark.parametrize(
    "options",
    [
        ["--brand", 'Nes"t'],
        ["--brand", "Nes\\t"],
        ["--brand", "Nes\nt"],
        ["--brand", "Nest 🌻"],
        ["--brand", "N"],
        ["--brand", ""],
        ["--brand", "N" * 21],
        ["--brand", "\udcff"],
        ["--contact", 'Kim "K" Doe'],
        ["--contact", "x" * 61],
        ["--contact", "Kim\x07"],
        ["--public-url", "nudge.example.org"],
        ["--public-url", "https://nudge.example.org?x"],
        ["--public-url", 'https://nudge.example.org/"'],
        ["--public-url", "https://nudge.example.org/\x7f"],
        ["--public-url", "\udcff"],
    ],
)
def test_what_no_message_could_say_is_refused_before_anything_is_written(
    fresh: Cli, options: list[str]
) -> None:
    name = options[0].removeprefix("--").replace("-", "_")
    assert refuses(fresh, *options).startswith(f"The setting `{name}` (ATTUNE_{name.upper()}) cannot be used")
    assert not fresh.home.exists()


def test_a_database_whose_key_is_missing_gets_no_other(cli: Cli) -> None:
    (cli.home / "secrets" / "attune_key").unlink()
    said = refuses(cli, code=1)
    assert said.startswith("The database is sealed with a key that is missing; put its copy back as ")
    assert not (cli.home / "secrets" / "attune_key").exists()


@pytest.mark.parametrize("key", ["", "junk", "attune1:x:y", "attune1::", "\x00"])
def test_a_damaged_key_is_left_as_it_is(cli: Cli, key: str) -> None:
    (cli.home / "secrets" / "attune_key").write_text(key)
    assert refuses(cli, code=1).startswith("The key of this installation is damaged; put back the copy")


def test_a_file_that_is_no_database_is_left_as_it_is(fresh: Cli) -> None:
    fresh.home.mkdir(parents=True)
    (fresh.home / "attune.db").write_bytes(b"not a database " * 100)
    assert "is not an SQLite database" in refuses(fresh, code=1)
    assert list(contents(fresh)) == ["attune.db"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    said = Cli(tmp_path / "home").run("init", code=1).stderr
    assert said.startswith(f"Error: The folder {tmp_path / 'home'} cannot be used (")


POLLS = "# poll = true  # Answers are fetched every 20 seconds: no open port is needed."
URL = "https://nudge.example.org"


@pytest.mark.parametrize(
    ("options", "polls"),
    [([], True), (["--public-url", URL], False), (["--public-url", URL, "--poll"], True), (["--poll"], True)],
)
def test_answers_are_fetched_unless_there_is_a_public_address(
    fresh: Cli, options: list[str], polls: bool
) -> None:
    fresh.run("init", *options)
    lines = (fresh.home / "attune.toml").read_text().splitlines()
    assert (POLLS in lines) is polls
    assert (f'public_url = "{URL}"' in lines) is ("--public-url" in options)


def test_the_lines_of_the_channel_are_settings_of_the_channel(fresh: Cli) -> None:
    fresh.run("init")
    file = fresh.home / "attune.toml"
    text = file.read_text()
    for line in ("[notifiers.twilio]", 'account_sid = "AC', 'sender = "+1', "poll = true"):
        text = text.replace(f"# {line}", line)
    file.write_text(text.replace("AC...", f"AC{'0' * 32}"))
    (fresh.home / "secrets" / "attune_notifiers__twilio__auth_token").write_text("t0ken")
    found = json.loads(fresh.run("doctor", "--offline", "--json", code=1).stdout)
    assert {one["check"]: one["says"] for one in found}["public_url"] == (
        "Not needed: answers are fetched by twilio."
    )


def on_a_terminal(cli: Cli, typed: str, *arguments: str) -> tuple[int, str]:
    """Run `init` as somebody at a terminal does; return its exit code and what they see."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", "from service.cli import main; main()"]
    process = subprocess.Popen(
        [*command, "--home", str(cli.home), "init", *arguments],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)
    os.write(ours, f"{typed}\n".encode())
    seen = b""
    with contextlib.suppress(OSError), open(ours, "rb", buffering=0) as terminal:
        while part := terminal.read(1024):  # On Linux a terminal that nobody holds any more is an error.
            seen += part
    return process.wait(30), seen.decode()


@pytest.mark.parametrize(("typed", "polls"), [("", True), (URL, False)])
def test_at_a_terminal_it_asks_how_answers_arrive(fresh: Cli, typed: str, polls: bool) -> None:
    code, seen = on_a_terminal(fresh, typed)
    assert code == 0
    assert "Public address (none: fetch them)" in seen
    lines = (fresh.home / "attune.toml").read_text().splitlines()
    assert (POLLS in lines) is polls
    assert (f'public_url = "{URL}"' in lines) is not polls


def test_at_a_terminal_it_does_not_ask_what_an_option_says(fresh: Cli) -> None:
    assert "Public address" not in on_a_terminal(fresh, "", "--poll")[1]
    assert "Public address" not in on_a_terminal(fresh, "")[1]  # It is set up already.


def test_what_is_no_address_is_refused_before_anything_is_written(fresh: Cli) -> None:
    code, seen = on_a_terminal(fresh, "yes")
    assert code == 2
    assert "The setting `public_url` (ATTUNE_PUBLIC_URL) cannot be used" in seen
    assert not fresh.home.exists()
