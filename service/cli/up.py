"""`attune up`."""

import click

from service.cli import show
from service.cli.starting import ready, tell
from service.running import web


@click.command()
def up() -> None:
    """Run the daemon and the web server in one process, until Ctrl-C."""
    with show.site() as site:
        ready(site)
        web.run_up(
            site,
            site.settings.host,
            site.settings.port,
            lambda url: tell(f"Attune is at work; web server on {url}"),
        )
