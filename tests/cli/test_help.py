"""Help everywhere, and quickly: what the top command says is written beside it, not imported."""

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from service.cli import COMMANDS, attune, run
from tests.cli.conftest import Cli

HEAVY = (
    "sqlalchemy",
    "rich",
    "pydantic",
    "twilio",
    "fastapi",
    "uvicorn",
    "alembic",
    "cryptography",
    "jinja2",
)
WEB = ("fastapi", "uvicorn", "jinja2", "alembic", "twilio")
PROMISED = """
init | up | demo | run daemon | run web | couple add | couple list | couple show | person add | person show |
person ask | person edit | person pause | person resume | practice list | practice show | habit add |
habit list | habit edit | habit archive | reminder add | reminder list | reminder remove | schedule preview |
schedule try | schedule export | nudge list | nudge show | nudge why | log | streaks | db upgrade |
notifier list | notifier test | doctor
"""


def commands(command: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield a command and all below it, each with the words that lead to it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below
            yield from commands(below, *path, name)


ALL = dict(commands(attune))
PATHS = [" ".join(path) for path in ALL]


def test_there_is_every_command_that_was_promised() -> None:
    assert {command.strip() for command in PROMISED.split("|")} <= set(PATHS)


@pytest.mark.parametrize("path", ALL, ids=PATHS)
def test_every_command_and_option_has_help(path: tuple[str, ...]) -> None:
    command = ALL[path]
    assert command.help
    assert command.help.splitlines()[0].endswith((".", "…"))
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path}: {parameter.name}"
            assert parameter.help[0].isupper(), f"{path}: {parameter.name}"


@pytest.mark.parametrize("path", ALL, ids=PATHS)
def test_help_works_everywhere(path: tuple[str, ...]) -> None:
    short, long = (
        CliRunner().invoke(attune, [*path, option], prog_name="attune") for option in ("-h", "--help")
    )
    assert (short.exit_code, long.exit_code) == (0, 0)
    assert short.stdout == long.stdout
    assert short.stdout.startswith(f"Usage: {' '.join(('attune', *path))} ")
    assert short.stderr == ""


def test_the_top_command_says_of_each_what_the_command_itself_says() -> None:
    for name, (_, about) in COMMANDS.items():
        assert ALL[(name,)].get_short_help_str(limit=200) == about
    for name, (_, about) in run.COMMANDS.items():
        assert ALL["run", name].get_short_help_str(limit=200) == about
    listed = CliRunner().invoke(attune, ["-h"]).stdout
    for name, (_, about) in COMMANDS.items():
        assert f"  {name.ljust(8)}  {about}" in listed


def test_whatever_shows_something_can_show_json() -> None:
    shows = {"list", "show", "why", "preview", "try", "edit", "streaks", "doctor", "add", "upgrade", "test"}
    silent = {("log", "add"), ("habit", "edit")}
    for path, command in ALL.items():
        if path and path[-1] in shows and path not in silent and not isinstance(command, click.Group):
            assert "--json" in [option for one in command.params for option in one.opts], path


def test_the_command_line_is_imported_without_what_is_slow() -> None:
    """The guard, without a clock, of the promise that `attune --help` takes less than 0.25 s."""
    code = (
        "import sys\n"
        "from service.cli import attune\n"
        "attune.main(['--help'], standalone_mode=False)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert ended.stdout.startswith("Usage: ")
    assert ended.stdout.endswith("\n[]\n")


def test_a_daemon_is_imported_without_the_web_server() -> None:
    """The guard, without a clock, of its start: all of that would take a third longer."""
    code = (
        "import sys\n"
        "import service.cli.run_daemon\n"
        f"print([name for name in {WEB!r} if name in sys.modules])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert ended.stdout == "[]\n"


def test_a_group_alone_shows_its_help(cli: Cli) -> None:
    for path, command in ALL.items():
        if isinstance(command, click.Group):
            result = CliRunner().invoke(attune, path, prog_name="attune")
            assert result.exit_code == 2
            assert result.stderr.startswith("Usage: attune")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "No such command 'frobnicate'. `attune -h` shows how."),
        (["person", "delete"], "No such command 'delete'. `attune person -h` shows how."),
        (["person", "show"], "Missing argument 'WHO'. `attune person show -h` shows how."),
        (["person", "show", "a", "b"], "Got unexpected extra argument (b). `attune person show -h`"),
        (["person", "list", "--jsn"], "No such option '--jsn'. Did you mean '--json'?"),
        (["person", "list", "--limit"], "Option '--limit' requires an argument."),
        (["--nope"], "No such option '--nope'. Did you mean '--home'? `attune -h` shows how."),
        (["\udcff"], "No such command "),
    ],
)
def test_what_is_typed_wrong_is_told_in_one_sentence(cli: Cli, arguments: list[str], said: str) -> None:
    assert cli.refused(*arguments).startswith(said)
