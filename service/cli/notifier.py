"""`attune notifier …`."""

import click

from notifiers import registry
from notifiers.base import Message, SendError
from service import addresses, composing
from service.cli import show
from service.errors import AttuneError, WrongUsage
from service.ids import new_id
from service.settings import load
from service.states import AddressKind


@click.group()
def notifier() -> None:
    """Channels: what is set up, and does it work."""


@notifier.command("list")
@show.as_json
def list_(json_: bool) -> None:
    """List the channels there are, and which are set up."""
    configured = load().notifiers
    rows = [
        {
            "channel": name,
            "reaches": ", ".join(sorted(registry.load(name).address_kinds)),
            "set up": name in configured,
        }
        for name in registry.names()
    ]
    show.records(rows, json_, "There is no channel.")


@notifier.command("test")
@click.argument("name")
@click.option("--to", help="Send a test message to this address; left out: ask the provider only.")
def test(name: str, to: str | None) -> None:
    """Check that a channel works."""
    settings = load()
    if name not in settings.notifiers:
        registry.load(name)
        raise WrongUsage(f"The channel {name} is not set up; add [notifiers.{name}] to attune.toml.")
    channel = registry.build(name, settings.notifiers[name])
    try:
        if to is None:
            click.echo(channel.check())
            return
        kind = AddressKind.EMAIL if "@" in to else AddressKind.SMS
        words = composing.text("en", "test", brand=settings.brand)
        subject = composing.text("en", "subject_test", brand=settings.brand)
        address = addresses.normalised(kind, to, settings.region)
        accepted = channel.send(Message(str(new_id()), address, words, subject))
    except SendError as error:
        raise AttuneError(f"{name} did not take it: {error.reason}") from None
    click.echo(f"{name} took the message ({accepted.provider_id}).")
