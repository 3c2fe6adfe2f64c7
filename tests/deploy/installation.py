"""An installation on disk, as backup.sh meets it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.tools import DEPLOY

SCRIPT = DEPLOY / "backup.sh"
KEY = "attune1:a-key-that-opens-everything"


@dataclass(frozen=True)
class Place:
    """An installation's home and, beside it, a folder for copies."""

    home: Path
    copies: Path

    def back_up(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        programs = {"PATH": os.environ["PATH"], "PYTHON": sys.executable}
        environment = programs | {"ATTUNE_HOME": str(self.home)} | settings
        command = ["sh", str(SCRIPT), *(arguments or [str(self.copies)])]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def left(self) -> list[str]:
        return sorted(path.name for path in self.copies.iterdir())


def assert_one_sentence(done: subprocess.CompletedProcess[str], about: str) -> None:
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("attune backup: ")
    assert about in done.stderr
