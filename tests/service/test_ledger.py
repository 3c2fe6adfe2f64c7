from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from service import asking, ledger, privacy
from service.ledger import Proof
from service.models import AccessLog
from service.people import NewPerson, add_person
from service.site import Site
from service.states import AddressKind, ConsentEvent
from tests.service.looking import refused
from tests.world import NUMBERS, World


def agreed_and_stopped(world: World) -> UUID:
    alex = world.enrol("Alex")
    world.run()
    for said, message_id in (("YES", "SM-yes"), ("STOP", "SM-stop")):
        world.at += timedelta(minutes=1)
        world.says("Alex", said, message_id)
    return alex


def all_seen(world: World) -> Site:
    """The same site, where people agreed that the operator sees their progress."""
    return replace(world.site, settings=world.site.settings.model_copy(update={"operator_sees": "progress"}))


def test_whether_somebody_stopped_and_came_back_cannot_be_told(world: World) -> None:
    alex, sam = world.join("Alex"), world.join("Sam")
    charlie = world.enrol("Charlie")
    world.run()
    for name, said in (("Alex", "STOP"), ("Charlie", "STOP"), ("Alex", "START"), ("Charlie", "START")):
        world.at += timedelta(minutes=1)
        world.says(name, said)
    for person_id, name in ((alex, "Alex"), (sam, "Sam"), (charlie, "Charlie")):
        assert events(ledger.of_person(world.site, person_id, world.at)) == ["asked", "given"]
        assert events(ledger.of_address(world.site, NUMBERS[name], world.at)) == ["asked", "given"]
    told = events(ledger.of_person(all_seen(world), alex, world.at))
    assert told == ["asked", "given", "withdrawn", "restored"]


def events(proofs: Iterable[Proof]) -> list[str]:
    return [str(proof.event) for proof in proofs]


def looks(world: World, person_id: UUID) -> list[tuple[str, str]]:
    with world.site.db.read() as session:
        rows = session.scalars(select(AccessLog).where(AccessLog.person_id == person_id)).all()
        return [(row.actor, row.what) for row in rows]


def test_the_proof_says_when_by_what_and_in_which_words(world: World) -> None:
    began_at = world.at
    alex = agreed_and_stopped(world)
    asked, given, withdrawn = ledger.of_person(all_seen(world), alex, world.at)

    assert events([asked, given, withdrawn]) == ["asked", "given", "withdrawn"]
    assert [one.at for one in (asked, given, withdrawn)] == [
        began_at + timedelta(minutes=minutes) for minutes in (0, 1, 2)
    ]
    assert (asked.source, asked.channel, asked.message) == ("admin", None, None)
    assert (given.source, given.channel, given.message) == ("reply", "phone", "SM-yes")
    assert (withdrawn.source, withdrawn.channel, withdrawn.message) == ("reply", "phone", "SM-stop")
    assert {(one.kind, one.address) for one in (asked, given)} == {(AddressKind.SMS, "+12…01")}
    assert given.wording == asked.wording
    for needed in ("Attune", "up to 3 messages a day", "data rates", "YES", "STOP", "HELP"):
        assert needed in (given.words or "")


def test_it_takes_no_code_and_each_look_is_noted(world: World) -> None:
    alex = agreed_and_stopped(world)
    sam = world.enrol("Sam")
    ledger.of_person(world.site, alex, world.at)
    ledger.of_address(world.site, NUMBERS["Alex"], world.at)
    assert looks(world, alex) == [("operator", "consent ledger")] * 2
    assert looks(world, sam) == []


def test_somebody_forgotten_is_proved_by_the_address(world: World) -> None:
    alex = agreed_and_stopped(world)
    before = ledger.of_person(all_seen(world), alex, world.at)
    privacy.forget(world.site, alex)

    found = ledger.of_address(world.site, "(202) 555-0101", world.at)
    assert events(found) == ["asked", "given", "withdrawn"]
    assert [one.words for one in found] == [one.words for one in before]
    assert {(one.channel, one.message) for one in found} == {(None, None)}, "The message itself is gone."
    assert refused(ledger.of_person, world.site, alex, world.at).startswith("There is no such person")


def test_an_address_that_was_never_asked(world: World) -> None:
    agreed_and_stopped(world)
    assert ledger.of_address(world.site, NUMBERS["Charlie"], world.at) == []
    assert refused(ledger.of_address, world.site, "12", world.at)


def test_a_mailbox_is_shown_by_its_first_letter(world: World) -> None:
    new = NewPerson("Kim", AddressKind.EMAIL, "Kim@example.org", "UTC")
    kim = add_person(world.site, new, world.at)
    (asked,) = ledger.of_address(world.site, "kim@EXAMPLE.org", world.at)
    assert (asked.event, asked.kind, asked.address) == (
        ConsentEvent.ASKED,
        AddressKind.EMAIL,
        "k…@example.org",
    )
    assert "for help, HELP" in (asked.words or "")
    assert looks(world, kim) == [("operator", "consent ledger")]


def test_only_rows_of_theirs_are_shown(world: World) -> None:
    alex = agreed_and_stopped(world)
    sam = world.enrol("Sam")
    world.run()
    world.at += timedelta(days=8)
    asking.ask_again(world.site, sam, world.at)
    assert events(ledger.of_person(world.site, sam, world.at)) == ["asked", "asked"]
    assert len(ledger.of_person(all_seen(world), alex, world.at)) == 3
