"""A batch is claimed, handed over and recorded together: with statements that do not grow with it."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, insert, literal, select, text
from sqlalchemy.exc import OperationalError

from notifiers.base import Accepted, Kind, Message, SendError
from service import carrying, sending, waiting
from service.models import Attempt, Nudge, NudgeItem, Person, Reminder, SenderState
from service.sending import CalledBack, Handed
from service.site import Site
from service.states import NudgeState, Outcome
from tests.bench import rush_ground
from tests.walk.channel import Channel
from tests.walk.rows import rows
from tests.world import World


def planned(world: World, size: int) -> list[UUID]:
    """People with a message each that may go now, in the order of their messages."""
    world.at = rush_ground.DUE_AT
    return rush_ground.add(world.site.db, world.site.sealer, size)


def states(world: World) -> list[NudgeState]:
    return sorted(nudge.state for nudge in rows(world, Nudge))


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Collect the statements that are run inside the block."""
    seen: list[str] = []

    def note(*details: object) -> None:
        seen.append(str(details[2]).split("(")[0])

    event.listen(world.site.db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(world.site.db.engine, "before_cursor_execute", note)


def test_a_large_batch_takes_the_statements_of_a_small_one(world: World, channel: Channel) -> None:
    people = planned(world, 64)
    sending.record(
        world.site, sending.hand_over(world.site, sending.claim(world.site, world.at, 1)[0]), world.at
    )
    with world.site.db.write() as session:  # In each batch one lapses.
        for person in (people[1], people[10]):
            session.get_one(Person, person).stopped_at = world.at
    found: list[tuple[int, list[str], list[str]]] = []
    for size in (3, 60):
        with statements(world) as claim:
            claimed = sending.claim(world.site, world.at, size)
        # One of each batch is refused for now, and one takes other segments than we counted.
        channel.answers.extend([SendError(Kind.RETRY, "busy"), Accepted(f"own-{size}", 3)])
        handed = [sending.hand_over(world.site, one) for one in claimed]
        with statements(world) as record:
            sending.record_all(world.site, handed, world.at)
        found.append((len(claimed), claim, record))

    (few, *small), (many, *large) = found
    assert (few, many) == (2, 59)
    assert small == large
    assert max(map(len, large)) < 16
    assert Counter(states(world)) == {NudgeState.SENT: 60, NudgeState.PLANNED: 2, NudgeState.LAPSED: 2}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_reads_only_what_a_batch_needs_before_it_has_counted_the_rows(
    world: World, channel: Channel
) -> None:
    """Between a large import and the first ANALYZE it once joined all habits with all members."""
    size = 400
    planned(world, size)
    of_each = (
        select(
            Nudge.id, literal(0), Reminder.habit_id, Nudge.person_id, Reminder.id, literal(world.at.date())
        )
        .join(Reminder, Reminder.id == Nudge.cause_id)
        .add_columns(literal(0), literal("thanks-1"), literal(0.1))
    )
    columns = [
        "nudge_id",
        "position",
        "habit_id",
        "person_id",
        "reminder_id",
        "day",
        "turn",
        "prompt_id",
        "chance",
    ]
    with world.site.db.write() as session:
        session.execute(insert(NudgeItem).from_select(columns, of_each))
        ids = session.scalars(select(Nudge.id).limit(96)).all()

    asked = waiting.SAID_OF_ITEMS.params(nudge_ids=ids).compile(
        world.site.db.engine, compile_kwargs={"literal_binds": True}
    )
    with world.site.db.read() as session:
        plan = session.scalar(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked}".replace(":", "\\:")))
    read = [node["Actual Rows"] * node["Actual Loops"] for node in _nodes(plan[0]["Plan"])]
    assert sum(read) <= 3 * size


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def test_what_differs_in_a_batch_is_recorded_of_each(world: World, channel: Channel) -> None:
    planned(world, 5)
    claimed = sending.claim(world.site, world.at, 9)
    errors = [
        SendError(kind, kind.value, code=f"{n}") for n, kind in enumerate(Kind) if kind is not Kind.CONTACT
    ]
    handed = [sending.Handed(claimed[0], Accepted("p-0", 3))]
    handed += [sending.Handed(one, error) for one, error in zip(claimed[1:], errors, strict=True)]
    sending.record_all(world.site, handed, world.at)

    nudges = {nudge.id: nudge for nudge in rows(world, Nudge)}
    found = {nudges[a.nudge_id].state: (a.outcome, a.code, a.segments) for a in rows(world, Attempt)}
    assert found[NudgeState.SENT] == (Outcome.ACCEPTED, None, 3)
    assert found[NudgeState.FAILED] == (Outcome.CONTENT, "3", 1)
    assert found[NudgeState.UNKNOWN] == (Outcome.UNKNOWN, "4", 1)
    waits = sorted(n.not_before - world.at for n in nudges.values() if n.state is NudgeState.PLANNED)
    assert [wait.total_seconds() >= least for wait, least in zip(waits, (30, 300), strict=True)] == [True] * 2


def test_a_stop_in_the_middle_of_a_batch_holds_the_rest_back(
    world: World, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(world, 4)
    claimed = sending.claim(world.site, world.at, 9)
    monkeypatch.setattr(sending, "FRESH_SECONDS", 0.0)  # As if each call had taken its time.

    def stop_the_last(_: Message) -> None:
        with world.site.db.write() as session:
            session.get_one(Person, claimed[-1].person_id).stopped_at = world.at

    channel.meanwhile = stop_the_last
    handed: list[sending.Handed] = []
    while left := claimed[len(handed) :]:
        handed += sending.hand_over_some(world.site, left)
    sending.record_all(world.site, handed, world.at)

    assert [isinstance(one.result, CalledBack) for one in handed] == [False, False, False, True]
    assert states(world) == [NudgeState.LAPSED, *[NudgeState.SENT] * 3]
    assert len(rows(world, Attempt)) == 3


def test_a_message_that_cannot_be_opened_takes_no_others_with_it(world: World, channel: Channel) -> None:
    planned(world, 3)
    (broken, *_) = rows(world, Nudge, Nudge.state == NudgeState.PLANNED)
    with world.site.db.write() as session:
        session.get_one(Nudge, broken.id).words_sealed = b"damaged"
    with ThreadPoolExecutor(2) as pool:
        assert carrying.Carrier(world.site, pool, 2).run(lambda: True) == 2

    assert len(channel.messages) == 2
    (left,) = rows(world, Nudge, Nudge.id == broken.id)
    assert (left.state, left.not_before > world.at) == (NudgeState.PLANNED, True)


def test_a_claim_that_fails_loses_no_outcome(
    world: World, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(world, 6)
    claim, claims = sending.claim, iter([True, False])

    def breaks(site: Site, now: object, limit: int) -> list[sending.Claimed]:
        if next(claims):
            return claim(site, world.at, limit)
        raise OperationalError("BEGIN", {}, Exception("gone"))

    monkeypatch.setattr(sending, "claim", breaks)
    with ThreadPoolExecutor(3) as pool, pytest.raises(OperationalError):
        carrying.Carrier(world.site, pool, 3).run(lambda: True)

    assert states(world) == [NudgeState.PLANNED] * 3 + [NudgeState.SENT] * 3


def test_what_waits_behind_a_provider_that_became_slow_is_put_back(
    world: World, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = planned(world, 3)
    monkeypatch.setattr(carrying, "MOST_SECONDS", 0.0)  # However short the first call is.
    claimed = sending.claim(world.site, world.at, 3)
    with ThreadPoolExecutor(1) as pool:
        carrier = carrying.Carrier(world.site, pool, 1)
        channel.meanwhile = lambda _: time.sleep(sending.FRESH_SECONDS * 2)
        carrier._under_way = len(claimed)
        pool.submit(carrier._carry, claimed)
        while carrier._under_way:
            carrier._record_next()
    assert len(channel.messages) <= 1
    sent = {NudgeState.SENT} if channel.messages else set()
    assert set(states(world)) == {NudgeState.PLANNED} | sent
    assert len(rows(world, Attempt)) == len(channel.messages)
    assert len(sending.claim(world.site, world.at, 3)) == len(ids) - len(channel.messages)


def test_what_was_recorded_is_not_recorded_once_more(world: World, channel: Channel) -> None:
    """A commit whose answer was lost is tried again; by then somebody else may hand the message over."""
    planned(world, 1)
    (first,) = sending.claim(world.site, world.at, 1)
    refused = sending.Handed(first, SendError(Kind.RETRY, "busy"))
    sending.record(world.site, refused, world.at)
    (nudge,) = rows(world, Nudge)
    world.at = nudge.not_before
    (second,) = sending.claim(world.site, world.at, 1)
    sending.record(world.site, refused, world.at)
    assert states(world) == [NudgeState.SENDING]
    sending.record(world.site, sending.Handed(second, Accepted("p-2", 1)), world.at)
    assert states(world) == [NudgeState.SENT]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_senders_are_locked_in_one_order(world: World, channel: Channel) -> None:
    """Two workers that record outcomes of both would wait for each other otherwise."""
    planned(world, 2)
    first, second = sending.claim(world.site, world.at, 2)
    with world.site.db.write() as session:
        session.add(SenderState(sender="a sender"))
        session.get_one(Attempt, second.attempt_id).sender = "a sender"
    mine = SELECT_SENDER.bindparams(sender=channel.sender)
    handed = [
        Handed(first, Accepted("own-1", 3)),
        Handed(second, SendError(Kind.SENDER, "refused", code="20003")),
    ]
    with ThreadPoolExecutor(1) as pool:
        with world.site.db.write() as session:
            session.execute(SELECT_SENDER, {"sender": "a sender"})
            recording = pool.submit(sending.record_all, world.site, handed, world.at)
            while not waits(world):
                assert not recording.done()
                time.sleep(0.01)
            assert session.execute(mine).all()  # It is locked for nobody yet.
        recording.result()
    assert sorted(attempt.outcome or "" for attempt in rows(world, Attempt)) == ["accepted", "sender"]


def waits(world: World) -> bool:
    """Say whether somebody waits for a lock, in a transaction of its own: each sees one state of it all."""
    with world.site.db.read() as session:
        return bool(session.scalar(WAITING))


SELECT_SENDER = text("SELECT 1 FROM sender_state WHERE sender = :sender FOR UPDATE NOWAIT")
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
