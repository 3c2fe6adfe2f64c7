"""An installation made by `attune init`, and its command line, run for real."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli import attune
from service.configuring import load
from tests.world import NUMBERS, World

PROGRAM = Path(sys.executable).with_name("attune")
"""The console script, as it is installed."""
DAY_BY_THE_CLOCK = ("--day-starts", "00:00")
"""So that a person's day is the date, whenever the tests run."""
NOTHING: Mapping[str, str] = {}
CHANNEL = "\n[notifiers.phone]\n"


@dataclass(frozen=True)
class Cli:
    """The command line of one installation."""

    home: Path

    def run(self, *arguments: str, code: int = 0, env: Mapping[str, str] = NOTHING) -> Result:
        """Run a command inside this process and check its exit code."""
        result = CliRunner().invoke(attune, ["--home", str(self.home), *arguments], env=env)
        assert result.exit_code == code, f"{arguments}: {result.exit_code}\n{result.output}"
        return result

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)

    def lines(self, *arguments: str) -> list[list[str]]:
        """Return the cells of what a command prints into a pipe, its heading first."""
        return [line.split("\t") for line in self.run(*arguments).stdout.splitlines()]

    def refused(self, *arguments: str, code: int = 2, env: Mapping[str, str] = NOTHING) -> str:
        """Run a command that has to fail with one sentence and nothing written; return the sentence."""
        before = self.everything()
        result = self.run(*arguments, code=code, env=env)
        assert result.stdout == ""
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1, result.stderr
        assert "Something unexpected" not in result.stderr
        assert self.everything() == before
        return result.stderr.removeprefix("Error: ").rstrip("\n")

    def everything(self) -> tuple[list[str], list[str]]:
        """Return every row of the database, and the name of every file."""
        files = sorted(str(path) for path in self.home.rglob("*") if not path.name.endswith(("-wal", "-shm")))
        with sqlite3.connect(f"file:{self.home / 'attune.db'}?mode=ro", uri=True) as connection:
            rows = list(connection.iterdump())
        connection.close()
        return rows, files

    def process(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a command through the console script, as a process of its own."""
        return subprocess.run(
            [PROGRAM, *arguments],
            cwd=self.home,
            env={"PATH": os.defpath, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def enrol(self, name: str, *more: str) -> str:
        """Enrol somebody without quiet hours by the command line; return their id."""
        options = ("--sms", NUMBERS[name], "--zone", "UTC", "--quiet", "none", *DAY_BY_THE_CLOCK, *more)
        made: str = self.json("person", "add", name, *options)["id"]
        return made

    def couple(self) -> str:
        """Enrol Alex and Sam as a couple; return its id."""
        made: str = self.json("couple", "add")["id"]
        self.enrol("Alex", "--couple", made)
        self.enrol("Sam", "--couple", made)
        return made

    def set(self, name: str, value: str) -> None:
        """Write one more setting into attune.toml."""
        file = self.home / "attune.toml"
        file.write_text(f"{name} = {json.dumps(value)}\n{file.read_text('utf-8')}", "utf-8")

    def add(self, line: str) -> None:
        """Write one more line at the end of attune.toml, of the table that stands there."""
        with (self.home / "attune.toml").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def execute(self, statement: str, *values: object) -> list[Any]:
        """Run SQL on the database, behind Attune's back."""
        connection = sqlite3.connect(self.home / "attune.db")
        with connection:
            rows = connection.execute(statement, values).fetchall()
        connection.close()
        return rows


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `attune init` makes, with the simulator as its channel."""
    home = tmp_path_factory.mktemp("template") / "home"
    Cli(home).run("init", "--brand", "Nest", "--contact", "Kim, kim@example.org")
    with (home / "attune.toml").open("a", encoding="utf-8") as file:
        file.write(CHANNEL)
    return home


@pytest.fixture
def cli(template: Path, tmp_path: Path) -> Cli:
    """An empty installation of this test alone."""
    home = tmp_path / "home"
    shutil.copytree(template, home)
    return Cli(home)


@pytest.fixture
def world(cli: Cli) -> Iterator[World]:
    """The same installation from inside, a minute after all that the command line does in a test."""
    made = World.open(load(cli.home), datetime.now(UTC) + timedelta(minutes=1))
    yield made
    made.site.db.close()
