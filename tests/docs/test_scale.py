"""docs/scale.md shows the table that docs/scale.py prints, and its arithmetic is right."""

import runpy
import subprocess
import sys

import pytest

from service.models import Row
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
    row, _ = [line for line in one.splitlines() if line.startswith("| 1,000 ")]
    assert " 1,800 " in row  # Dollars: 3,000 messages of 1.2 segments at half a dollar.


def test_the_day_lasts_as_long_as_it_says() -> None:
    script = runpy.run_path(str(SCRIPT))
    assumed, worst_wait = script["Assumed"], script["worst_wait"]
    for share, minutes in ((0.02, 10.0), (0.02, 30.0), (0.002, 5.0)):
        one = assumed(busiest_minute=share, drained_in_minutes=minutes)
        assert sum(script["due_by_minute"](one)) == pytest.approx(1)
        assert worst_wait(one) >= minutes
    assert worst_wait(assumed()) == 10
    # If nearly all minutes bring as much as the busiest, the queue grows on and on.
    assert worst_wait(assumed(busiest_minute=0.0012, drained_in_minutes=30.0)) > 30


def test_what_stands_there_of_the_tables_is_so() -> None:
    tables = Row.metadata.sorted_tables
    of_people = {table.name for table in tables if "person_id" in table.c}
    assert f"Besides `person` itself {len(of_people)} have `person_id`" in PAGE
    assert {table.name for table in tables if "couple_id" in table.c} == {"person", "habit"}
    assert "Only `person` and `habit` know the couple" in PAGE
    others = {table.name for table in tables} - of_people - {"person", "couple"}
    assert all(f"`{name}`" in PAGE for name in others)
