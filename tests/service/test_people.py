from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select

from notifiers.segments import count
from service import addresses, consent, people
from service.addresses import TAKEN
from service.errors import AttuneError, WrongUsage
from service.ids import new_id
from service.models import Address, Couple, Nudge, Person, Row
from service.people import NewPerson
from service.states import AddressKind, NudgeKind, NudgeState
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


def rows(world: World, table: type[Row]) -> int:
    with world.site.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def refused(verb: Callable[..., object], *arguments: Any) -> str:
    with pytest.raises(WrongUsage) as caught:
        verb(*arguments)
    assert caught.value.__cause__ is None
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


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
    assert nudge.expires_at == nudge.not_before + people.ASK_FOR


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
    told = refused(people.check_zone, name)
    assert told.startswith("There is no time zone")
    assert hint in told
    assert len(told) < 150


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/ComodRivadavia", "Asia/Kolkata"])
def test_a_zone_that_is_one(name: str) -> None:
    assert people.check_zone(name) == name


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


def test_a_pause_is_so_many_days_from_today_on(world: World) -> None:
    world.at = datetime(2026, 3, 2, 23, tzinfo=UTC)
    alex = world.enrol("Alex", zone="Asia/Tokyo")
    assert people.pause(world.site, alex, 1, world.at) == (date(2026, 3, 3), date(2026, 3, 3))
    assert people.pause(world.site, alex, 366, world.at) == (date(2026, 3, 3), date(2027, 3, 3))
    assert people.pause(world.site, alex, None, world.at) == (date(2026, 3, 3), None)
    for days in (0, -1, 367):
        assert "1 to 366 days" in refused(people.pause, world.site, alex, days, world.at)


def test_a_pause_and_its_end_for_somebody_who_is_gone(world: World) -> None:
    with pytest.raises(AttuneError, match="no such person any more"):
        people.pause(world.site, new_id(), 1, world.at)
    with pytest.raises(AttuneError, match="no such person any more"):
        people.resume(world.site, new_id(), world.at)


def test_a_pause_quietens_and_its_end_does_not_make_up(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    people.pause(world.site, alex, 3, world.at)
    world.goes_on(datetime(2026, 3, 4, 20, tzinfo=UTC))
    assert world.told(alex, NudgeKind.NUDGE) == []
    people.resume(world.site, alex, world.at)
    world.goes_on(datetime(2026, 3, 5, 11, tzinfo=UTC))
    assert world.told(alex, NudgeKind.NUDGE) == []
    world.goes_on(datetime(2026, 3, 5, 12, tzinfo=UTC))
    assert len(world.told(alex, NudgeKind.NUDGE)) == 1


def test_consent_is_asked_in_the_ledger_too(world: World) -> None:
    world.enrol("Alex")
    address = world.address("Alex")
    assert address is not None
    with world.site.db.read() as session:
        assert consent.is_open(session, address.lookup)
        assert session.scalar(select(func.count()).select_from(Couple)) == 0
