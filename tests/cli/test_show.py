"""How results look on a terminal and in a pipe, through the console script."""

import contextlib
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import COMMANDS, attune
from tests.cli.conftest import PROGRAM, Cli

TABLES = [
    ["couple", "list"],
    ["person", "list"],
    ["practice", "list"],
    ["habit", "list"],
    ["reminder", "list"],
    ["schedule", "try", "daily 20:00"],
    ["schedule", "preview", "Alex"],
    ["nudge", "list"],
    ["log", "show", "Alex"],
    ["streaks", "Alex"],
    ["notifier", "list"],
    ["doctor"],
]
DRIVER = """
import sys
from service.cli import attune
for command in {commands!r}:
    try:
        attune.main(["--home", sys.argv[1], *command])
    except SystemExit as ended:
        print("==", ended.code)
"""


def on_terminal(cli: Cli, *commands: list[str], columns: int = 160) -> list[str]:
    """Return what each of these commands prints on a terminal so wide, one process running all of them."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER.format(commands=commands), cli.home],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={"PATH": os.defpath, "TERM": "xterm", "COLUMNS": str(columns)},
    )
    os.close(follower)
    printed = b""
    while chunk := _read(leader):
        printed += chunk
    os.close(leader)
    assert process.wait(timeout=30) == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed.decode()).replace("\r\n", "\n")
    shown = re.split(r"^== [01]\n", plain, flags=re.MULTILINE)
    assert len(shown) == len(commands) + 1, plain
    return shown[:-1]


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:
        return b""  # Nobody holds the other end any more.


@pytest.fixture
def filled(cli: Cli) -> Cli:
    """Two people, a habit and something logged; one name looks like markup."""
    cli.set("operator_sees", "progress")
    couple = cli.couple()
    cli.run("habit", "add", "gratitude", "--couple", couple)
    cli.run("log", "add", "Alex", "1")
    cli.run("person", "add", "[/b] [red]Kim :smile: 🌻", "--sms", "+12025550177", "--zone", "UTC")
    return cli


def test_lists_are_tables_on_a_terminal(filled: Cli) -> None:
    *tables, shown_person = on_terminal(filled, *TABLES, ["person", "show", "Sam"])
    for command, shown in zip(TABLES, tables, strict=True):
        piped = filled.run(*command, code=1 if command == ["doctor"] else 0).stdout.splitlines()
        lines = shown.splitlines()
        assert lines[0].split() == piped[0].split("\t"), command
        assert len(lines) >= len(piped)
        assert "\t" not in shown
        assert "Error" not in shown
    # An id is its end, which is good for every command.
    end = tables[0].splitlines()[1].split()[0]
    assert len(end) == 8
    assert filled.json("couple", "show", end)["id"].endswith(end)
    # What people typed is not markup.
    assert "[/b] [red]Kim :smile: 🌻" in tables[1]
    assert shown_person == filled.run("person", "show", "Sam").stdout


def test_a_narrow_terminal_breaks_nothing(filled: Cli) -> None:
    for shown in on_terminal(filled, *TABLES[:3], columns=10):
        assert shown
        assert "Error" not in shown


@pytest.mark.parametrize("command", [["practice", "list"], ["-h"]])
def test_nobody_listening_any_more_is_no_error(cli: Cli, command: list[str]) -> None:
    """As in `attune practice list | head -0`."""
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [PROGRAM, *command],
        cwd=cli.home,
        env={"PATH": os.defpath},
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_a_full_disk_or_no_output_at_all_is_no_traceback(cli: Cli) -> None:
    script = f"{PROGRAM} notifier list >/dev/full; echo $?; {PROGRAM} notifier list >&-; echo $?"
    ended = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=cli.home,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ended.stdout == "1\n0\n"
    assert ended.stderr == "Error: The system refused: No space left on device; nothing half-done was kept.\n"


def test_neither_home_nor_unicode_is_needed(filled: Cli) -> None:
    """The environment has no HOME, no USER and no LANG; an old terminal's missing letters are spelt out."""
    listed = filled.process("person", "list", PYTHONIOENCODING="latin-1")
    assert (listed.returncode, listed.stderr) == (0, "")
    expected = filled.run("person", "list").stdout
    assert listed.stdout == expected.replace("🌻", "\\U0001f33b").replace("…", "\\u2026")


def test_the_home_is_an_option_a_variable_or_the_current_folder(cli: Cli, tmp_path: Path) -> None:
    made = cli.json("couple", "add")["id"]

    def listed(*options: str, **environment: str) -> str:
        result = CliRunner().invoke(attune, [*options, "couple", "list"], env=environment)
        return result.stdout if result.exit_code == 0 else result.stderr

    with contextlib.chdir(tmp_path):
        assert made in listed("--home", str(cli.home))
        assert made in listed(ATTUNE_HOME=str(cli.home))
        assert made in listed(ATTUNE_HOME="home")
        assert made in listed("--home", "home", ATTUNE_HOME="elsewhere")
        assert f"There is no key in {tmp_path}/secrets/" in listed()
    with contextlib.chdir(cli.home):
        assert made in listed()


def test_a_folder_that_is_gone_is_told_in_words(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    with contextlib.chdir(gone):
        gone.rmdir()
        result = CliRunner().invoke(attune, ["couple", "list"])
    assert result.exit_code == 2
    assert result.stderr == "Error: The current folder is gone; go to the installation's folder first.\n"


def test_tab_completes_without_what_is_slow(cli: Cli) -> None:
    asked = {"_ATTUNE_COMPLETE": "bash_complete", "COMP_WORDS": "attune ", "COMP_CWORD": "1"}
    assert cli.process(**asked).stdout.splitlines() == [f"plain,{name}" for name in COMMANDS]
    one = CliRunner().invoke(
        attune,
        prog_name="attune",
        env={"_ATTUNE_COMPLETE": "bash_complete", "COMP_WORDS": "attune nudge w", "COMP_CWORD": "2"},
    )
    assert one.stdout == "plain,why\n"


def test_the_version_is_told(cli: Cli) -> None:
    assert re.fullmatch(r"attune, version \d+\.\d+\.\d+\n", cli.run("--version").stdout)
