"""`attune key …`."""

import click

from service import rotation
from service.cli import show


@click.group()
def key() -> None:
    """The key that everything private is sealed with."""


@key.command()
@show.as_json
def rotate(json_: bool) -> None:
    """Make a new key and seal everything anew with it, while Attune is at work.

    Killed or cut short, run it again: it carries on. All processes have to read the key from one file.
    """
    with show.site() as site, show.progress("Sealing anew") as tell:
        done = rotation.rotate(site, site.now(), tell)
    row = {
        "resealed": done.resealed,
        "proved": done.proved,
        "carried_on": done.carried_on,
        "key": str(done.key),
        "old_key": str(done.old_key),
    }
    show.record(row, json_)
    if done.carried_on:
        show.say("This ended a rotation that was cut short; run it again for a newer key.")
    show.say(f"Keep a copy of {done.key} apart from the database and its backups, and never with them.")
    show.say(f"Backups made before this need the old key, in {done.old_key}: move it to where your copy is,")
    show.say("and delete it together with the last of those backups.")
