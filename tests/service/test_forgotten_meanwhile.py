"""Two processes at once: one forgets somebody while the other is about to do something for them.

On PostgreSQL alone: on SQLite a transaction that writes waits for the other from its beginning.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from sqlalchemy import event, select, text

from notifiers.base import Report
from service import parting, privacy, receipts
from service.models import Attempt, Person
from tests.service.looking import counts
from tests.world import World

POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def left_over(world: World) -> set[str]:
    """The tables that have any rows."""
    with world.site.db.read() as session:
        return {name for name, number in counts(session).items() if number}


@contextmanager
def forgotten_meanwhile(world: World, other: World, person: UUID) -> Iterator[None]:
    """Let another process forget somebody when this one has looked already and asks for its first lock."""
    waiting = [person]

    def step_in(*details: object) -> None:
        if waiting and ("FOR UPDATE" in str(details[2]) or "FOR KEY SHARE" in str(details[2])):
            with other.site.db.write() as session:
                session.execute(text("SET LOCAL lock_timeout = '5s'"))
                parting.forget(session, world.site, session.get_one(Person, waiting.pop()), world.at)

    event.listen(world.site.db.engine, "before_cursor_execute", step_in)
    yield
    event.remove(world.site.db.engine, "before_cursor_execute", step_in)
    assert not waiting


@POSTGRESQL
def test_a_report_finds_that_its_person_was_forgotten_just_now(two_worlds: tuple[World, World]) -> None:
    world, other = two_worlds
    sam = world.join("Sam")
    with world.site.db.read() as session:
        attempt = session.scalars(select(Attempt).order_by(Attempt.id).limit(1)).one()
        assert attempt.provider_id
        channel, arrived = attempt.channel, Report(attempt.provider_id, "delivered", 3)
    with forgotten_meanwhile(world, other, sam):
        assert not receipts.record(world.site, channel, arrived, None, world.at)
    assert left_over(world) == {"meta", "sender_state", "wording", "consent"}


@POSTGRESQL
@pytest.mark.parametrize("said", ["done", "STOP"])
def test_a_message_finds_that_its_person_was_forgotten_just_now(
    two_worlds: tuple[World, World], said: str
) -> None:
    world, other = two_worlds
    sam = world.join("Sam")
    with forgotten_meanwhile(world, other, sam):
        world.says("Sam", said)
    assert left_over(world) == {"meta", "sender_state", "wording", "consent", "reply"} | (
        {"suppression"} if said == "STOP" else set()
    )


@POSTGRESQL
def test_two_who_are_forgotten_together_leave_no_couple(two_worlds: tuple[World, World]) -> None:
    world, other = two_worlds
    alex, sam = world.couple()
    with forgotten_meanwhile(world, other, sam):
        privacy.forget(world.site, alex)
    assert left_over(world) == {"meta", "sender_state", "wording", "consent"}
