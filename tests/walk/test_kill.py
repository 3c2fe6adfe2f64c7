"""Killed at each commit and in between: the next start carries on, and nothing is lost or doubled."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url

from service.models import EntryRow, Nudge, Reply
from service.settings import Settings
from service.states import NudgeKind, NudgeState, ReplyState
from tests import postgres
from tests.servers import Record, Script, TwilioServer
from tests.walk.processes import ended, start
from tests.walk.rows import on, rows
from tests.walk.walker import Place, walk, walk_and_die
from tests.world import NUMBERS, World

DUE = on("19:00")
COMMITS = 9
"""At least: plan, claim, record, two reports, store, understand, and claim and record of the answer."""

Copies = Callable[[], AbstractContextManager[World]]


class Noticing(TwilioServer):
    """Lets a test wait for each message that it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.took = threading.Semaphore(0)

    def store(self, record: Record) -> None:
        super().store(record)
        self.took.release()


@pytest.fixture
def twilio() -> Iterator[Noticing]:
    with Noticing() as server:
        yield server


@pytest.fixture
def copies(request: pytest.FixtureRequest, world: World, twilio: Noticing, tmp_path: Path) -> Copies:
    """Copies of an installation with a nudge that is due, each for one death."""
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.site.db.close()
    source = make_url(world.site.settings.url)
    options = {"account_sid": twilio.account_sid, "auth_token": twilio.auth_token}
    channels = {"twilio": {**options, "sender": twilio.number, "base_url": twilio.url, "per_second": 0}}

    @contextmanager
    def opened(url: str) -> Iterator[World]:
        known = world.site.settings.model_dump() | {"database_url": url, "notifiers": channels}
        copy = World.open(Settings(**known), DUE)
        with closing(copy.site.db):
            yield copy

    @contextmanager
    def copied() -> Iterator[World]:
        if source.drivername == "sqlite":
            path = tmp_path / f"{uuid4().hex}.db"
            path.write_bytes(Path(str(source.database)).read_bytes())
            with opened(f"sqlite:///{path}") as copy:
                yield copy
            return
        server: str = request.getfixturevalue("postgres_url")
        name = f"copy_{uuid4().hex[:12]}"
        with postgres.database(server, name, str(source.database)) as url, opened(url) as copy:
            yield copy

    return copied


def start_again(world: World) -> None:
    """Do what the next start does, so much later that claims are swept."""
    world.at = DUE + timedelta(seconds=world.site.settings.claim_seconds + 1)
    walk(world.site)


def assert_nothing_is_lost_or_doubled(world: World, twilio: Noticing) -> None:
    stored = {(record.to, record.body): twilio.creates[record.to, record.body] for record in twilio.messages}
    assert set(stored.values()) <= {1}
    nudges = rows(world, Nudge, Nudge.due_at >= DUE)
    unseal = world.site.sealer.unseal
    bodies = {nudge.id: unseal(nudge.words_sealed) for nudge in nudges if nudge.words_sealed}
    for nudge in nudges:
        if (NUMBERS["Alex"], bodies[nudge.id]) in stored:
            assert nudge.state in (NudgeState.SENT, NudgeState.DELIVERED)
        else:
            assert (nudge.state, nudge.reason) == (NudgeState.UNKNOWN, "the hand-over never ended")
    assert len(stored) == sum(nudge.state is not NudgeState.UNKNOWN for nudge in nudges)

    (nudge,) = [n for n in nudges if n.kind is NudgeKind.NUDGE]
    said = rows(world, Reply, Reply.channel == "twilio")
    assert len(said) == (0 if nudge.state is NudgeState.UNKNOWN else 1)
    assert {(r.state, r.tries, r.raw_sealed) for r in said} <= {(ReplyState.UNDERSTOOD, 0, None)}
    assert len(rows(world, EntryRow)) == len(said)
    assert len(nudges) == 1 + len(said)


@pytest.mark.parametrize("place", [Place.BEFORE_COMMIT, Place.AFTER_COMMIT])
def test_a_death_at_each_commit(copies: Copies, twilio: Noticing, place: Place) -> None:
    for nth in count(1):
        twilio.records.clear()
        twilio.creates.clear()
        with copies() as world:
            code = ended(start(walk_and_die, world.site.settings, DUE, place, nth))
            assert code in (0, -signal.SIGKILL)
            start_again(world)
            assert_nothing_is_lost_or_doubled(world, twilio)
            if code == 0:  # It had not as many commits: this walk was whole.
                assert nth > COMMITS
                assert [n.state for n in rows(world, Nudge, Nudge.due_at >= DUE)] == [
                    NudgeState.DELIVERED,
                    NudgeState.SENT,
                ]
                break


@pytest.mark.parametrize("place", [Place.CLAIMED, Place.ACCEPTED])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_death_around_the_call_of_the_provider(
    copies: Copies, twilio: Noticing, place: Place, nth: int
) -> None:
    with copies() as world:
        assert ended(start(walk_and_die, world.site.settings, DUE, place, nth)) == -signal.SIGKILL
        taken = len(twilio.messages)
        start_again(world)

        assert_nothing_is_lost_or_doubled(world, twilio)
        nudge = rows(world, Nudge, Nudge.due_at >= DUE)[nth - 1]
        assert taken == (nth - 1 if place is Place.CLAIMED else nth)
        assert (nudge.state is NudgeState.UNKNOWN) == (place is Place.CLAIMED)


@pytest.mark.parametrize("nth", [1, 2])
def test_a_death_while_the_provider_is_answering(copies: Copies, twilio: Noticing, nth: int) -> None:
    twilio.script(*[Script()] * (nth - 1), Script(wait_seconds=60))
    with copies() as world:
        process = start(walk_and_die, world.site.settings, DUE, Place.NOWHERE, 1)
        for _ in range(nth):
            assert twilio.took.acquire(timeout=60)
        process.kill()
        assert ended(process) == -signal.SIGKILL
        start_again(world)

        assert_nothing_is_lost_or_doubled(world, twilio)
        assert len(twilio.messages) == 2
