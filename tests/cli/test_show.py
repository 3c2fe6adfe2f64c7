"""How results look on a terminal and in a pipe, through the console script."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import PROGRAM, Cli

TABLES = [
    ["couple", "list"],
    ["person", "list"],
    ["practice", "list"],
    ["habit", "list"],
    ["reminder", "list"],
    ["schedule", "preview", "daily 20:00"],
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
    for command, shown in zip(TABLES, on_terminal(filled, *TABLES), strict=True):
        piped = filled.run(*command, code=1 if command == ["doctor"] else 0).stdout.splitlines()
        lines = shown.splitlines()
        assert lines[0].split() == piped[0].split("\t"), command
        assert len(lines) >= len(piped)
        assert "\t" not in shown
        assert "Traceback" not in shown


def test_an_id_in_a_table_is_its_end_and_good_for_every_command(filled: Cli) -> None:
    (table,) = on_terminal(filled, ["couple", "list"])
    end = table.splitlines()[1].split()[0]
    assert len(end) == 8
    assert filled.json("couple", "show", end)["id"].endswith(end)


def test_what_people_typed_is_not_markup(filled: Cli) -> None:
    (table,) = on_terminal(filled, ["person", "list"])
    assert "[/b] [red]Kim :smile: 🌻" in table


def test_a_narrow_terminal_breaks_nothing(filled: Cli) -> None:
    for shown in on_terminal(filled, *TABLES, columns=20):
        assert shown
        assert "Traceback" not in shown


def test_one_record_is_the_same_everywhere(filled: Cli) -> None:
    (shown,) = on_terminal(filled, ["person", "show", "Sam"])
    assert shown == filled.run("person", "show", "Sam").stdout


def test_nobody_listening_any_more_is_no_error(filled: Cli) -> None:
    """As in `attune practice show gratitude | head -0`."""
    for command in (
        ["person", "list"],
        ["practice", "show", "gratitude"],
        ["practice", "list", "--json"],
        ["-h"],
    ):
        reader, writer = os.pipe()
        os.close(reader)
        ended = subprocess.run(
            [PROGRAM, *command],
            cwd=filled.home,
            env={"PATH": os.defpath},
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
            timeout=30,
        )
        os.close(writer)
        assert (ended.returncode, ended.stderr) == (1, b"")


def test_letters_that_a_terminal_does_not_have_are_spelt_out(filled: Cli) -> None:
    listed = filled.process("person", "list", PYTHONIOENCODING="ascii")
    assert listed.returncode == 0
    assert "Kim :smile: \\U0001f33b" in listed.stdout
    refused = filled.process(
        "person", "add", "李雷", "--sms", "1", "--zone", "柏林", PYTHONIOENCODING="ascii"
    )
    assert refused.returncode == 2
    assert refused.stderr.startswith("Error: ")


def test_no_home_is_needed(filled: Cli) -> None:
    """The process has an environment without HOME, USER, LANG and all."""
    listed = filled.process("couple", "list", "--json")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert listed.stdout == filled.run("couple", "list", "--json").stdout


def test_the_home_is_an_option_a_variable_or_the_current_folder(filled: Cli, tmp_path: Path) -> None:
    here = filled.process("couple", "list").stdout
    away = Cli(tmp_path)
    assert away.process("--home", str(filled.home), "couple", "list").stdout == here
    assert away.process("couple", "list", ATTUNE_HOME=str(filled.home)).stdout == here
    assert away.process("couple", "list", ATTUNE_HOME="home").stdout == here
    assert away.process("--home", "home", "couple", "list", ATTUNE_HOME="elsewhere").stdout == here
    assert away.process("couple", "list").returncode == 1


def test_a_folder_that_is_gone_is_told_in_words(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    ended = subprocess.run(
        ["/bin/sh", "-c", f"rmdir ../gone && exec {PROGRAM} couple list"],
        cwd=gone,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 2
    assert ended.stderr == "Error: The current folder is gone; go to the installation's folder first.\n"


def test_tab_completes(cli: Cli) -> None:
    asked = {"_ATTUNE_COMPLETE": "bash_complete", "COMP_WORDS": "attune nudge w", "COMP_CWORD": "2"}
    assert cli.process(**asked).stdout == "plain,why\n"
    assert "_ATTUNE_COMPLETE=bash_complete" in cli.process(_ATTUNE_COMPLETE="bash_source").stdout


def test_the_version_is_told(cli: Cli) -> None:
    assert re.fullmatch(r"attune, version \d+\.\d+\.\d+\n", cli.process("--version").stdout)
