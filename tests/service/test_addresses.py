from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service import addresses, consent
from service.db import Database
from service.errors import WrongUsage
from service.ids import new_id
from service.models import Address, Person, Suppression
from service.sealing import Sealer
from service.states import AddressKind
from tests.conftest import KEY
from tests.world import NUMBERS, World

SMS, EMAIL, WHATSAPP = AddressKind.SMS, AddressKind.EMAIL, AddressKind.WHATSAPP
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SEALER = Sealer(KEY)


def add_person(database: Database) -> UUID:
    person_id = new_id()
    with database.write() as session:
        session.add(Person(id=person_id, name_sealed=b"x", zone="UTC"))
    return person_id


def enrol(session: Session, person_id: UUID, kind: AddressKind, value: str) -> Address:
    return addresses.enrol(session, SEALER, person_id, kind, value)


@pytest.mark.parametrize(
    ("typed", "kind"),
    [("+1 202 555 0101", SMS), (" whatsapp:+12025550101", WHATSAPP), ("alex@example.org", EMAIL)],
)
def test_the_kind_of_an_address_shows(typed: str, kind: AddressKind) -> None:
    assert addresses.kind_of(typed) is kind


def test_an_address_is_kept_sealed_and_found_again(world: World) -> None:
    person = add_person(world.site.db)
    with world.site.db.write() as session:
        enrol(session, person, EMAIL, "Alex@example.org")
    with world.site.db.read() as session:
        found = addresses.find(session, addresses.lookup(SEALER, EMAIL, "alex@EXAMPLE.org"))
        assert found is not None
        assert found.person_id == person
        assert found.verified_at is None
        assert b"lex" not in found.value_sealed
        assert SEALER.unseal(found.value_sealed) == "Alex@example.org"
        assert addresses.find(session, addresses.lookup(SEALER, EMAIL, "sam@example.org")) is None


def test_the_first_address_of_a_person_is_the_preferred(world: World) -> None:
    alex, sam = add_person(world.site.db), add_person(world.site.db)
    with world.site.db.write() as session:
        first = enrol(session, alex, EMAIL, "alex@example.org").id
        second = enrol(session, alex, SMS, NUMBERS["Alex"]).id
        enrol(session, sam, SMS, NUMBERS["Sam"])
    with world.site.db.read() as session:
        found = addresses.open_addresses(session, {alex})
        assert list(found) == [alex]
        assert [address.id for address in found[alex]] == [first, second]
        assert addresses.open_addresses(session, set()) == {}


def test_an_address_that_wants_nothing_more_is_not_open(world: World) -> None:
    alex = add_person(world.site.db)
    with world.site.db.write() as session:
        mailbox = enrol(session, alex, EMAIL, "alex@example.org")
        phone = enrol(session, alex, SMS, NUMBERS["Alex"]).id
        consent.suppress(session, EMAIL, mailbox.lookup, "opted out", NOW)
        # The same bytes as a suppressed address of another kind close nothing.
        consent.suppress(session, WHATSAPP, addresses.lookup(SEALER, SMS, NUMBERS["Alex"]), "opted out", NOW)
        assert [address.id for address in addresses.open_addresses(session, {alex})[alex]] == [phone]


def test_a_dead_address_is_neither_found_nor_open_and_may_be_enrolled_anew(world: World) -> None:
    alex, sam = add_person(world.site.db), add_person(world.site.db)
    lookup = addresses.lookup(SEALER, SMS, NUMBERS["Alex"])
    with world.site.db.write() as session:
        address_id = enrol(session, alex, SMS, NUMBERS["Alex"]).id
        addresses.mark_dead(session, address_id, NOW)
        addresses.mark_dead(session, address_id, NOW.replace(year=2027))
        addresses.mark_dead(session, new_id(), NOW)
        session.flush()
        assert addresses.find(session, lookup) is None
        assert addresses.open_addresses(session, {alex}) == {}
        assert session.get_one(Address, address_id).dead_at == NOW
        assert enrol(session, sam, SMS, NUMBERS["Alex"]).person_id == sam


def test_one_address_is_not_enrolled_twice(world: World) -> None:
    alex, sam = add_person(world.site.db), add_person(world.site.db)
    with world.site.db.write() as session:
        enrol(session, alex, SMS, NUMBERS["Alex"])
    for person in (alex, sam):
        with (
            pytest.raises(WrongUsage, match="two people cannot share one") as caught,
            world.site.db.write() as session,
        ):
            enrol(session, person, SMS, NUMBERS["Alex"])
        assert NUMBERS["Alex"][-4:] not in str(caught.value)


def test_a_suppressed_address_is_not_enrolled(world: World) -> None:
    alex = add_person(world.site.db)
    lookup = addresses.lookup(SEALER, SMS, NUMBERS["Alex"])
    with world.site.db.write() as session:
        consent.suppress(session, SMS, lookup, "opted out", NOW)
    with (
        pytest.raises(WrongUsage, match="its owner alone can change that, by sending START"),
        world.site.db.write() as session,
    ):
        enrol(session, alex, SMS, NUMBERS["Alex"])
    with world.site.db.write() as session:
        session.execute(delete(Suppression))
        enrol(session, alex, SMS, NUMBERS["Alex"])


def test_of_two_who_enrol_one_address_at_once_one_wins(two_worlds: tuple[World, World]) -> None:
    """Each looks before the other has committed; the database's key decides, and words tell the loser."""
    persons = [add_person(world.site.db) for world in two_worlds]

    def take(world: World, person: UUID, number: str) -> str:
        try:
            with world.site.db.write() as session:
                enrol(session, person, SMS, number)
        except WrongUsage as error:
            return str(error)
        return "enrolled"

    with ThreadPoolExecutor(2) as pool:
        for last in range(20):
            number = f"+120255501{last:02}"
            told = sorted(pool.map(take, two_worlds, persons, [number] * 2))
            assert told == [addresses.TAKEN, "enrolled"]
    with two_worlds[0].site.db.read() as session:
        assert len(session.scalars(select(Address.id)).all()) == 20
