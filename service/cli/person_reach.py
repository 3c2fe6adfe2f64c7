"""The options that name an address, and `attune person reach`: another way to somebody who is enrolled."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from service import people
from service.cli import show
from service.errors import WrongUsage
from service.site import Site
from service.states import AddressKind

Command = TypeVar("Command", bound=Callable[..., Any])
OPTIONS = (
    click.option("--sms", metavar="NUMBER", help="Phone number, such as +12025550123."),
    click.option(
        "--whatsapp", metavar="NUMBER", help="Phone number that uses WhatsApp and has written to you."
    ),
    click.option("--email", metavar="ADDRESS", help="Mailbox, such as alex@example.org."),
    click.option(
        "--apprise", metavar="URL", help="A service such as ntfys://topic; `-` reads it from standard input."
    ),
)


def one_address(command: Command) -> Command:
    """Add the options of which one names an address."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def the_one(
    sms: str | None, whatsapp: str | None, email: str | None, apprise: str | None
) -> tuple[AddressKind, str]:
    """Return the address that was given, and its kind. Raises WrongUsage unless it is one."""
    given = {
        AddressKind.SMS: sms,
        AddressKind.WHATSAPP: whatsapp,
        AddressKind.EMAIL: email,
        AddressKind.APPRISE: apprise,
    }
    named = [(kind, address) for kind, address in given.items() if address is not None]
    if len(named) != 1:
        raise WrongUsage(
            "Give one of --sms, --whatsapp, --email and --apprise: the address that the person is asked at."
        )
    ((kind, address),) = named
    if kind is AddressKind.APPRISE and address == "-":
        address = click.open_file("-").readline()  # It holds secrets: a shell keeps what is typed.
    return kind, address


def check_channel(site: Site, kind: AddressKind) -> None:
    """Raise WrongUsage if no channel could bring the opt-in question."""
    if site.notifier_for(kind) is None:
        raise WrongUsage(
            f"No channel for {kind} is set up, so the opt-in question could not be sent; add one to "
            "attune.toml first (`attune notifier list` shows which there are)."
        )


@click.command()
@click.argument("who", metavar="PERSON")
@one_address
def reach(who: str, sms: str | None, whatsapp: str | None, email: str | None, apprise: str | None) -> None:
    """Add another address of a person, for when those before it are out of use.

    They are asked there as well, and it is used only once they have said yes from it.
    """
    kind, address = the_one(sms, whatsapp, email, apprise)
    with show.site() as site:
        check_channel(site, kind)
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
        people.add_address(site, person_id, kind, address, site.now())
    show.say("The opt-in question to it is planned; it is used when they say yes there.")
