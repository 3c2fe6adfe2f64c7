"""What every process that stays says, and needs, at its start."""

import sys

import click

from service import log
from service.errors import WrongUsage
from service.site import Site


def ready(site: Site) -> None:
    """Begin to log; raises WrongUsage if there is no channel to send by."""
    log.set_up(site.settings.log_level, site.settings.log_format)
    if not site.notifiers:
        raise WrongUsage(
            "No channel is set up, so nothing could be sent; add [notifiers.twilio] or [notifiers.smtp] "
            "to attune.toml."
        )


def tell(words: str) -> None:
    """Say something on stdout at once: a program may wait for it."""
    click.echo(words)
    sys.stdout.flush()
