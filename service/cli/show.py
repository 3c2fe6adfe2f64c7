"""How results are shown: a table on a terminal, tab-separated text in a pipe, or one JSON document."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import Enum
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from service.settings import load
from service.site import Site, open_site

Record = Mapping[str, object]


as_json = click.option("--json", "json_", is_flag=True, help="Print one JSON document.")


@contextmanager
def site() -> Iterator[Site]:
    """Open the installation for one command."""
    opened = open_site(load())
    try:
        yield opened
    finally:
        opened.db.close()


def records(rows: Sequence[Record], json_: bool, empty: str) -> None:
    """Show a list of records with the same keys; `empty` is said, on stderr, where there are none."""
    if json_:
        click.echo(json.dumps([_plain(row) for row in rows], ensure_ascii=False, indent=2))
    elif not rows:
        click.echo(empty, err=True)
    elif sys.stdout.isatty():
        _table(rows)
    else:
        click.echo("\t".join(rows[0]))
        for row in rows:
            click.echo("\t".join(_cell(value) for value in row.values()))


def record(row: Record, json_: bool) -> None:
    """Show one record, a line a key."""
    if json_:
        click.echo(json.dumps(_plain(row), ensure_ascii=False, indent=2))
        return
    width = max(len(key) for key in row)
    for key, value in row.items():
        lines = _cell(value).split("\n")
        click.echo(f"{key.ljust(width)}  {lines[0]}")
        for line in lines[1:]:
            click.echo(f"{' ' * width}  {line}")


def _table(rows: Sequence[Record]) -> None:
    table = Table(*rows[0], box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console().print(table)


def _plain(value: object) -> object:
    match value:
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Enum():
            return value.value
        case UUID():
            return str(value)
        case list() | tuple() | frozenset():
            return [_plain(one) for one in value]
        case _:
            return value


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
        case list() | tuple():
            return "\n".join(_cell(one) for one in value) or "-"
        case _:
            return str(value)
