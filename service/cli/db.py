"""`attune db …`."""

import click

from service import migrate
from service.cli import show
from service.db import Database
from service.engine import installed
from service.site import open_key


@click.group()
def db() -> None:
    """The database."""


@db.command()
@show.as_json
def upgrade(json_: bool) -> None:
    """Bring the tables up to this version; safe to repeat. Make a backup first."""
    settings = show.settings()
    database = Database(settings.url, settings.busy_seconds)
    try:
        before, after = migrate.upgrade(database, open_key(settings))
        installed.upgrade_tables(database)
    finally:
        database.close()
    show.record({"before": before, "after": after}, json_)
