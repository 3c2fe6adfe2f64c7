import pytest
from sqlalchemy import select

from service import events
from service.ids import new_id
from service.models import Event, Person
from tests.world import World


def kinds(world: World) -> list[str]:
    with world.site.db.read() as session:
        return list(session.scalars(select(Event.kind).order_by(Event.seq)))


def test_events_are_kept_in_the_order_in_which_they_happened(world: World) -> None:
    alex, subject = world.enrol("Alex"), new_id()
    before = kinds(world)
    with world.site.db.write() as session:
        for kind in ("nudge sent", "nudge delivered", "reply understood"):
            events.tell(session, kind, subject, world.at, alex)
            session.flush()
    assert kinds(world) == [*before, "nudge sent", "nudge delivered", "reply understood"]
    with world.site.db.read() as session:
        row = session.scalars(select(Event).order_by(Event.seq.desc())).first()
        assert row is not None
        assert (row.subject_id, row.person_id, row.at) == (subject, alex, world.at)


def test_an_event_is_of_the_transaction_that_it_tells_of(world: World) -> None:
    def tell_and_fail() -> None:
        with world.site.db.write() as session:
            events.tell(session, "nudge sent", new_id(), world.at)
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        tell_and_fail()
    assert kinds(world) == []


def test_events_of_a_person_go_with_them(world: World) -> None:
    alex = world.enrol("Alex")
    with world.site.db.write() as session:
        events.tell(session, "nudge sent", new_id(), world.at, alex)
        events.tell(session, "sender stopped", new_id(), world.at)
    with world.site.db.write() as session:
        session.delete(session.get_one(Person, alex))
    assert kinds(world) == ["sender stopped"]
