from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import addresses, consent
from service.ids import new_id
from service.models import Address, Consent, Person, Suppression, Wording
from service.states import AddressKind, ConsentEvent
from tests.world import NUMBERS, World

ASKED, GIVEN = ConsentEvent.ASKED, ConsentEvent.GIVEN
WITHDRAWN, RESTORED = ConsentEvent.WITHDRAWN, ConsentEvent.RESTORED
SMS = AddressKind.SMS


def ledger(world: World, name: str) -> list[ConsentEvent]:
    lookup = addresses.lookup(world.site.sealer, SMS, NUMBERS[name])
    with world.site.db.read() as session:
        rows = session.scalars(select(Consent).where(Consent.lookup == lookup).order_by(Consent.id))
        return [row.event for row in rows]


def alex_of(session: Session, world: World) -> tuple[Person, Address]:
    address = addresses.find(session, addresses.lookup(world.site.sealer, SMS, NUMBERS["Alex"]))
    assert address is not None
    return session.get_one(Person, address.person_id), address


def give(world: World) -> None:
    with world.site.db.write() as session:
        consent.given(session, *alex_of(session, world), "reply", world.at)


def withdraw(world: World) -> None:
    with world.site.db.write() as session:
        consent.withdrawn(session, *alex_of(session, world), "reply", world.at)


def is_suppressed(world: World) -> bool:
    with world.site.db.read() as session:
        return bool(session.scalar(select(func.count()).select_from(Suppression)))


def is_open(world: World) -> bool:
    with world.site.db.read() as session:
        return consent.is_open(session, alex_of(session, world)[1].lookup)


def verified(world: World) -> bool:
    address = world.address("Alex")
    assert address is not None
    return address.verified_at is not None


def test_asked_given_withdrawn_restored(world: World) -> None:
    alex = world.enrol("Alex")
    assert (ledger(world, "Alex"), is_open(world), verified(world)) == ([ASKED], True, False)

    world.at += timedelta(minutes=1)
    give(world)
    assert (ledger(world, "Alex"), is_open(world), verified(world)) == ([ASKED, GIVEN], False, True)
    assert not is_suppressed(world)

    world.at += timedelta(minutes=1)
    withdraw(world)
    assert ledger(world, "Alex") == [ASKED, GIVEN, WITHDRAWN]
    assert (world.person(alex).stopped_at, verified(world)) == (world.at, False)
    assert is_suppressed(world)

    world.at += timedelta(minutes=1)
    give(world)
    assert ledger(world, "Alex") == [ASKED, GIVEN, WITHDRAWN, RESTORED]
    assert (world.person(alex).stopped_at, verified(world)) == (None, True)
    assert not is_suppressed(world)


def test_the_same_through_messages(world: World) -> None:
    world.join("Alex")
    world.says("Alex", "STOP")
    world.says("Alex", "START")
    assert ledger(world, "Alex") == [ASKED, GIVEN, WITHDRAWN, RESTORED]
    assert not is_suppressed(world)


def test_a_no_before_any_yes(world: World) -> None:
    alex = world.enrol("Alex")
    withdraw(world)
    assert ledger(world, "Alex") == [ASKED, WITHDRAWN]
    assert not is_open(world)
    assert world.person(alex).stopped_at == world.at


def test_withdrawing_again_adds_nothing(world: World) -> None:
    alex = world.enrol("Alex")
    give(world)
    withdraw(world)
    stopped_at = world.at
    world.at += timedelta(days=1)
    withdraw(world)
    assert ledger(world, "Alex") == [ASKED, GIVEN, WITHDRAWN]
    assert world.person(alex).stopped_at == stopped_at


def test_the_newest_fact_counts_even_within_one_instant(world: World) -> None:
    world.enrol("Alex")
    for _ in range(5):
        give(world)
        assert not is_open(world)
        withdraw(world)
        assert not is_open(world)
    assert ledger(world, "Alex") == [ASKED, GIVEN, WITHDRAWN, *[RESTORED, WITHDRAWN] * 4]


def test_of_one_instant_the_fact_with_the_latest_id_counts(world: World) -> None:
    """Ids grow with time; in what order the rows came to lie in the file does not matter."""
    lookup = addresses.lookup(world.site.sealer, SMS, NUMBERS["Charlie"])
    earlier, later = new_id(), new_id()
    for id_, event in ((later, ASKED), (earlier, GIVEN)):
        row = Consent(id=id_, lookup=lookup, event=event, wording_version="1", source="admin", at=world.at)
        with world.site.db.write() as session:
            session.add(row)
    with world.site.db.read() as session:
        assert consent.is_open(session, lookup)


def test_a_row_of_the_ledger_says_what_when_and_whence(world: World) -> None:
    alex = world.enrol("Alex")
    address = world.address("Alex")
    assert address is not None
    with world.site.db.read() as session:
        (row,) = session.scalars(select(Consent))
        assert (row.address_id, row.lookup) == (address.id, address.lookup)
        assert (row.source, row.at) == ("admin", world.at)
        words = session.get_one(Wording, row.wording_version).words
        (asked,) = world.nudges(alex)
        assert words == world.site.sealer.unseal(asked.words_sealed or b"")


def test_the_ledger_and_the_list_outlive_the_person(world: World) -> None:
    alex = world.enrol("Alex")
    withdraw(world)
    with world.site.db.write() as session:
        session.delete(session.get_one(Person, alex))
    assert ledger(world, "Alex") == [ASKED, WITHDRAWN]
    assert is_suppressed(world)
    with world.site.db.read() as session:
        assert set(session.scalars(select(Consent.address_id))) == {None}


def test_an_address_is_suppressed_without_a_person_and_once(world: World) -> None:
    lookup = addresses.lookup(world.site.sealer, SMS, NUMBERS["Charlie"])
    for reason in ("opted out", "later"):
        with world.site.db.write() as session:
            consent.suppress(session, SMS, lookup, reason, world.at)
    with world.site.db.read() as session:
        (row,) = session.scalars(select(Suppression))
        assert (row.reason, row.lookup, row.at) == ("opted out", lookup, world.at)


def test_nobody_was_asked_at_an_unknown_address(world: World) -> None:
    with world.site.db.read() as session:
        assert not consent.is_open(session, new_id().bytes * 2)


def test_one_persons_no_is_not_the_others(world: World) -> None:
    world.enrol("Alex")
    sam: UUID = world.enrol("Sam")
    give(world)
    withdraw(world)
    assert ledger(world, "Sam") == [ASKED]
    assert world.person(sam).stopped_at is None
