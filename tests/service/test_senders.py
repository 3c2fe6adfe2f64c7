from datetime import timedelta

from service import checks, health, senders
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
        state = session.get(SenderState, sender)
        until = senders.reopens_at(state, world.at) if state else None
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


def test_what_a_clock_that_was_ahead_left_behind_holds_nothing(world: World) -> None:
    stop(world)
    with world.site.db.write() as session:
        senders.take(session.get_one(SenderState, ONE), 0, 1, 1.0, world.at)
    world.at -= timedelta(days=2)
    assert waits(world) is None
    with world.site.db.write() as session:
        senders.take(session.get_one(SenderState, ONE), 0, 1, 1.0, world.at)
    (state,) = rows(world, SenderState)
    assert (state.today, state.messages_today, state.spent_today) == (world.at.date(), 1, 1.0)
    stop(world)
    assert waits(world) == senders.TRY_AGAIN


def test_clocks_that_differ_by_a_second_at_midnight_count_one_day(world: World) -> None:
    stop(world)
    midnight = world.at.replace(hour=0)
    for second in (1, -1, 1):
        with world.site.db.write() as session:
            state = session.get_one(SenderState, ONE)
            senders.take(state, 0, 1, 1.0, midnight + timedelta(seconds=second))
    assert [state.messages_today for state in rows(world, SenderState)] == [3]


def test_who_is_not_set_up_any_more_is_not_missed(world: World) -> None:
    mine = world.site.notifiers["phone"].sender
    for sender in (ONE, mine):
        stop(world, sender)
    with world.site.db.read() as session:
        assert [state.sender for state in senders.stopped(session, world.site)] == [mine]
    assert len(health.look(world.site, dict)[1]) == 1
    assert [c.name for c in checks._rows(world.site, world.at) if c.name.startswith("sender")] == [
        f"sender {mine}"
    ]
