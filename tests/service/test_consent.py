import re
from dataclasses import replace
from datetime import timedelta
from itertools import compress
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

import service
from service import addresses, asking, consent, privacy
from service.ids import new_id
from service.models import Address, Consent, Person, Suppression, Wording
from service.states import AddressKind, ConsentEvent
from tests.world import NUMBERS, World

ASKED, GIVEN = ConsentEvent.ASKED, ConsentEvent.GIVEN
WITHDRAWN, RESTORED = ConsentEvent.WITHDRAWN, ConsentEvent.RESTORED
SMS = AddressKind.SMS
SERVICE = Path(service.__path__[0])


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


def versions(world: World, name: str) -> list[str]:
    lookup = addresses.lookup(world.site.sealer, SMS, NUMBERS[name])
    with world.site.db.read() as session:
        rows = session.scalars(select(Consent).where(Consent.lookup == lookup).order_by(Consent.id))
        return [row.wording_version for row in rows]


def wordings(world: World) -> dict[str, tuple[str, str]]:
    with world.site.db.read() as session:
        return {row.version: (row.language, row.words) for row in session.scalars(select(Wording))}


def test_a_text_is_kept_once_and_under_a_name_of_its_own(world: World) -> None:
    world.enrol("Alex")
    world.at += timedelta(days=1)
    world.enrol("Sam")
    (version,) = wordings(world)
    assert versions(world, "Alex") == versions(world, "Sam") == [version]
    assert re.fullmatch("en-[0-9a-f]{12}", version)
    with world.site.db.read() as session:
        assert session.get_one(Wording, version).since == world.at - timedelta(days=1)
    language, words = wordings(world)[version]
    assert (language, version) == ("en", consent.version_of("en", words))
    assert "up to 3 messages a day" in words
    assert not any(private in words for private in ("Alex", NUMBERS["Alex"]))


def test_another_language_cap_or_brand_is_another_version(world: World) -> None:
    world.enrol("Alex", language="de-AT", daily_cap=1)
    world.enrol("Sam", language="es")
    world.site = replace(world.site, settings=world.site.settings.model_copy(update={"brand": "Nest"}))
    world.enrol("Charlie")
    kept = wordings(world)
    assert [kept[versions(world, name)[0]][0] for name in ("Alex", "Sam", "Charlie")] == ["de", "es", "en"]
    assert "bis zu 1 Nachricht am Tag" in kept[versions(world, "Alex")[0]][1]
    assert kept[versions(world, "Charlie")[0]][1].startswith("Nest: ")


def test_an_answer_is_to_the_question_that_was_put_last(world: World) -> None:
    alex = world.enrol("Alex")
    world.run()
    world.at += timedelta(days=8)
    with world.site.db.write() as session:
        session.get_one(Person, alex).daily_cap = 5
    asking.ask_again(world.site, alex, world.at)
    world.run()
    for said in ("YES", "STOP", "START"):
        world.at += timedelta(minutes=1)
        world.says("Alex", said)
    first, *later = versions(world, "Alex")
    assert ledger(world, "Alex") == [ASKED, ASKED, GIVEN, WITHDRAWN, RESTORED]
    assert len(set(later)) == 1
    assert first not in later
    assert "up to 5 messages a day" in wordings(world)[later[0]][1]


def test_a_row_of_before_texts_were_kept_stays_as_it_is(world: World) -> None:
    world.enrol("Alex")
    execute(world, "UPDATE consent SET wording_version = '2026-11'")
    execute(world, "DELETE FROM wording")
    world.at += timedelta(minutes=1)
    give(world)
    assert versions(world, "Alex") == ["2026-11", "2026-11"]


def execute(world: World, statement: str) -> None:
    with world.site.db.write() as session:
        session.execute(text(statement))


def everything(world: World) -> list[tuple[object, ...]]:
    table = Consent.__table__
    with world.site.db.read() as session:
        return [tuple(row) for row in session.execute(select(table).order_by(Consent.id))]


def test_no_row_is_changed_or_deleted_through_the_models(world: World) -> None:
    world.enrol("Alex")
    before = everything(world)
    with pytest.raises(RuntimeError, match="never changed"), world.site.db.write() as session:
        session.scalars(select(Consent)).one().source = "nobody"
    with pytest.raises(RuntimeError, match="never changed"), world.site.db.write() as session:
        session.delete(session.scalars(select(Consent)).one())
    assert everything(world) == before


def test_nothing_in_the_code_changes_or_deletes_rows_in_bulk() -> None:
    """Triggers would do it as well, but SQLite drops them when a migration rebuilds the table."""
    files = [path for path in SERVICE.rglob("*.py") if "versions" not in path.parts]
    assert len(files) > 100
    for path in files:
        source = path.read_text("utf-8")
        found = [one[0] for one in re.finditer(r"\b(update|delete|merge)\(\s*Consent\b", source)]
        assert found == (["update(Consent"] if path.name == "parting.py" else []), "Only `forget` does."
        assert not re.search(r"\b(UPDATE|DELETE FROM)\s+consent\b", source, re.IGNORECASE), path


def test_the_ledger_only_grows(world: World) -> None:
    """All that is done with people leaves its rows as they are; being forgotten takes the address off."""
    world.enrol("Alex")
    world.run()
    known: list[tuple[object, ...]] = []
    for said in ("YES", "STOP", "STOP", "START", "yes", "delete"):
        world.at += timedelta(minutes=1)
        world.says("Alex", said)
        rows = everything(world)
        assert rows[: len(known)] == known
        known = rows
    assert len(known) == 6
    person_id = alex_id(world)
    privacy.forget(world.site, person_id)
    lasting = [column.name not in ("address_id", "reply_id") for column in Consent.__table__.columns]
    rows = [tuple(compress(row, lasting)) for row in everything(world)]
    assert rows == [tuple(compress(row, lasting)) for row in known]


def alex_id(world: World) -> UUID:
    with world.site.db.read() as session:
        return alex_of(session, world)[0].id
