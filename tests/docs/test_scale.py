"""docs/scale.md shows the table that docs/scale.py prints, and its arithmetic is right."""

import json
import runpy
import subprocess
import sys
from typing import Any

import pytest

from service.models import Row
from tests.bench import report
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "scale.md").read_text("utf-8")
MEASURED: dict[str, Any] = json.loads(report.RAW.read_text("utf-8"))
STEPS = (
    "WAL of planning",
    "WAL of claiming and recording",
    "WAL of a report that it arrived",
    "WAL of what an answer leaves",
    "WAL of emptying its words after 30 days",
    "WAL of dropping its rows after 400 days",
)
SCRIPT = ROOT / "docs" / "scale.py"


def printed(*options: str) -> str:
    return subprocess.run(
        [sys.executable, SCRIPT, *options], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_the_page_shows_what_the_script_prints() -> None:
    assert printed() in PAGE
    assert len(PAGE.splitlines()) <= 150


def measured(what: str) -> dict[str, Any]:
    """Return the one figure of docs/performance.json whose name ends so."""
    found: list[dict[str, Any]] = [figure for figures in MEASURED["measured"].values() for figure in figures]
    (one,) = [figure for figure in found if figure["what"].endswith(what) and figure["unit"] != "ms"]
    return one


def test_what_a_core_is_reckoned_to_do_was_measured() -> None:
    reckoned, cores = runpy.run_path(str(SCRIPT))["RECKONED"], MEASURED["on"]["cores"]
    for rate, what in (
        (reckoned.sent, "PostgreSQL, 4 workers: planned and sent"),
        (reckoned.posts, "signed webhook, PostgreSQL"),
        (reckoned.answers, "signed webhook, PostgreSQL, understood and answered too"),
    ):
        assert rate <= measured(what)["value"] / cores <= 1.5 * rate, what
    assert measured("its rows and indexes on disk, words included")["value"] <= reckoned.disk


def test_the_bytes_of_a_message_were_measured() -> None:
    reckoned, cells, rows = runpy.run_path(str(SCRIPT))["RECKONED"], [], 0
    for what in STEPS:
        figure = measured(what)
        cells.append((round(figure["value"]), figure["other"] and round(figure["other"])))
        rows += f"| {cells[-1][0]:,} | {f'{cells[-1][1]:,}' if cells[-1][1] else '-'} |\n" in PAGE
    assert rows == len(STEPS)
    written, apart = (sum(cell[place] or cell[0] for cell in cells) for place in (0, 1))
    assert f"| **together** | **{written:,}** | **{apart:,}** |" in PAGE
    assert written <= reckoned.wal
    assert apart <= reckoned.wal_apart


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
