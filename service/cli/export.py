"""`attune export`."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from service import exporting, people, privacy
from service.cli import show
from service.errors import WrongUsage


@click.command()
@click.argument("who", metavar="PERSON")
@click.option("--code", help="The code that was sent to the person.")
@click.option("-o", "--output", default="-", help="The file to write; left out or `-`: standard output.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def export(who: str, code: str | None, output: str, force: bool) -> None:
    """Write all that is kept of a person as one JSON document.

    It needs their code: left out, one is sent to them. The document holds their addresses, words and scores
    in clear; give it to nobody but them.
    """
    if output != "-" and os.path.lexists(output) and not force:
        raise WrongUsage("That file is there already; give another one, or --force to write over it.")
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
        privacy.look(site, person_id, "export", code, site.now())
        pieces = exporting.pieces(site, person_id, site.now())
        if output == "-":
            for piece in pieces:
                click.echo(piece, nl=False)
            return
        _write(Path(output), pieces)
    show.say("Written, readable for this user alone. It is theirs: hand it over, and delete it here.")


def _write(file: Path, pieces: Iterator[str]) -> None:
    """Write a file of 0600 that is there whole or not at all."""
    descriptor, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as half:
            half.writelines(pieces)
            half.flush()
            os.fsync(half.fileno())
        os.replace(beside, file)
    except BaseException:
        os.unlink(beside)
        raise
