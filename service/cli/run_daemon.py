"""`attune run daemon`."""

import click

from service.cli import show
from service.cli.starting import ready, tell
from service.running.daemon import run_daemon


@click.command()
def daemon() -> None:
    """Plan and send, until Ctrl-C; any number of them may run."""
    with show.site() as site:
        ready(site)
        run_daemon(site, lambda words: tell(f"Attune: {words}"))
