"""`attune import`."""

from typing import BinaryIO

import click

from service import accepting, importing, people
from service.cli import show
from service.errors import WrongUsage


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--couple", metavar="ID", help="The couple here that the person joins again.")
@show.as_json
def import_(file: BinaryIO, couple: str | None, json_: bool) -> None:
    """Take over a person from a file that `attune export` wrote.

    It may be from here or from elsewhere; `-` is standard input. They are asked as anybody is, and nudges
    start when they say yes. Who asked for no more messages is not.
    """
    written = file.read(accepting.LARGEST + 1)
    if len(written) > accepting.LARGEST:
        raise WrongUsage(accepting.TOO_LARGE)
    try:
        document = written.decode()
    except UnicodeDecodeError:
        raise WrongUsage(accepting.NOT_OURS) from None
    with show.site() as site:
        couple_id = None
        if couple is not None:
            with site.db.read() as session:
                couple_id = people.find_couple(session, couple).id
        made = importing.take_over(site, document, couple_id, site.now())
    show.record({"person": made.person_id, "couple": made.couple_id, "asked": made.asked}, json_)
    if made.asked:
        show.say("Taken over. The opt-in question is planned; nudges start when they say yes.")
    else:
        show.say("Taken over. They asked for no more messages; they alone can change that, by sending START.")
