from datetime import timedelta

from service import senders
from service.models import SenderState
from tests.walk.rows import rows
from tests.world import World

ONE, OTHER = "twilio AC1", "smtp attune@example.org"


def stop(world: World, sender: str = ONE, code: str | None = "20003") -> None:
    with world.site.db.write() as session:
        senders.stop(session, sender, code, world.at)


def works(world: World, sender: str = ONE) -> None:
    with world.site.db.write() as session:
        senders.works(session, sender)


def waits(world: World, sender: str = ONE) -> timedelta | None:
    """How long a sender is not to be used, seen from now."""
    with world.site.db.read() as session:
        until = senders.closed_until(session, sender, world.at)
    return until - world.at if until else None


def stopped(world: World) -> list[tuple[str, str | None]]:
    return sorted((state.sender, state.code) for state in rows(world, SenderState) if state.stopped_at)


def test_a_sender_nobody_heard_of_may_be_used(world: World) -> None:
    assert waits(world) is None
    assert stopped(world) == []
    works(world)
    assert stopped(world) == []


def test_a_stopped_sender_is_tried_again_after_a_while(world: World) -> None:
    stop(world)
    assert waits(world) == senders.TRY_AGAIN
    world.at += senders.TRY_AGAIN - timedelta(seconds=1)
    assert waits(world) == timedelta(seconds=1)
    world.at += timedelta(seconds=1)
    assert waits(world) is None
    # It may be tried, and is still told of until it works.
    assert stopped(world) == [(ONE, "20003")]


def test_each_failure_begins_the_while_anew(world: World) -> None:
    stop(world)
    world.at += senders.TRY_AGAIN
    stop(world, code="30002")
    assert waits(world) == senders.TRY_AGAIN
    assert stopped(world) == [(ONE, "30002")]


def test_a_sender_that_works_is_open_at_once(world: World) -> None:
    stop(world)
    works(world)
    assert waits(world) is None
    assert stopped(world) == []
    with world.site.db.read() as session:
        assert session.get_one(SenderState, ONE).code is None


def test_one_senders_trouble_is_not_anothers(world: World) -> None:
    stop(world)
    stop(world, OTHER, None)
    works(world, OTHER)
    assert waits(world, OTHER) is None
    assert waits(world) == senders.TRY_AGAIN
    assert stopped(world) == [(ONE, "20003")]
