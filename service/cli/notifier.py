"""`attune notifier …`."""

from typing import Any

import click

from notifiers import registry
from notifiers.base import ConfigError, Message, Notifier, SendError
from service import addresses, composing
from service.cli import show
from service.errors import AttuneError, WrongUsage
from service.ids import new_id
from service.settings import Settings


@click.group()
def notifier() -> None:
    """Channels: what is set up, and does it work."""


@notifier.command("list")
@show.as_json
def list_(json_: bool) -> None:
    """List the channels there are, what each can do, and which are set up."""
    configured = show.settings().notifiers
    rows = [
        {
            "channel": name,
            "reaches": sorted(_reaches(name, configured.get(name))),
            "can": registry.capabilities(registry.load(name)),
            "set_up": name in configured,
        }
        for name in registry.names()
    ]
    show.records(rows, json_, "There is no channel.")


def _reaches(name: str, options: dict[str, Any] | None) -> frozenset[str]:
    """Return what a channel reaches; if it is not set up, or not rightly, what it could."""
    try:
        return registry.could_reach(name) if options is None else registry.build(name, options).address_kinds
    except ConfigError:
        return registry.could_reach(name)


@notifier.command("test")
@click.argument("name")
@click.option(
    "--to",
    metavar="ADDRESS",
    help="Send a test message there (whatsapp:NUMBER for WhatsApp); left out: only ask the provider.",
)
@show.as_json
def test(name: str, to: str | None, json_: bool) -> None:
    """Check that a channel works."""
    settings = show.settings()
    if name not in settings.notifiers:
        registry.load(name)
        raise WrongUsage(f"The channel {name} is not set up; add [notifiers.{name}] to attune.toml.")
    channel = registry.build(name, settings.notifiers[name])
    try:
        says = channel.check() if to is None else _send(channel, settings, to)
    except SendError as error:
        raise AttuneError(f"{name} did not take it: {error.reason}") from None
    show.record({"channel": name, "says": says}, json_)


def _send(channel: Notifier, settings: Settings, to: str) -> str:
    kind = addresses.kind_of(to)
    if kind not in channel.address_kinds:
        raise WrongUsage(f"The channel {channel.name} cannot reach {kind} addresses.")
    words = composing.text("en", "test", brand=settings.brand)
    subject = composing.text("en", "subject_test", brand=settings.brand)
    address = addresses.normalised(kind, to, settings.region)
    accepted = channel.send(Message(str(new_id()), address, words, subject, address_kind=kind))
    return f"It took the message ({accepted.provider_id})."
