"""Prove it on both stores: `make crash`, or `python -m tests.crash -h`."""

import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import click

from service import log, proving
from service.proving import Course
from tests.crash import stores, sweep
from tests.crash.stores import STORES

SEED = 20260302


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--kills", default=200, show_default=True, type=click.IntRange(1), help="On each store.")
@click.option("--people", default=4, show_default=True, type=click.IntRange(1), help="Joining between two.")
@click.option("--seconds", default=1.5, show_default=True, help="The longest that a daemon lives.")
@click.option("--seed", default=SEED, show_default=True, help="When to kill.")
@click.option("--store", "chosen", multiple=True, type=click.Choice(STORES), help="On this one only.")
@click.option("--bytes/--no-bytes", "bytes_", default=True, help="At every byte of an exchange as well.")
def main(kills: int, people: int, seconds: float, seed: int, chosen: tuple[str, ...], bytes_: bool) -> None:
    """Kill Attune at random instants, on SQLite and on PostgreSQL, and print the ledgers."""
    log.set_up("error")
    clean = True
    for store in chosen or STORES:
        for end in (sweep.kill, sweep.cut) if bytes_ else ():
            with stores.database(store) as url, tempfile.TemporaryDirectory() as folder:
                swept = end(Path(folder), url, sweep.every_byte)
            click.echo(f"\n{store}: {end.__name__} at every byte")
            _show(asdict(swept))
            clean = clean and not (swept.doubles or swept.wrong)
        with stores.database(store) as url:
            found = proving.prove(Course(kills, people, seconds, seed, url), _progress(store, kills))
        click.echo(f"\n{store}: killed at random instants")
        _show(found.as_record())
        clean = clean and found.is_proof
    sys.exit(not clean)


def _show(row: Mapping[str, object]) -> None:
    for name, value in row.items():
        click.echo(f"  {name.ljust(30)} {value}")


def _progress(store: str, kills: int) -> Callable[[int], None]:
    def tell(nth: int) -> None:
        if nth % 10 == 0 or nth == kills:
            click.echo(f"{store}: {nth} of {kills} kills", err=True)

    return tell


if __name__ == "__main__":
    main()
