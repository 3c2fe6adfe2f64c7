"""docs/performance.md says what `make bench` measured, and no other page gives a rate of its own."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from tests.bench import report
from tests.bench.__main__ import main
from tests.bench.figures import Figure, NotHere
from tests.bench.measure import Pair
from tests.docs.pages import PAGES

MEASURED: dict[str, Any] = json.loads(report.RAW.read_text("utf-8"))
FIGURES = [figure for found in MEASURED["measured"].values() for figure in found]
RATE = re.compile(
    r"(?<![\w.,])(\d[\d,]*(?:\.\d+)?)\s+(?:(?:messages|nudges|reminders|replies|posts|webhooks|sends)\s+)?"
    r"(?:(?:a|per)\s+second\b|/s\b)"
)
SET = {
    ("docs/twilio.md", "1"),
    ("docs/settings.md", "1"),
}
"""Rates that are settings or a provider's limits, and were not measured."""


def test_the_page_is_made_of_the_rows_beside_it() -> None:
    assert report.PAGE.read_text("utf-8") == report.page(MEASURED)


def test_each_figure_is_the_median_of_its_rounds() -> None:
    with_rounds = [figure for figure in FIGURES if figure["raw"]]
    assert with_rounds
    for figure in with_rounds:
        assert figure["value"] == pytest.approx(median(figure["raw"])), figure["what"]


@pytest.mark.parametrize("page", [page for page in PAGES if page != report.PAGE], ids=lambda page: page.name)
def test_no_page_gives_a_rate_that_was_not_measured(page: Any) -> None:
    of_page = str(page.relative_to(report.ROOT))
    measured = {
        report.shown(value) for figure in FIGURES for value in (figure["value"], figure["other"] or 0)
    }
    given = {rate for rate in RATE.findall(page.read_text("utf-8")) if (of_page, rate) not in SET}
    assert given <= measured


def test_a_rate_is_seen_in_any_of_its_forms() -> None:
    said = "takes 6,000 messages a second, or 12.5 /s; 3 nudges per second; 5 seconds"
    assert RATE.findall(said) == ["6,000", "12.5", "3"]


def test_the_page_shows_both_figures_their_ratio_and_what_failed() -> None:
    figure = {"what": "posts", "value": 300.0, "unit": "/s", "beside": "bare", "other": 400.0, "raw": [300.0]}
    slower = figure | {"what": "wait", "unit": "ms", "value": 50.0, "other": 25.0}
    made = report.page(MEASURED | {"measured": {"hooks": [figure, slower]}, "failed": {"rush": "no room."}})
    assert "| posts | 300 /s | 400 /s | bare | 0.75 |" in made
    assert "| wait | 50 ms | 25 ms | bare | 0.50 |" in made
    assert "Not measured: no room." in made


def test_one_that_fails_is_told_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(scale: float) -> Iterator[Figure]:
        yield Figure("half of it", scale, "/s", raw=[scale])
        raise RuntimeError("The disk is full.\nAnd more.")

    monkeypatch.setitem(sys.modules, "tests.bench.flat", SimpleNamespace(figures=broken))
    pair = Pair("a sum", lambda: sum(range(9)), "by hand", lambda: 36)
    monkeypatch.setitem(sys.modules, "tests.bench.rush", SimpleNamespace(pairs=lambda: iter([pair])))
    raw = tmp_path / "raw.json"
    ran = CliRunner().invoke(main, ["flat", "rush", "--scale", "0.5", "--rounds", "2", "--raw", str(raw)])

    assert ran.exit_code == 1
    assert "flat was not measured to its end: RuntimeError: The disk is full.\n" in ran.stdout
    assert "And more" not in ran.output
    written = json.loads(raw.read_text("utf-8"))
    assert written["measured"]["flat"][0]["raw"] == [0.5]
    (summed,) = written["measured"]["rush"]
    assert (len(summed["raw"]), summed["beside"]) == (2, "by hand")


def test_what_a_machine_lacks_is_told_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def lacking(scale: float) -> Iterator[Figure]:
        yield Figure("half of it", scale, "/s", raw=[scale])
        raise NotHere("Redis is not installed.")

    monkeypatch.setitem(sys.modules, "tests.bench.flat", SimpleNamespace(figures=lacking))
    raw = tmp_path / "raw.json"
    ran = CliRunner().invoke(main, ["flat", "--raw", str(raw)])

    assert ran.exit_code == 0
    assert "flat was not measured to its end: Redis is not installed.\n" in ran.stdout
    made = report.page(json.loads(raw.read_text("utf-8")))
    assert made.count("## Flat") == 1
    assert "| half of it | 1 /s | - | - | - |\n\nNot measured to the end: Redis is not installed.\n" in made
