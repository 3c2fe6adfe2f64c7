"""A second address of a person: asked first like any, used once the one before it is gone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from notifiers.base import Inbound
from service import addresses, inbound
from service.configuring import load
from service.models import Address, Nudge
from service.states import AddressKind, NudgeKind, NudgeState
from tests.cli.conftest import Cli
from tests.walk.rows import rows
from tests.world import NUMBERS, World

MAILBOX = "alex@example.org"


def with_mail(cli: Cli) -> World:
    """The installation with a channel for mailboxes as well."""
    with (cli.home / "attune.toml").open("a", encoding="utf-8") as file:
        file.write("\n[notifiers.console]\n")
    return World.open(load(cli.home), datetime.now(UTC) + timedelta(minutes=1))


def went_to(world: World, kind: NudgeKind) -> list[AddressKind]:
    """Return the kinds of address that messages of a kind have gone to, in order."""
    kinds = {row.id: row.kind for row in rows(world, Address)}
    sent = (Nudge.kind == kind, Nudge.state == NudgeState.SENT)
    return [kinds[row.address_id] for row in rows(world, Nudge, *sent) if row.address_id]


def test_it_is_asked_first_and_takes_over_when_the_other_is_gone(cli: Cli) -> None:
    world = with_mail(cli)
    alex = UUID(cli.enrol("Alex"))
    world.run()
    world.says("Alex", "YES")
    assert cli.run("person", "reach", "Alex", "--email", MAILBOX).stderr.startswith("The opt-in question")
    world.run()
    assert went_to(world, NudgeKind.CONSENT) == [AddressKind.SMS, AddressKind.EMAIL]
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    world.goes_on(timedelta(days=1))
    with world.site.db.write() as session:
        phone = next(row for row in rows(world, Address) if row.kind is AddressKind.SMS)
        addresses.mark_dead(session, phone.id, world.at)
    world.goes_on(timedelta(days=1))
    assert went_to(world, NudgeKind.NUDGE) == [AddressKind.SMS], "There was no yes from the mailbox."
    yes = inbound.store(world.site, "page", AddressKind.EMAIL, Inbound("yes", MAILBOX, "YES"), world.at)
    assert yes
    inbound.understand(world.site, yes, world.at)
    world.goes_on(timedelta(days=1))
    assert went_to(world, NudgeKind.NUDGE) == [AddressKind.SMS, AddressKind.EMAIL]
    world.site.db.close()


def test_whoever_stopped_is_asked_nowhere_else(cli: Cli) -> None:
    world = with_mail(cli)
    cli.enrol("Alex")
    world.run()
    world.says("Alex", "STOP")
    world.run()
    cli.run("person", "reach", "Alex", "--email", MAILBOX)
    world.goes_on(timedelta(hours=1))
    assert went_to(world, NudgeKind.CONSENT) == [AddressKind.SMS]
    world.site.db.close()


def test_an_address_that_cannot_be_used_is_refused(cli: Cli) -> None:
    cli.enrol("Alex")
    assert "Somebody is enrolled" in cli.refused("person", "reach", "Alex", "--sms", NUMBERS["Alex"])
    assert "No channel for email" in cli.refused("person", "reach", "Alex", "--email", MAILBOX)
    assert cli.refused("person", "reach", "Alex").startswith("Give one of --sms")
