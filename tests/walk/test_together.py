"""Several threads and processes at the same rows: no digest is split, nothing is doubled, no lock is felt."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from habits.nudging import Reason
from notifiers.base import Report
from service import outbox, outcomes, planning, receipts, sending
from service.models import Attempt, EntryRow, Nudge, NudgeItem, Reply
from service.sending import Claimed
from service.states import NudgeKind, NudgeState, ReplyState
from tests.walk import writers
from tests.walk.channel import Channel
from tests.walk.processes import ended, start
from tests.walk.rounds import send
from tests.walk.rows import attempts, crowd, on, rows, state
from tests.world import World


def two_habits_each(world: World, size: int) -> list[UUID]:
    ids = crowd(world, size)
    for person_id in ids:
        world.take_up("gratitude", "daily", "daily 19:00", person_id)
        world.take_up("empathy", "daily", "daily 19:05", person_id)
    world.at = on("19:00")
    return ids


def assert_one_digest_each(world: World, ids: list[UUID]) -> None:
    made = rows(world, Nudge, Nudge.kind == NudgeKind.NUDGE)
    assert Counter(nudge.person_id for nudge in made) == dict.fromkeys(ids, 1)
    sizes = Counter(item.nudge_id for item in rows(world, NudgeItem))
    assert sizes == {nudge.id: 2 for nudge in made}
    assert {nudge.state for nudge in made} == {NudgeState.PLANNED}


def test_threads_that_plan_at_once_split_no_digest(world: World) -> None:
    ids = two_habits_each(world, 16)
    together = Barrier(4)

    def work(_: int) -> planning.Planned:
        total = planning.Planned()
        together.wait()
        while (did := planning.plan_due(world.site, world.at, 3)).people:
            total += did
        return total

    with ThreadPoolExecutor(4) as pool:
        did = sum(pool.map(work, range(4)), planning.Planned())

    assert did == planning.Planned(people=16, planned=16)
    assert_one_digest_each(world, ids)


def test_processes_that_plan_at_once_split_no_digest(world: World) -> None:
    ids = two_habits_each(world, 16)
    workers = [start(writers.plan, world.site.settings, world.at, 3) for _ in range(2)]

    assert [ended(worker) for worker in workers] == [0, 0]
    assert_one_digest_each(world, ids)


def test_threads_that_claim_at_once_share_nothing(world: World, channel: Channel) -> None:
    two_habits_each(world, 16)
    while planning.plan_due(world.site, world.at).people:
        pass
    together = Barrier(4)

    def work(_: int) -> list[Claimed]:
        mine: list[Claimed] = []
        together.wait()
        # One that finds all that is oldest in the hands of others comes back empty, and tries again.
        for _attempt in range(8):
            mine += sending.claim(world.site, world.at, 2)
        return mine

    with ThreadPoolExecutor(4) as pool:
        claimed = [one for mine in pool.map(work, range(4)) for one in mine]
    claimed += sending.claim(world.site, world.at, 16)

    assert len({one.nudge_id for one in claimed}) == len(claimed) == 16
    assert len(rows(world, Attempt)) == 16
    assert {nudge.state for nudge in rows(world, Nudge, Nudge.kind == NudgeKind.NUDGE)} == {
        NudgeState.SENDING
    }


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_is_held_by_another_transaction_holds_up_nobody_else(world: World, alex: UUID, sam: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.take_up("gratitude", "daily", "daily 19:05", sam)
    for at in ("19:00", "19:05"):
        planning.plan_due(world.site, on(at))

    with Session(world.site.db.engine) as session, session.begin():
        outbox.lock_people(session, [alex])
        assert [one.person_id for one in sending.claim(world.site, on("19:05"), 1)] == [sam]
        assert sending.claim(world.site, on("19:05"), 1) == []
    assert [one.person_id for one in sending.claim(world.site, on("19:05"), 1)] == [alex]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_reports_that_come_at_once_are_ranked_too(world: World, nudged: UUID, channel: Channel) -> None:
    send(world, 1)
    (attempt,) = attempts(world, nudged)
    late = Report(f"own-{attempt.id}", "sent", 2)
    with ThreadPoolExecutor(1) as pool:
        with Session(world.site.db.engine) as session, session.begin():
            outbox.lock_people(session, [nudged])
            waiting = pool.submit(receipts.record, world.site, "own", late, None, world.at)
            held = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while not (session.scalar(held) or waiting.done()):
                pass
            delivered = Report(f"own-{attempt.id}", "delivered", 3)
            outcomes.reported(session, session.get_one(Attempt, attempt.id), delivered, world.at)
        assert waiting.result()

    assert state(world, nudged)[0] is NudgeState.DELIVERED
    assert [attempt.rank for attempt in attempts(world, nudged)] == [3]


def test_a_daemon_a_web_server_and_a_command_loop_write_at_once(world: World, alex: UUID, sam: UUID) -> None:
    habit = world.take_up("gratitude", "daily", "daily 10:00", alex)
    world.take_up("empathy", "daily", "daily 10:05", sam)
    world.at = on("10:00")
    settings = world.site.settings
    others = [
        start(writers.daemon, settings, world.at, 12),
        start(writers.webhook, settings, world.at, 20),
        start(writers.commands, settings, world.at, 8, alex, habit),
    ]

    assert [ended(other) for other in others] == [0, 0, 0]
    replies = rows(world, Reply)
    assert len(replies) == 20
    assert {(r.state, r.tries, r.raw_sealed) for r in replies} == {(ReplyState.UNDERSTOOD, 0, None)}
    entries = rows(world, EntryRow)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert set(Counter(attempt.nudge_id for attempt in rows(world, Attempt)).values()) == {1}
    assert state(world, sam) == (NudgeState.SENT, Reason.DUE)
