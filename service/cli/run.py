"""`attune run daemon`, `attune run web`, `attune run worker`: each loads only what it needs."""

import click

from service.cli.lazy import Lazy

COMMANDS = {
    "daemon": ("service.cli.run_daemon:daemon", "Plan and send, until Ctrl-C; any number of them may run."),
    "web": ("service.cli.run_web:web", "Serve providers' hooks and people's pages, until Ctrl-C."),
    "worker": (
        "service.cli.run_worker:worker",
        "Plan and send beside any number of workers on one PostgreSQL, until Ctrl-C.",
    ),
}


@click.group(cls=Lazy, places=COMMANDS)
def run() -> None:
    """Run the daemon, the web server or a worker alone."""
