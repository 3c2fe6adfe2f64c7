"""Somebody is forgotten: what goes, what stays, and what the other of the two keeps."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import LargeBinary, select

from notifiers.base import Accepted, Inbound, Report
from service import inbound, people, planning, privacy, receipts, sending
from service.errors import AttuneError
from service.ids import new_id
from service.models import Address, Attempt, Couple, Nudge, Person, Reply, Row
from service.states import AddressKind, NudgeKind
from tests.service.looking import counts, refused, rows
from tests.world import NUMBERS, World

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PERSONAL = [table for table in Row.metadata.sorted_tables if "person_id" in table.c]
NO_MORE = "There is no such person any more."


@pytest.fixture
def lived(world: World) -> tuple[UUID, UUID]:
    return world.begins(five_days)


def five_days(world: World) -> tuple[UUID, UUID]:
    """Alex and Sam after five days in which both wrote this and that; Sam has a habit of their own, too."""
    alex, sam = world.couple()
    world.take_up("gratitude", "daily", "daily 12:00", alex, sam)
    world.take_up("empathy", "3 a week", "mon wed fri 18:00", sam)
    for said in ("pause 1 day", "later", "done 2", "HELP", "streak"):
        world.goes_on(timedelta(hours=4))
        world.says("Alex", "done 1")
        world.says("Sam", "skip 1")
        world.says("Sam", said)
        world.goes_on(timedelta(hours=20))
    for person in (alex, sam):
        report(world, person)
        with pytest.raises(AttuneError, match="A code goes to this person"):
            privacy.look(world.site, person, "log", None, world.at)
    world.run()
    return alex, sam


def attempt_for(world: World, person: UUID) -> Attempt:
    """The newest attempt to reach somebody."""
    newest = select(Attempt).join(Nudge).where(Nudge.person_id == person).order_by(Attempt.id.desc()).limit(1)
    with world.site.db.read() as session:
        found = session.scalars(newest).one()
        session.expunge(found)
        return found


def report(world: World, person: UUID) -> None:
    """Let the provider say of the newest message to somebody that it arrived."""
    attempt = attempt_for(world, person)
    assert attempt.provider_id
    assert receipts.record(
        world.site, attempt.channel, Report(attempt.provider_id, "delivered", 3), None, world.at
    )


def whole(world: World, person: UUID) -> dict[str, list[str]]:
    """All rows that name somebody."""
    with world.site.db.read() as session:
        found = {
            table.name: [
                str(row) for row in session.execute(select(table).where(table.c.person_id == person))
            ]
            for table in PERSONAL
        }
    return {name: sorted(lines) for name, lines in found.items() if lines}


def left_over(world: World) -> dict[str, int]:
    """How many rows there are in each table that has any."""
    with world.site.db.read() as session:
        return {name: number for name, number in counts(session).items() if number}


def mentioned(world: World, ids: set[UUID]) -> set[str]:
    """The columns in which one of these ids stands."""
    with world.site.db.read() as session:
        return {
            f"{table.name}.{column.name}"
            for table in Row.metadata.sorted_tables
            for column in table.c
            if column.type.python_type is UUID
            and session.execute(select(column).where(column.in_(ids))).first() is not None
        }


def ids_of(world: World, person: UUID) -> set[UUID]:
    """The ids of a person, and of all rows that name them."""
    with world.site.db.read() as session:
        return {person}.union(
            *(
                session.scalars(select(table.c.id).where(table.c.person_id == person))
                for table in PERSONAL
                if "id" in table.c
            )
        )


def test_who_is_forgotten_stands_in_no_row(world: World, lived: tuple[UUID, UUID]) -> None:
    alex, sam = lived
    theirs = ids_of(world, sam)
    assert {"person.id", "habit.id", "nudge.cause_id", "attempt.nudge_id", "consent.address_id"} <= mentioned(
        world, theirs
    )
    assert len(whole(world, sam)) >= 8
    provider_id = attempt_for(world, sam).provider_id
    privacy.forget(world.site, sam)
    assert mentioned(world, theirs) == set()
    counted = left_over(world)
    assert (counted["person"], counted["address"], counted["habit"], counted["receipt"]) == (1, 1, 1, 1)
    assert attempt_for(world, alex).provider_id != provider_id
    assert world.address("Sam") is None


def test_the_other_keeps_what_is_theirs_and_goes_on(world: World, lived: tuple[UUID, UUID]) -> None:
    alex, sam = lived
    before = whole(world, alex)
    assert {"entry", "member", "nudge", "reminder"} <= set(before)
    privacy.forget(world.site, sam)
    assert whole(world, alex) == before
    nudges = len(world.told(alex, NudgeKind.NUDGE))
    world.goes_on(timedelta(days=1))
    world.says("Alex", "done 1")
    world.run()
    assert len(world.told(alex, NudgeKind.NUDGE)) == nudges + 1
    assert "6 days so far" in world.told(alex)[-1].words
    assert [shown.id for shown in couples_people(world)] == [alex]


def couples_people(world: World) -> list[people.Shown]:
    with world.site.db.read() as session:
        (couple,) = session.scalars(select(Couple.id))
        return people.list_people(session, world.site, couple)


def test_with_the_last_of_the_two_the_couple_goes(world: World, lived: tuple[UUID, UUID]) -> None:
    for person in lived:
        privacy.forget(world.site, person)
    assert set(left_over(world)) == {"meta", "sender_state", "consent", "wording"}
    world.goes_on(timedelta(days=3))
    assert set(left_over(world)) == {"meta", "sender_state", "consent", "wording"}


def test_a_third_may_come_in_their_place(world: World, lived: tuple[UUID, UUID]) -> None:
    _, sam = lived
    privacy.forget(world.site, sam)
    with world.site.db.read() as session:
        (couple,) = session.scalars(select(Couple.id))
    charlie = world.join("Charlie", couple)
    assert charlie in {shown.id for shown in couples_people(world)}


def test_one_alone_is_forgotten_whole(world: World) -> None:
    charlie = world.join("Charlie")
    world.take_up("gratitude", "daily", "daily 12:00", charlie)
    world.goes_on(timedelta(days=1))
    alone = people.add_couple(world.site)
    privacy.forget(world.site, charlie)
    assert set(left_over(world)) == {"meta", "sender_state", "consent", "couple", "wording"}
    with world.site.db.read() as session:
        assert session.scalars(select(Couple.id)).all() == [alone]


def test_an_address_that_stopped_stays_suppressed(world: World) -> None:
    sam = world.join("Sam")
    world.says("Sam", "STOP")
    privacy.forget(world.site, sam)
    assert set(left_over(world)) == {"meta", "sender_state", "consent", "suppression", "wording"}
    new = people.NewPerson("Sam", AddressKind.SMS, NUMBERS["Sam"], "UTC")
    assert "asked for no more messages" in refused(people.add_person, world.site, new, world.at)


def test_who_is_enrolled_once_more_is_asked_once_more(world: World) -> None:
    privacy.forget(world.site, world.join("Sam"))
    sam = world.enrol("Sam")
    world.take_up("gratitude", "daily", "daily 12:00", sam)
    world.goes_on(timedelta(days=1))
    assert [told.kind for told in world.told(sam)] == [NudgeKind.CONSENT]
    with world.site.db.read() as session:
        shown = people.show(session, world.site, session.get_one(Person, sam))
    assert [standing for *_, standing in shown.addresses] == ["not said yes"]


def test_a_number_that_was_somebody_elses_once_keeps_its_rows(world: World) -> None:
    """A dead address of one person may be the living address of another."""
    alex = world.join("Alex")
    with world.site.db.write() as session:
        for address in session.scalars(select(Address)):
            address.dead_at = world.at
    again = world.join("Alex")
    replies = rows(world, Reply)
    privacy.forget(world.site, alex)
    assert rows(world, Reply) == replies - 1
    assert world.says("Alex", "list") is not None
    world.run()
    assert world.told(again)[-1].kind is NudgeKind.ANSWER


def test_what_is_on_its_way_is_not_recorded(world: World) -> None:
    sam = world.join("Sam")
    world.take_up("gratitude", "daily", "daily 12:00", sam)
    world.at += timedelta(hours=3)
    planning.plan_due(world.site, world.at)
    (claimed,) = sending.claim(world.site, world.at, 10)
    attempt = attempt_for(world, sam)
    handed = sending.hand_over(world.site, claimed)
    privacy.forget(world.site, sam)
    sending.record(world.site, handed, world.at)
    assert isinstance(handed.result, Accepted)
    arrived = Report(handed.result.provider_id, "delivered", 3)
    assert not receipts.record(world.site, claimed.channel, arrived, attempt.id, world.at)
    assert receipts.sweep(world.site, world.at + timedelta(hours=1)) == 0
    assert set(left_over(world)) == {"meta", "sender_state", "consent", "wording"}


def test_a_message_of_theirs_that_was_not_read_yet_goes_along(world: World) -> None:
    sam = world.join("Sam")
    reply = inbound.store(world.site, "phone", AddressKind.SMS, message("done"), world.at)
    assert reply
    privacy.forget(world.site, sam)
    assert inbound.understand(world.site, reply, world.at) is None
    assert rows(world, Reply) == 0


def message(words: str) -> Inbound:
    return Inbound(f"in-{uuid4().hex}", NUMBERS["Sam"], words)


def test_who_writes_afterwards_is_a_stranger(world: World) -> None:
    privacy.forget(world.site, world.join("Sam"))
    world.says("Sam", "done")
    world.says("Sam", "STOP")
    world.run()
    assert set(left_over(world)) == {"meta", "sender_state", "consent", "reply", "suppression", "wording"}


def test_what_a_stranger_wrote_before_goes_along(world: World) -> None:
    world.says("Sam", "hello?")
    world.says("Charlie", "hello?")
    privacy.forget(world.site, world.join("Sam"))
    assert rows(world, Reply) == 1


def test_nobody_is_forgotten_or_looked_at_twice(world: World) -> None:
    sam = world.enrol("Sam")
    privacy.forget(world.site, sam)
    for verb in (
        lambda: privacy.forget(world.site, sam),
        lambda: privacy.leave(world.site, sam, None, world.at),
        lambda: privacy.look(world.site, new_id(), "log", None, world.at),
    ):
        with pytest.raises(AttuneError, match=NO_MORE):
            verb()


@SQLITE
def test_nothing_of_theirs_is_left_in_the_file(world: World, lived: tuple[UUID, UUID]) -> None:
    _, sam = lived
    file = Path(world.site.db.engine.url.database or "")
    with world.site.db.read() as session:
        sealed = [
            value
            for table in PERSONAL
            for column in table.c
            if isinstance(column.type, LargeBinary) and column.name != "lookup"
            for value in session.scalars(select(column).where(table.c.person_id == sam))
            if value
        ]
        sealed.append(session.get_one(Person, sam).name_sealed)
    assert len(sealed) > 10

    def bytes_on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))

    assert all(value in bytes_on_disk() for value in sealed)
    privacy.forget(world.site, sam)
    assert [value for value in sealed if value in bytes_on_disk()] == []
