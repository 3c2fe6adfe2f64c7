"""`attune prove`."""

import random
import sys

import click
from rich.console import Console
from rich.progress import Progress

from service import log, proving
from service.cli import show
from service.proving import Course


@click.command()
@click.option("--kills", default=25, show_default=True, type=click.IntRange(1, 10_000), help="How often.")
@click.option(
    "--people",
    default=4,
    show_default=True,
    type=click.IntRange(1, 50),
    help="How many invented people join between two kills; each gets four messages and answers two.",
)
@click.option(
    "--seconds",
    default=1.5,
    show_default=True,
    type=click.FloatRange(0.1, 60),
    help="How long the daemon lives at the most before it is killed.",
)
@click.option("--seed", type=int, help="When to kill; a report names it, and the same one kills alike.")
@click.option("--database-url", metavar="URL", help="An empty PostgreSQL database; otherwise SQLite is used.")
@show.as_json
def prove(
    kills: int, people: int, seconds: float, seed: int | None, database_url: str | None, json_: bool
) -> None:
    """Kill a throw-away Attune again and again, and count what went out.

    It is killed at random instants, and a stand-in for the provider counts. Needs no account and no network;
    your own installation and its database are not touched. Exit code 1 if a message was sent twice or lost.
    docs/prove.md says how to read the ledger.
    """
    log.set_up("error")
    chosen = random.SystemRandom().randrange(10**6) if seed is None else seed
    course = Course(kills, people, seconds, chosen, database_url)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(f"Killing the daemon (seed {chosen})", total=kills)
        found = proving.prove(course, lambda nth: progress.update(task, completed=nth))
    show.record(found.as_record(), json_)
    if not found.is_proof:
        sys.exit(1)
