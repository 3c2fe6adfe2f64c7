"""What was measured, in one table: printed, kept with all rounds as JSON, and written down for readers.

The page for readers is made of the JSON alone, so that no figure stands in it that was not measured.
"""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests import postgres
from tests.bench.figures import Figure
from tests.bench.measure import Row

ROOT = Path(__file__).parents[2]
PAGE, RAW = ROOT / "docs" / "performance.md", ROOT / "docs" / "performance.json"
HEAD = ("what", "measured", "beside it", "", "ratio")
UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
INTRODUCTION = """\
# How fast it is, and beside what

`make bench ARGS=--write` measures all of this in one run, each figure beside its alternative, and writes this
page; `performance.json` beside it has every round. Nobody types a figure in here.

The ratio is how many times as good the first is: of rates itself by the other, of all else the other by it.
Medians of some rounds; "-" where there is nothing to compare with.
"""


def of_row(row: Row) -> Figure:
    """Return what a pair of ways came to, in the unit in which ours is at least 1."""
    ours = median(row.ours)
    unit, size = next((one for one in UNITS if ours >= one[1]), UNITS[-1])
    other = median(row.others) / size if row.others else None
    return Figure(row.what, ours / size, unit, row.beside, other, [seconds / size for seconds in row.ours])


def ratio(figure: dict[str, Any]) -> float | None:
    """Return how many times as good ours is: more is better of a rate, less of all else."""
    ours, other = figure["value"], figure["other"]
    if not ours or not other:  # There is no saying how many times as good nothing is.
        return None
    return float(ours / other if figure["unit"].endswith("/s") else other / ours)


def table(figures: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a plain table."""
    rows = [HEAD, *(_cells(figure) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for what, ours, other, beside, times in rows:
        yield (
            f"{what:{widths[0]}}  {ours:>{widths[1]}}  {other:>{widths[2]}}  {beside:{widths[3]}}"
            f"  {times:>{widths[4]}}"
        ).rstrip()


def _cells(figure: dict[str, Any]) -> tuple[str, str, str, str, str]:
    times, other = ratio(figure), figure["other"]
    return (
        figure["what"],
        f"{shown(figure['value'])} {figure['unit']}".strip(),
        "" if other is None else f"{shown(other)} {figure['unit']}",
        figure["beside"],
        "" if times is None else shown(times),
    )


def line(figure: Figure) -> str:
    """Return one figure in words, for whoever waits."""
    beside = "" if figure.other is None else f" ({figure.beside}: {shown(figure.other)})"
    return f"{figure.what}: {shown(figure.value)} {figure.unit}{beside}"


def shown(value: float) -> str:
    """Return a figure with three digits that count, a large one in whole numbers."""
    if value == int(value):
        return f"{value:,.0f}"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def document(
    figures: dict[str, list[Figure]], failed: dict[str, str], scale: float, seconds: float
) -> dict[str, Any]:
    """Return all that was measured, and on what."""
    return {
        "on": _machine(),
        "scale": scale,
        "minutes": round(seconds / 60, 1),
        "failed": failed,
        "measured": {name: [asdict(figure) for figure in found] for name, found in figures.items()},
    }


def page(measured: dict[str, Any]) -> str:
    """Return the page for readers."""
    on = measured["on"]
    lines = [
        INTRODUCTION,
        f"Measured on {on['date']}, of commit {on['commit']}, in {measured['minutes']:g} minutes, at "
        f"{measured['scale']:g} of the full size, on {on['cores']} cores ({on['processor']}), with Python "
        f"{on['python']}, SQLite {on['sqlite']} and {on['postgresql'] or 'no PostgreSQL'}; the databases and "
        f"what posts to us share the cores. {on['load']:g} other processes ran or waited when it began.",
    ]
    for name in {**measured["measured"], **measured["failed"]}:
        lines += ["", f"## {name.capitalize()}"]
        if figures := measured["measured"].get(name):
            lines += ["", f"| {' | '.join(HEAD)} |", "|---|---:|---:|---|---:|"]
            lines += [f"| {' | '.join(cell or '-' for cell in _cells(figure))} |" for figure in figures]
        if why := measured["failed"].get(name):
            lines += ["", f"Not measured{' to the end' if figures else ''}: {why}"]
    return "\n".join(lines) + "\n"


def _machine() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": _commit(),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": _postgresql(),
    }


def _commit() -> str:
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    found = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(found, platform.machine())


def _postgresql() -> str | None:
    folder = postgres.folder_of_binaries()
    if folder is None:
        return None
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    return " ".join(said.stdout.replace("(PostgreSQL)", "").split()[:2]).replace("postgres ", "PostgreSQL ")
