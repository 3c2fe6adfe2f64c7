"""Where the files of deploy/ lie, and the foreign tools that check them."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def tool(name: str, package: str) -> str:
    """Return the path of a tool, from this environment or the system; skip the test where there is none."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which(name, path=places)
    if found is None:
        pytest.skip(f"There is no {name} here; install {package}.")
    return found
