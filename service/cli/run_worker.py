"""`attune run worker`."""

import click

from service.cli import show
from service.cli.starting import ready, tell
from service.engine import installed
from service.running.worker import make_first_tables, run_worker


@click.command()
def worker() -> None:
    """Plan and send beside any number of workers on one PostgreSQL, until Ctrl-C.

    Start as many as you like, on as many machines as you like: they share the database and the key, and need
    no list of each other. docs/cluster.md says how.
    """
    engine = installed.cluster_engine()
    make_first_tables(show.settings())
    with show.site() as site:
        ready(site)
        run_worker(site, engine(site), lambda words: tell(f"Attune: {words}"))
