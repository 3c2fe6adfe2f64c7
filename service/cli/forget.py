"""`attune forget`."""

import sys

import click

from service import people, privacy
from service.cli import show
from service.errors import NeedsPerson, WrongUsage


@click.command()
@click.argument("who", metavar="PERSON")
@click.option("--yes", is_flag=True, help="Do not ask for the name to be typed.")
def forget(who: str, yes: bool) -> None:
    """Delete a person and all that is theirs, for good.

    What they took up as a couple goes on for the other. An address that wants no messages still gets none.
    """
    with show.site() as site:
        with site.db.read() as session:
            person = people.find_person(session, site, who)
            person_id, name = person.id, site.sealer.unseal(person.name_sealed)
        if not yes:
            _ask(name)
        whole = privacy.forget(site, person_id)
    show.say("Forgotten. Backups that were made before still hold them; delete those, too.")
    if not whole:
        show.say(
            "Somebody is reading the database, so its log of writes still holds traces; the daemon removes "
            "them within minutes after the reading ends."
        )


def _ask(name: str) -> None:
    """Have the name typed. Raises NeedsPerson if nobody is there to type it, WrongUsage for another one."""
    click.echo(f"All that is {name}'s will be deleted. Type the name to go on: ", err=True, nl=False)
    typed = sys.stdin.readline() if sys.stdin else ""
    if not typed:
        click.echo(err=True)
        raise NeedsPerson("Nothing was deleted; type the name when asked, or give `--yes`.")
    if typed.strip().casefold() != name.casefold():
        raise WrongUsage("That is another name, so nothing was deleted.")
