"""`attune up`, `attune demo`, `attune run daemon`, `attune run web`, `attune run worker`."""

import sys

import click

from service import log, running
from service.cli import show
from service.engine import installed
from service.errors import WrongUsage
from service.site import Site


@click.command()
def up() -> None:
    """Run the daemon and the web server in one process, until Ctrl-C."""
    with show.site() as site:
        _ready(site)
        running.run_up(
            site,
            site.settings.host,
            site.settings.port,
            lambda url: _tell(f"Attune is at work; web server on {url}"),
        )


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=8017,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port to listen on; 0: any free one.",
)
def demo(host: str, port: int) -> None:
    """Show everything with an invented couple and a clock that you step.

    It runs until Ctrl-C, needs no account and no network, and leaves nothing behind.
    """
    log.set_up("warning")
    running.run_demo(host, port, lambda url: _tell(f"Open {url} in a browser. Ctrl-C ends it."))


@click.group()
def run() -> None:
    """Run the daemon, the web server or a worker alone."""


@run.command()
def daemon() -> None:
    """Plan and send, until Ctrl-C; any number of them may run."""
    with show.site() as site:
        _ready(site)
        running.run_daemon(site, lambda words: _tell(f"Attune: {words}"))


@run.command()
def web() -> None:
    """Serve providers' hooks and people's pages, until Ctrl-C."""
    with show.site() as site:
        log.set_up(site.settings.log_level, site.settings.log_format)
        running.run_web(
            site,
            site.settings.host,
            site.settings.port,
            lambda url: _tell(f"Attune's web server is on {url}"),
        )


@run.command()
def worker() -> None:
    """Plan and send beside any number of workers on one PostgreSQL, until Ctrl-C.

    Start as many as you like, on as many machines as you like: they share the database and the key, and need
    no list of each other. docs/cluster.md says how.
    """
    engine = installed.cluster_engine()
    running.make_first_tables(show.settings())
    with show.site() as site:
        _ready(site)
        running.run_worker(site, engine(site), lambda words: _tell(f"Attune: {words}"))


def _ready(site: Site) -> None:
    log.set_up(site.settings.log_level, site.settings.log_format)
    if not site.notifiers:
        raise WrongUsage(
            "No channel is set up, so nothing could be sent; add [notifiers.twilio] or [notifiers.smtp] "
            "to attune.toml."
        )


def _tell(words: str) -> None:
    click.echo(words)
    sys.stdout.flush()
