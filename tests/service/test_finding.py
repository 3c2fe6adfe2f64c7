"""Zones, people and couples are found by what somebody types, and shown without what is private."""

from uuid import UUID

import pytest
from sqlalchemy import select

from service import addresses, people, wishes
from service.ids import new_id
from service.models import Address, Person
from service.people import NewPerson
from service.states import AddressKind
from tests.service.looking import refused
from tests.world import NUMBERS, World

EMAIL = AddressKind.EMAIL


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Berlyn", "did you mean Europe/Berlin?"),
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("Berlin", "did you mean Europe/Berlin?"),
        ("new york", "did you mean America/New_York?"),
        (" Europe/Berlin ", "did you mean Europe/Berlin?"),
        ("America/Los Angeles", "did you mean America/Los_Angeles?"),
        ("Xyzzyx", "give one like Europe/Berlin."),
        ("", "give one like Europe/Berlin."),
        ("+01:00", "give one like Europe/Berlin."),
        ("Europe", "did you mean "),
        ("../../etc/passwd", "give one like Europe/Berlin."),
        ("/etc/localtime", "There is no time zone"),
        ("localtime", "There is no time zone"),
        ("right/Europe/Berlin", "did you mean Europe/Berlin?"),
        ("\x00", "give one like Europe/Berlin."),
        ("x" * 10_000, "give one like Europe/Berlin."),
    ],
    ids=lambda text: text[:20],
)
def test_a_zone_that_is_none(name: str, hint: str) -> None:
    told = refused(wishes.check_zone, name)
    assert told.startswith("There is no time zone")
    assert hint in told
    assert len(told) < 150


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/ComodRivadavia", "Asia/Kolkata"])
def test_a_zone_that_is_one(name: str) -> None:
    assert wishes.check_zone(name) == name


def test_a_person_is_found_by_name_or_id(world: World) -> None:
    alex, sam = world.enrol("Alex"), world.enrol("Sam")

    def find(wanted: str) -> UUID:
        with world.site.db.read() as session:
            return people.find_person(session, world.site, wanted).id

    for wanted in ("Alex", "alex", " ALEX ", str(alex), alex.hex, str(alex)[-6:], str(alex).upper()[-6:]):
        assert find(wanted) == alex
    assert find("sam") == sam
    for nobody in ("", "Charlie", str(new_id()), alex.hex[-3:], NUMBERS["Alex"]):
        assert "There is no such person" in refused(find, nobody)
    other = people.add_person(world.site, NewPerson("alex", EMAIL, "alex@example.org", "UTC"), world.at)
    assert "Several people are meant" in refused(find, "Alex")
    assert find(str(other)) == other


def test_a_couple_is_found_by_id(world: World) -> None:
    couple, other = people.add_couple(world.site), people.add_couple(world.site)

    def find(wanted: str) -> UUID:
        with world.site.db.read() as session:
            return people.find_couple(session, wanted).id

    assert find(str(couple)) == find(couple.hex[-8:]) == couple
    assert find(str(other)) == other
    for nothing in ("", "x", other.hex[-3:], str(new_id())):
        assert "There is no such couple" in refused(find, nothing)


def test_pages_of_people_and_couples(world: World) -> None:
    couples = [people.add_couple(world.site) for _ in range(3)]
    persons = [world.enrol("Alex", couples[0]), world.enrol("Sam", couples[0]), world.enrol("Charlie")]
    with world.site.db.read() as session:
        shown = people.list_people(session, world.site)
        assert [one.id for one in shown] == persons
        assert [one.id for one in people.list_people(session, world.site, couples[0])] == persons[:2]
        assert [one.id for one in people.list_people(session, world.site, limit=2)] == persons[:2]
        assert [one.id for one in people.list_people(session, world.site, after=persons[1])] == persons[2:]
        assert people.list_couples(session) == couples
        assert people.list_couples(session, limit=2) == couples[:2]
        assert people.list_couples(session, after=couples[0]) == couples[1:]


def test_a_person_is_shown_without_their_number(world: World) -> None:
    couple = people.add_couple(world.site)
    alex = world.enrol("Alex", couple, "Europe/Berlin")

    def shown() -> people.Shown:
        with world.site.db.read() as session:
            return people.show(session, world.site, session.get_one(Person, alex))

    before = shown()
    assert (before.id, before.couple_id, before.name) == (alex, couple, "Alex")
    assert (before.zone, before.language) == ("Europe/Berlin", "en")
    assert before.addresses == (("sms", "+12…01", "not said yes"),)
    assert NUMBERS["Alex"] not in repr(before)
    world.says("Alex", "YES")
    assert shown().addresses == (("sms", "+12…01", "said yes"),)
    world.says("Alex", "STOP")
    # A stop is the person's own: it looks like none.
    assert shown().addresses == (("sms", "+12…01", "said yes"),)
    with world.site.db.write() as session:
        addresses.mark_dead(session, session.scalars(select(Address.id)).one(), world.at)
    assert shown().addresses == (("sms", "+12…01", "not in use"),)


@pytest.mark.parametrize(
    ("address", "shown"), [("+12025550101", "+12…01"), ("alex@example.org", "a…@example.org")]
)
def test_an_address_is_masked(address: str, shown: str) -> None:
    assert people.masked(address) == shown
