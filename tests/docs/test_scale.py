"""docs/scale.md shows the table that docs/scale.py prints, and its arithmetic is right."""

import runpy
import subprocess
import sys

import pytest

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "scale.md").read_text("utf-8")
SCRIPT = ROOT / "docs" / "scale.py"


def printed(*options: str) -> str:
    return subprocess.run(
        [sys.executable, SCRIPT, *options], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_the_page_shows_what_the_script_prints() -> None:
    assert printed() in PAGE
    assert len(PAGE.splitlines()) <= 150


def test_what_is_assumed_can_be_changed() -> None:
    one = printed("--people", "1000", "--nudges-a-day", "2", "--answered", "0.5", "--price", "0.5")
    assert "| 1,000 | 2,000 | 3,000 |" in one
    (row,) = [line for line in one.splitlines() if line.startswith("| 1,000 ")]
    assert " 1,800 " in row  # Dollars: 3,000 messages of 1.2 segments at half a dollar.


@pytest.fixture(scope="module")
def script() -> dict[str, object]:
    return runpy.run_path(str(SCRIPT))
