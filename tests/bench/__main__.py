"""Measure: `python -m tests.bench [NAME…] [--rounds N] [--scale X] [--raw FILE] [--write]`."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import click

from tests.bench import report
from tests.bench.figures import Figure, NotHere
from tests.bench.measure import measure

NAMES = (
    "streaks",
    "schedules",
    "page",
    "replies",
    "planning",
    "flat",
    "rush",
    "hooks",
    "wal",
    "alternatives",
)
"""Modules beside this one: each has `pairs()`, two ways to one answer, or `figures(scale)`."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option(
    "--rounds", default=5, show_default=True, type=click.IntRange(min=1), help="How often each pair is timed."
)
@click.option(
    "--scale", default=1.0, show_default=True, type=click.FloatRange(min=0.001), help="1 for the full size."
)
@click.option("--raw", type=click.Path(path_type=Path), help="Write all rounds, as JSON.")
@click.option("--write", is_flag=True, help="Write docs/performance.md, and all rounds beside it.")
def main(names: tuple[str, ...], rounds: int, scale: float, raw: Path | None, write: bool) -> None:
    """Print how fast things are beside an alternative in the same run: medians, and ratios.

    One that cannot be measured is told in a sentence, and the others go on; the exit code is 1 then, but not
    for what this machine lacks.
    """
    begun = time.monotonic()
    found: dict[str, list[Figure]] = {}
    failed: dict[str, str] = {}
    has_failed = False
    for name in names or NAMES:
        figures: list[Figure] = []
        try:
            for figure in _figures(name, rounds, scale):
                figures.append(figure)
                _tell(f"{time.monotonic() - begun:5.0f} s  {report.line(figure)}")
        except Exception as error:
            failed[name] = str(error) if isinstance(error, NotHere) else _why(error)
            has_failed |= not isinstance(error, NotHere)
            _tell(f"{time.monotonic() - begun:5.0f} s  {name} was not measured to its end: {failed[name]}")
        if figures:
            found[name] = figures
    measured = report.document(found, failed, scale, time.monotonic() - begun)
    for file in (raw, report.RAW if write else None):
        if file:
            file.write_text(json.dumps(measured, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if write:
        report.PAGE.write_text(report.page(measured), "utf-8")
    for line in report.table([asdict(figure) for figures in found.values() for figure in figures]):
        click.echo(line)
    for name, why in failed.items():
        click.echo(f"{name} was not measured to its end: {why}")
    sys.exit(1 if has_failed else 0)


def _figures(name: str, rounds: int, scale: float) -> Iterator[Figure]:
    _tell(f"{name} …")
    module = import_module(f"tests.bench.{name}")
    if hasattr(module, "figures"):
        yield from module.figures(scale)
    else:
        yield from (report.of_row(measure(pair, rounds)) for pair in module.pairs())


def _why(error: Exception) -> str:
    """Return the first line of what went wrong; the rest of it is of no use in a table."""
    return f"{type(error).__name__}: {(str(error).strip() or 'no words').splitlines()[0]}"


def _tell(words: str) -> None:
    click.echo(words, err=True)


if __name__ == "__main__":
    main()
