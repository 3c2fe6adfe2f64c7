"""`attune doctor`."""

import sys

import click

from service import checks
from service.cli import show


@click.command()
@click.option("--offline", is_flag=True, help="Do not ask the providers.")
@show.as_json
def doctor(offline: bool, json_: bool) -> None:
    """Check the installation and say what to do.

    Exit code 1 if anything is wrong.
    """
    found = checks.all_checks(show.settings(), ask_providers=not offline)
    show.records([{"check": c.name, "ok": c.ok, "says": c.says} for c in found], json_, "")
    if not all(check.ok for check in found):
        sys.exit(1)
