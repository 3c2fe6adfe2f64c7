"""`attune demo`."""

import click

from service import log
from service.cli.starting import tell
from service.running import demo as demonstration


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
    demonstration.run_demo(host, port, lambda url: tell(f"Open {url} in a browser. Ctrl-C ends it."))
