"""How results are shown: a table on a terminal, tab-separated text in a pipe, or one JSON document.

Data goes to stdout, words to stderr.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from enum import Enum
from pathlib import Path
from time import monotonic
from typing import TypeVar
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.configuring import home_folder, load
from service.settings import Settings
from service.site import Site, open_site

Record = Mapping[str, object]
Command = TypeVar("Command", bound=Callable[..., object])

END_OF_ID = 8
"""Digits of an id that a table shows: its end, which every command takes for the whole."""

QUICK_SECONDS = 2
QUIETLY_SECONDS = 10
"""Seconds between two lines of progress where nobody may be looking."""
DAY = click.DateTime(["%Y-%m-%d"])
as_json = click.option("--json", "json_", is_flag=True, help="Print one JSON document.")


def home() -> Path:
    """Return the folder of the installation that this command is about."""
    return home_folder(click.get_current_context().obj)


def settings() -> Settings:
    """Read the settings of the installation that this command is about."""
    return load(home())


def at_most(what: str, usual: int) -> Callable[[Command], Command]:
    """Return the option `--limit`: how many there are to be at the most."""
    return click.option(
        "--limit",
        default=usual,
        show_default=True,
        type=click.IntRange(1, 1000),
        help=f"{what} at the most.",
    )


@contextmanager
def site() -> Iterator[Site]:
    """Open the installation for one command."""
    opened = open_site(settings())
    try:
        yield opened
    finally:
        opened.db.close()


def say(words: str) -> None:
    """Say something to the person at the keyboard."""
    click.echo(words, err=True)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield what takes how much of how much is done, and shows it on stderr from the third second on."""
    began_at = said_at = monotonic()
    console = Console(stderr=True)

    def tell(done: int, total: int) -> None:
        nonlocal said_at
        now = monotonic()
        if now - began_at > QUICK_SECONDS and now - said_at > (1 if console.is_terminal else QUIETLY_SECONDS):
            said_at = now
            say(f"{what}: {done} of {total} …")

    yield tell


def records(rows: Sequence[Record], json_: bool, empty: str) -> None:
    """Show a list of records with the same keys; `empty` is said where there are none."""
    if json_:
        click.echo(json.dumps([_plain(row) for row in rows], ensure_ascii=False, indent=2))
    elif not rows:
        say(empty)
    elif sys.stdout and sys.stdout.isatty():  # There is none under `>&-`.
        _table(rows)
    else:
        click.echo("\t".join(rows[0]))
        for row in rows:
            click.echo("\t".join(_cell(value) for value in row.values()))


def record(row: Record, json_: bool) -> None:
    """Show one record, a line a key; the items of a list below each other."""
    if json_:
        click.echo(json.dumps(_plain(row), ensure_ascii=False, indent=2))
        return
    width = max(len(key) for key in row)
    for key, value in row.items():
        lines = [_cell(one) for one in value] if isinstance(value, list | tuple) else [_cell(value)]
        for name, line in zip([key, *[""] * len(lines)], lines or [_cell(None)], strict=False):
            click.echo(f"{name.ljust(width)}  {line}")


def _table(rows: Sequence[Record]) -> None:
    table = Table(*rows[0], box=None, pad_edge=False, header_style="bold")
    for row in rows:
        # As Text: what people typed is not markup.
        table.add_row(*(Text(_short(value)) for value in row.values()))
    Console().print(table)


def _short(value: object) -> str:
    match value:
        case UUID():
            return value.hex[-END_OF_ID:]
        case list() | tuple():
            return "\n".join(_cell(one) for one in value) or _cell(None)
        case _:
            return _cell(value)


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        case Enum():
            return str(value.value)
        case Mapping():
            return " ".join(_cell(one) for one in value.values() if one is not None)
        case list() | tuple():
            return ", ".join(_cell(one) for one in value) or _cell(None)
        case _:
            return str(value)


def _plain(value: object) -> object:
    match value:
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case Enum():
            return value.value
        case UUID():
            return str(value)
        case list() | tuple() | frozenset():
            return [_plain(one) for one in value]
        case _:
            return value
