"""`attune key rotate`; and whatever the key is not, every command refuses before anything is written."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from service.cli import attune
from service.sealing import new_key, new_seal, parse
from tests.cli.conftest import Cli
from tests.cli.test_help import ALL

Spoil = Callable[[Path], None]
KEYLESS = {
    "demo": "It has an installation of its own.",
    "init": "It is what makes a key; tests/cli/test_init.py looks at it.",
    "practice list": "It reads the catalogue only.",
    "practice show": "It reads the catalogue only.",
    "schedule try": "It tries words out, and opens nothing.",
    "run worker": "It refuses this database; tests/cli/test_worker.py tries its key.",
    "notifier list": "It reads the settings only.",
    "notifier test": "It sends one message by the settings only.",
    "prove": "It makes an installation of its own.",
    "doctor": "It says what is wrong, and goes on to nothing else.",
}
VALUES = {
    "--zone": "UTC",
    "--sms": "+12025550177",
    "--on": "2026-03-02",
    "--from": "+12025550101",
    "--schedule": "daily 19:00",
}
MORE = {
    "person add": ("--sms", "+12025550177"),
    "person edit": ("--name", "Kim"),
    "person reach": ("--sms", "+12025550177"),
    "consent show": ("Alex",),
    "habit edit": ("--goal", "daily"),
    "habit leave": ("--all",),
    "forget": ("--yes",),
}
COMMANDS = [" ".join(path) for path, command in ALL.items() if path and not isinstance(command, click.Group)]


def words_of(path: str) -> list[str]:
    """Return a command with whatever it cannot do without."""
    command = ALL[tuple(path.split())]
    words = path.split()
    for parameter in command.params:
        if not parameter.required:
            continue
        value = VALUES.get(parameter.opts[0], "Alex")
        if isinstance(parameter.type, click.Choice):
            value = str(parameter.type.choices[0])
        elif isinstance(parameter.type, click.types.IntParamType):
            value = "1"
        elif isinstance(parameter.type, click.Path | click.File):
            value = __file__
        words += [value] if isinstance(parameter, click.Argument) else [parameter.opts[0], value]
    return [*words, *MORE.get(path, ())]


def gone(file: Path) -> None:
    file.unlink()


def another(file: Path) -> None:
    file.write_text(new_key())


def half(file: Path) -> None:
    file.write_text(file.read_text()[:60])


def of_before_a_rotation(file: Path) -> None:
    """The same root with another seal: a copy of the key that is too old, or too new."""
    file.write_text(f"{file.read_text().rpartition(':')[0]}:{new_seal()}")


def content(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.rglob("*") if path.is_file()}


@pytest.mark.parametrize("path", [path for path in COMMANDS if path not in KEYLESS])
def test_no_command_writes_without_the_right_key(cli: Cli, path: str) -> None:
    file = cli.home / "secrets" / "attune_key"
    right = file.read_text()
    for spoil in (another, half, of_before_a_rotation, gone):
        file.write_text(right)
        spoil(file)
        before = content(cli.home)
        result = CliRunner().invoke(attune, ["--home", str(cli.home), *words_of(path)])
        assert content(cli.home) == before
        assert result.exit_code == 1, result.output
        assert result.stdout == ""
        assert result.stderr.startswith(("Error: The key of this ", "Error: There is no key in "))
        assert result.stderr.count("\n") == 1


def test_what_needs_no_key_is_a_command() -> None:
    assert set(KEYLESS) <= set(COMMANDS)
    assert len(COMMANDS) - len(KEYLESS) > 35


@pytest.mark.parametrize("spoil", [another, half, of_before_a_rotation])
def test_doctor_says_what_is_wrong_with_the_key_and_writes_nothing(cli: Cli, spoil: Spoil) -> None:
    spoil(cli.home / "secrets" / "attune_key")
    before = content(cli.home)
    assert "The key of this installation" in cli.run("doctor", "--offline", code=1).output
    assert content(cli.home) == before


def test_a_key_is_rotated(cli: Cli) -> None:
    cli.enrol("Alex")
    file = cli.home / "secrets" / "attune_key"
    before = file.read_text()
    done = cli.json("key", "rotate")
    assert set(done) == {"resealed", "proved", "carried_on", "key", "old_key"}
    assert (done["resealed"], done["proved"], done["carried_on"]) == (3, 3, False)
    assert (done["key"], Path(done["old_key"]).read_text()) == (str(file), before)
    assert cli.json("person", "show", "Alex")["name"] == "Alex"
    said = cli.run("key", "rotate")
    assert "Keep a copy of" in said.stderr
    assert "Backups made before this need the old key" in said.stderr
    assert not any(seal in said.output for seal in (*parse(before).seals, *parse(file.read_text()).seals))


def test_the_copy_made_before_a_rotation_is_refused(cli: Cli) -> None:
    file = cli.home / "secrets" / "attune_key"
    copy = file.read_text()
    cli.run("key", "rotate")
    file.write_text(copy)
    assert "put back the right key, nothing was changed" in cli.refused("person", "list", code=1)


def test_a_key_in_the_environment_is_not_rotated(cli: Cli) -> None:
    key = (cli.home / "secrets" / "attune_key").read_text().strip()
    said = cli.refused("key", "rotate", code=1, env={"ATTUNE_KEY": key})
    assert said.startswith("The key in use does not come from ")
