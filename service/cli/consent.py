"""`attune consent …`."""

import click

from service import ledger, people
from service.cli import show
from service.errors import WrongUsage


@click.group()
def consent() -> None:
    """Consent: what people agreed to, when, and in which words."""


@consent.command("show")
@click.argument("who", metavar="[PERSON]", required=False)
@click.option("--address", metavar="ADDRESS", help="A number or mailbox, of whoever has it or had it once.")
@show.as_json
def show_(who: str | None, address: str | None, json_: bool) -> None:
    """Show that a person or an address was asked and said yes, when, and in which words.

    It is the proof for a complaint, of somebody who was forgotten as well: by --address, and then with every
    row of the ledger. Of whom is enrolled it leaves out whether they stopped since, unless they agreed that
    you see their progress. It takes no code, and each look is noted where the person can read it.
    """
    if (who is None) == (address is None):
        raise WrongUsage("Give either a person, or --address with a number or mailbox.")
    with show.site() as site:
        if address is not None:
            proofs = ledger.of_address(site, address, site.now())
        else:
            assert who is not None
            with site.db.read() as session:
                person_id = people.find_person(session, site, who).id
            proofs = ledger.of_person(site, person_id, site.now())
    rows = [
        {
            "at": one.at,
            "event": one.event,
            "kind": one.kind,
            "address": one.address,
            "source": one.source,
            "channel": one.channel,
            "message": one.message,
            "wording": one.wording,
            "words": one.words,
        }
        for one in proofs
    ]
    show.records(rows, json_, "The ledger holds nothing about that address: it was never asked from here.")
