"""A whole Attune as an admin runs it: `attune init` in a folder, then processes of their own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from click.testing import CliRunner
from sqlalchemy.orm import Session

from service.cli import attune
from service.db import Database

PROGRAM = Path(sys.executable).with_name("attune")
"""The console script, as it is installed."""
PATIENCE = 90
"""Seconds to wait for what takes one or two when nothing else runs, or for the next minute to begin."""
STOPS_WITHIN = 20
"""Seconds: ten times what Ctrl-C takes, for a busy machine; what hangs is found all the same."""


def eventually(what: str, happened: Callable[[], object]) -> None:
    """Wait until something has happened in another process; fail, naming it, if it does not."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"This did not happen: {what}."
        time.sleep(0.05)


@dataclass
class Running:
    """A process that has said that it is at work."""

    process: subprocess.Popen[str]
    said: str
    """Its first line."""
    log: Path
    """What it has written to stderr."""

    @property
    def url(self) -> str:
        """The address in its first line."""
        return next(word for word in self.said.split() if word.startswith("http://"))

    def stop(self, number: signal.Signals) -> None:
        """End it by a signal: at once, and cleanly."""
        self.process.send_signal(number)
        assert self.process.wait(STOPS_WITHIN) == 0, self.log.read_text()

    def assert_silent_about(self, *private: str) -> None:
        """Nothing private has been logged, and nothing went wrong that nobody expected."""
        log = self.log.read_text()
        assert [word for word in (*private, "Traceback", '"level": "error"') if word in log] == []


@dataclass
class Installation:
    """A folder, the settings of its environment, and the command line."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def attune(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command as a process and check its exit code."""
        done = subprocess.run(
            [PROGRAM, *arguments],
            env=self._environment(),
            cwd=self.home.parent,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def here(self, *arguments: str, code: int = 0) -> Any:
        """Run a command with `--json` inside this process, where the process is not what is tried."""
        environment = {"ATTUNE_HOME": str(self.home), **self.environment}
        done = CliRunner().invoke(attune, [*arguments, "--json"], env=environment)
        assert done.exit_code == code, f"{arguments}: {done.exit_code}\n{done.output}"
        return json.loads(done.stdout)

    def refused_here(self, *arguments: str) -> str:
        """The same as `refused`, inside this process."""
        environment = {"ATTUNE_HOME": str(self.home), **self.environment}
        done = CliRunner().invoke(attune, arguments, env=environment)
        assert (done.exit_code, done.stdout) == (1, "")
        return _sentence(done.stderr)

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.attune(*arguments, "--json", code=code).stdout)

    def refused(self, *arguments: str) -> str:
        """Run a command that has to fail with exit code 1 and one sentence; return the sentence."""
        done = self.attune(*arguments, code=1)
        assert done.stdout == ""
        return _sentence(done.stderr)

    @contextmanager
    def rows(self) -> Iterator[Session]:
        """Look into the database."""
        url = self.environment.get("ATTUNE_DATABASE_URL", f"sqlite:///{self.home / 'attune.db'}")
        database = Database(url)
        with database.write() as session:
            yield session
        database.close()

    def set_secret(self, name: str, value: str) -> None:
        (self.home / "secrets").mkdir(parents=True, exist_ok=True)
        (self.home / "secrets" / name).write_text(value + "\n")

    @contextmanager
    def running(self, *arguments: str) -> Iterator[Running]:
        """Run a command that goes on until it is ended; whatever happens, it does not outlive the block."""
        self.home.mkdir(exist_ok=True)
        log = self.home.parent / f"{'-'.join(arguments)}.log"
        with (
            log.open("w") as stderr,
            subprocess.Popen(
                [PROGRAM, *arguments],
                env=self._environment(),
                cwd=self.home.parent,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            ) as process,
        ):
            try:
                yield Running(process, _first_line(process), log)
            finally:
                process.kill()

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return kept | {"ATTUNE_HOME": str(self.home), "ATTUNE_PORT": "0"} | self.environment


def _sentence(said: str) -> str:
    assert said.startswith("Error: ")
    assert said.count("\n") == 1, said
    assert "unexpected" not in said
    return said.removeprefix("Error: ").rstrip("\n")


def _first_line(process: subprocess.Popen[str]) -> str:
    """Return what a process says first; one that says nothing for long is killed."""
    stdout: IO[str] | None = process.stdout
    assert stdout is not None
    guard = threading.Timer(PATIENCE, process.kill)
    guard.start()
    said = stdout.readline()
    guard.cancel()
    assert said, "The process ended, or hung, before it said anything."
    return said
