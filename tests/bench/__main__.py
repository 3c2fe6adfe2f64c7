"""Measure: `python -m tests.bench [NAME…] [--rounds N] [--raw FILE]`."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import click

from tests.bench import page, replies, schedules, streaks
from tests.bench.measure import Pair, measure, table

MEASUREMENTS: dict[str, Callable[[], Iterator[Pair]]] = {
    "streaks": streaks.pairs,
    "schedules": schedules.pairs,
    "page": page.pairs,
    "replies": replies.pairs,
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, type=click.Choice(list(MEASUREMENTS)))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1), help="How often each.")
@click.option("--raw", type=click.Path(path_type=Path), help="Write the seconds of each round, as JSON.")
def main(names: tuple[str, ...], rounds: int, raw: Path | None) -> None:
    """Print how long things take beside an alternative that gives the same answer: medians of some rounds."""
    rows = [measure(pair, rounds) for name in names or MEASUREMENTS for pair in MEASUREMENTS[name]()]
    if raw:
        raw.write_text(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1) + "\n")
    for line in table(rows):
        click.echo(line)


main()
