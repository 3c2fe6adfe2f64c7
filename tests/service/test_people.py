from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from notifiers.segments import count
from service import asking, consent, people
from service.addresses import TAKEN
from service.errors import AttuneError, WrongUsage
from service.ids import new_id
from service.models import Address, Couple, Nudge, Person
from service.people import NewPerson
from service.states import AddressKind, NudgeKind, NudgeState
from tests.service.looking import refused, rows
from tests.world import NUMBERS, World

SMS, EMAIL = AddressKind.SMS, AddressKind.EMAIL
ALEX = NewPerson("Alex", SMS, NUMBERS["Alex"], "UTC")
CANNOT_BE_RIGHT: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "A name has 1 to 60 characters, none of them invisible."),
    ({"name": "  "}, "A name has 1 to 60 characters, none of them invisible."),
    ({"name": "x" * 61}, "A name has 1 to 60 characters, none of them invisible."),
    ({"name": "Al\nex"}, "A name has 1 to 60 characters, none of them invisible."),
    ({"name": "Al\x00ex"}, "A name has 1 to 60 characters, none of them invisible."),
    ({"name": "\u200d"}, "none of them invisible"),
    ({"name": "Alex\u202e"}, "none of them invisible"),
    ({"address": "555-0101"}, "That is no phone number"),
    ({"address_kind": EMAIL}, "That is no e-mail address"),
    ({"language": ""}, "two letters, such as en"),
    ({"language": "english, please"}, "two letters, such as en"),
    ({"language": "e" * 300}, "two letters, such as en"),
    ({"country": "United States"}, "two letters, such as US"),
    ({"country": "U1"}, "two letters, such as US"),
    ({"week_starts": 7}, "from 0 (Monday) to 6 (Sunday)"),
    ({"week_starts": -1}, "from 0 (Monday) to 6 (Sunday)"),
    ({"daily_cap": 25}, "0 to 24"),
    ({"daily_cap": -1}, "0 to 24"),
    ({"zone": "Europe/Berlyn"}, "did you mean Europe/Berlin?"),
]


def test_enrolling_sends_nothing_but_one_question(world: World) -> None:
    alex = world.enrol("Alex")
    world.goes_on(timedelta(days=14))
    (nudge,) = world.nudges(alex)
    assert (nudge.kind, nudge.state) == (NudgeKind.CONSENT, NudgeState.SENT)
    (told,) = world.told(alex)
    for word in ("Attune", "YES", "HELP", "STOP"):
        assert word in told.words
    assert count(told.words).segments <= 2
    assert world.person(alex).due_at is None


def test_a_question_by_e_mail_says_who_asks(world: World) -> None:
    people.add_person(world.site, NewPerson("Alex", EMAIL, "alex@example.org", "UTC"), world.at)
    with world.site.db.read() as session:
        sealed = session.scalar(select(Nudge.words_sealed))
        assert sealed is not None
        words = world.site.sealer.unseal(sealed)
    for word in ("Attune", "YES", "STOP", "whoever set this up"):
        assert word in words


@pytest.mark.parametrize(
    ("at", "zone", "asked_at"),
    [
        ("2026-03-02T09:00", "UTC", "2026-03-02T09:00"),
        ("2026-03-02T21:00", "UTC", "2026-03-03T08:00"),
        ("2026-03-02T07:59", "UTC", "2026-03-02T08:00"),
        ("2026-03-02T08:00", "UTC", "2026-03-02T08:00"),
        ("2026-03-02T20:30", "Europe/Berlin", "2026-03-03T07:00"),
        ("2026-03-02T09:00", "America/Los_Angeles", "2026-03-02T16:00"),
        # The night in which Berlin's clocks go forward is an hour shorter.
        ("2026-03-28T22:00", "Europe/Berlin", "2026-03-29T06:00"),
    ],
)
def test_nobody_is_asked_at_night(world: World, at: str, zone: str, asked_at: str) -> None:
    world.at = datetime.fromisoformat(f"{at}+00:00")
    (nudge,) = world.nudges(world.enrol("Alex", zone=zone))
    assert nudge.not_before == datetime.fromisoformat(f"{asked_at}+00:00")
    assert nudge.due_at == world.at
    assert nudge.expires_at == nudge.not_before + asking.ASK_FOR


def test_own_quiet_hours_count(world: World) -> None:
    (nudge,) = world.nudges(world.enrol("Alex", quiet_from=time(8), quiet_to=time(17)))
    assert nudge.not_before == datetime(2026, 3, 2, 17, tzinfo=UTC)


def test_a_person_is_kept_as_given(world: World) -> None:
    couple = people.add_couple(world.site)
    alex = world.enrol(
        "Alex",
        couple,
        "America/New_York",
        language="es-MX",
        country="US",
        day_starts=time(4),
        week_starts=6,
        quiet_from=time(20),
        quiet_to=time(9),
        daily_cap=1,
        discreet=True,
    )
    row = world.person(alex)
    kept = (row.couple_id, row.zone, row.language, row.country, row.day_starts, row.week_starts)
    assert kept == (couple, "America/New_York", "es-MX", "US", time(4), 6)
    limits = (row.quiet_from, row.quiet_to, row.daily_cap, row.discreet)
    assert limits == (time(20), time(9), 1, True)
    assert world.site.sealer.unseal(row.name_sealed) == "Alex"
    assert b"Alex" not in row.name_sealed


def test_two_people_may_not_have_one_number(world: World) -> None:
    world.enrol("Alex")
    told = refused(people.add_person, world.site, ALEX, world.at)
    assert told == TAKEN
    other_form = NewPerson("Sam", SMS, "(202) 555-0101", "UTC")
    assert refused(people.add_person, world.site, other_form, world.at) == TAKEN
    assert rows(world, Person) == rows(world, Nudge) == rows(world, Address) == 1


def test_of_two_who_enrol_one_number_at_once_one_wins(two_worlds: tuple[World, World]) -> None:
    def enrol(world: World) -> str:
        try:
            world.enrol("Alex")
        except AttuneError as error:
            return str(error)
        return "enrolled"

    world, _ = two_worlds
    for _ in range(8):
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(enrol, two_worlds)) == [TAKEN, "enrolled"]
        assert rows(world, Person) == rows(world, Nudge) == rows(world, Address) == 1
        with world.site.db.write() as session:
            session.execute(delete(Person))


def test_a_couple_is_two_people(world: World) -> None:
    couple = people.add_couple(world.site)
    world.enrol("Alex", couple)
    world.enrol("Sam", couple)
    third = NewPerson("Charlie", SMS, NUMBERS["Charlie"], "UTC", couple)
    told = refused(people.add_person, world.site, third, world.at)
    assert told == "A couple is two people, and this one is complete."
    assert rows(world, Person) == 2
    assert "no such couple" in refused(
        people.add_person,
        world.site,
        NewPerson("Charlie", SMS, NUMBERS["Charlie"], "UTC", new_id()),
        world.at,
    )


def test_of_two_who_join_a_half_couple_at_once_one_wins(two_worlds: tuple[World, World]) -> None:
    world, _ = two_worlds
    couple = people.add_couple(world.site)
    world.enrol("Alex", couple)

    def join(world: World, name: str) -> bool:
        try:
            world.enrol(name, couple)
        except WrongUsage:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(join, two_worlds, ["Sam", "Charlie"])) == [False, True]
    assert rows(world, Person) == 2


def test_one_person_alone_is_complete(world: World) -> None:
    assert world.person(world.enrol("Alex")).couple_id is None


def test_a_suppressed_number_is_not_enrolled(world: World) -> None:
    world.says("Charlie", "STOP")
    new = NewPerson("Charlie", SMS, NUMBERS["Charlie"], "UTC")
    told = refused(people.add_person, world.site, new, world.at)
    assert told.startswith("That address asked for no more messages")
    assert NUMBERS["Charlie"][-4:] not in told
    assert rows(world, Person) == rows(world, Nudge) == 0
    world.says("Charlie", "START")
    people.add_person(world.site, new, world.at)
    assert rows(world, Person) == 1


def test_what_cannot_be_right_is_refused_before_anything_is_kept(world: World) -> None:
    values = {name: getattr(ALEX, name) for name in NewPerson.__slots__}
    for changes, told in CANNOT_BE_RIGHT:
        wrong = NewPerson(**(values | changes))
        assert told in refused(people.add_person, world.site, wrong, world.at)
    assert rows(world, Person) == rows(world, Nudge) == 0


def test_consent_is_asked_in_the_ledger_too(world: World) -> None:
    world.enrol("Alex")
    address = world.address("Alex")
    assert address is not None
    with world.site.db.read() as session:
        assert consent.is_open(session, address.lookup)
        assert session.scalar(select(func.count()).select_from(Couple)) == 0
