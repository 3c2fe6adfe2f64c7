"""`attune run web`."""

import click

from service import log
from service.cli import show
from service.cli.starting import tell
from service.running.web import run_web


@click.command()
def web() -> None:
    """Serve providers' hooks and people's pages, until Ctrl-C."""
    with show.site() as site:
        log.set_up(site.settings.log_level, site.settings.log_format)
        run_web(
            site,
            site.settings.host,
            site.settings.port,
            lambda url: tell(f"Attune's web server is on {url}"),
        )
