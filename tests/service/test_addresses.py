from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service import addresses, consent
from service.addresses import normalised
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


@pytest.mark.parametrize(
    ("typed", "region", "kept"),
    [
        ("+12025550123", "US", "+12025550123"),
        ("+12025550123", "DE", "+12025550123"),
        (" +1 202 555 0123\n", "US", "+12025550123"),
        ("+1 (202) 555-0123", "US", "+12025550123"),
        ("+1.202.555.0123", "US", "+12025550123"),
        ("202-555-0123", "US", "+12025550123"),
        ("(202) 555 0123", "US", "+12025550123"),
        ("1 202 555 0123", "US", "+12025550123"),
        ("011 44 20 7946 0123", "US", "+442079460123"),
        ("+44 20 7946 0123", "US", "+442079460123"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("+44 (0)20 7946 0123", "US", "+442079460123"),
        ("030 901820", "DE", "+4930901820"),
        ("0049 30 901820", "DE", "+4930901820"),
        ("+39 06 698 12345", "US", "+390669812345"),
        ("＋１２０２５５５０１２３", "US", "+12025550123"),
        ("whatsapp:+12025550123", "US", "+12025550123"),
    ],
)
def test_a_number_gets_one_form(typed: str, region: str, kept: str) -> None:
    assert normalised(SMS, typed, region) == kept
    assert normalised(WHATSAPP, typed, region) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "+",
        "Alex",
        "alex@example.org",
        "+1 202 555 O123",
        "+1 202 555 l123",
        "+1 800 ATTUNES",
        "+1202555012",
        "+120255501234",
        "555-0123",
        "5550123",
        "12345",
        "911",
        "+999 12345678",
        "+0 12025550123",
        "+1 202 555 0123 ext. 5",
        "+1 202 555 0123 #5",
        "tel:+12025550123",
        "sms:whatsapp:+12025550123",
        "whatsapp:",
        "+1 202 555 0123, +1 202 555 0124",
        "+1202555012３４",
        "\x00",
        "1" * 100_000,
    ],
)
def test_a_number_that_is_none_is_told_and_not_repeated(typed: str) -> None:
    for kind in (SMS, WHATSAPP):
        with pytest.raises(WrongUsage) as caught:
            normalised(kind, typed)
        told = str(caught.value)
        assert told == ("That is no phone number; give it with its country code, such as +1 202 555 0123.")
        assert caught.value.__cause__ is None


def test_a_number_without_a_country_is_refused_where_there_is_no_such_region() -> None:
    with pytest.raises(WrongUsage, match="with its country code"):
        normalised(SMS, "202 555 0123", "XX")
    assert normalised(SMS, "+1 202 555 0123", "XX") == "+12025550123"


@given(st.text() | st.from_regex("[+ 0-9()-]{3,20}"))
def test_a_number_in_its_one_form_stays_so(typed: str) -> None:
    try:
        once = normalised(SMS, typed)
    except WrongUsage as error:
        assert len(typed) < 12 or typed not in str(error)  # noqa: PT017
        return
    assert normalised(SMS, once, "DE") == once
    assert once.startswith("+")
    assert once[1:].isdecimal()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("alex@example.org", "alex@example.org"),
        (" alex@example.org ", "alex@example.org"),
        ("Alex@Example.ORG", "Alex@example.org"),
        ("alex.b+attune@mail.example.org", "alex.b+attune@mail.example.org"),
        ("o'neil!#$%&*/=?^_`{|}~-@example.org", "o'neil!#$%&*/=?^_`{|}~-@example.org"),
        ("a@b.co", "a@b.co"),
        ("1@x-1.example.org", "1@x-1.example.org"),
        ("alex@xn--bcher-kva.example.xn--p1ai", "alex@xn--bcher-kva.example.xn--p1ai"),
        (f"{'x' * 64}@example.org", f"{'x' * 64}@example.org"),
    ],
)
def test_a_mailbox_gets_one_form(typed: str, kept: str) -> None:
    assert normalised(EMAIL, typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "alex",
        "@example.org",
        "alex@",
        "alex@example",
        "alex@@example.org",
        "alex@example..org",
        "alex@.example.org",
        "alex@example.org.",
        "alex@-example.org",
        "alex@example-.org",
        "alex@exa_mple.org",
        "alex@127.0.0.1",
        "alex@[127.0.0.1]",
        "alex@example.o",
        ".alex@example.org",
        "alex.@example.org",
        "alex..b@example.org",
        "alex b@example.org",
        "Alex <alex@example.org>",
        "alex@example.org,sam@example.org",
        "alex@example.org\nBcc: sam@example.org",
        "alex\r@example.org",
        "älex@example.org",
        "alex@exämple.org",
        "+12025550123",
        f"{'x' * 65}@example.org",
        f"alex@{'x' * 64}.org",
        f"alex@{'x.' * 130}org",
        "a" * 100_000 + "@",
        "a." * 100_000,
        f"a@{'a-' * 100_000}",
    ],
    ids=lambda typed: typed[:30],
)
def test_a_mailbox_that_is_none_is_told_and_not_repeated(typed: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        normalised(EMAIL, typed)
    assert str(caught.value) == "That is no e-mail address; give one like alex@example.org."


def test_a_mailbox_is_found_however_its_letters_are_written() -> None:
    one, other = normalised(EMAIL, "Alex@Example.org"), normalised(EMAIL, "alex@example.ORG")
    assert addresses.lookup(SEALER, EMAIL, one) == addresses.lookup(SEALER, EMAIL, other)


def test_a_number_by_sms_is_another_address_than_by_whatsapp() -> None:
    assert addresses.lookup(SEALER, SMS, "+12025550123") != addresses.lookup(SEALER, WHATSAPP, "+12025550123")


def add_person(database: Database) -> UUID:
    person_id = new_id()
    with database.write() as session:
        session.add(Person(id=person_id, name_sealed=b"x", zone="UTC"))
    return person_id


def enrol(session: Session, person_id: UUID, kind: AddressKind, value: str) -> Address:
    return addresses.enrol(session, SEALER, person_id, kind, value)


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
