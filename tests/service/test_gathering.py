"""What several threads add at the same time is committed together, and the fault of one is its own."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import Connection, event, insert, select
from sqlalchemy.exc import IntegrityError

from service import gathering
from service.db import Database
from service.models import Meta
from service.trouble import DatabaseError
from tests.web.conftest import SQLITE
from tests.world import World


def adding(key: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(insert(Meta.__table__), {"key": key, "value": "here"})  # type: ignore[arg-type]
        return key

    return work


def there(world: World) -> set[str]:
    with world.site.db.read() as session:
        return set(session.scalars(select(Meta.key).where(Meta.value == "here")))


def gathered(world: World, keys: list[str]) -> tuple[list["Future[str]"], int]:
    """Add all of these while the turn to write is taken; return what came of it, in how many transactions."""
    database, begun = world.site.db, 0

    def count(connection: Connection) -> None:
        nonlocal begun
        begun += 1

    with ThreadPoolExecutor(len(keys)) as pool:
        with database.write():
            wishes = [pool.submit(database.add, adding(key)) for key in keys]
            while len(database._gathering._waiting) < len(keys):
                time.sleep(0.001)  # Until all of them wait for the turn.
            event.listen(database.engine, "begin", count)
        done = list(wishes)
    event.remove(database.engine, "begin", count)
    return done, begun


@SQLITE
def test_what_waits_for_the_turn_is_committed_together(world: World) -> None:
    keys = [f"key {number}" for number in range(5)]
    done, transactions = gathered(world, keys)
    assert [wish.result() for wish in done] == keys
    assert there(world) == set(keys)
    assert transactions == 1


@SQLITE
def test_a_transaction_stays_a_short_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST", 2)
    keys = [f"key {number}" for number in range(5)]
    done, transactions = gathered(world, keys)
    assert [wish.result() for wish in done] == keys
    assert transactions == 3


@SQLITE
def test_one_at_fault_fails_alone(world: World) -> None:
    done, _ = gathered(world, ["one", "two", "two", "three"])
    errors = [wish.exception() for wish in done]
    assert [type(error) for error in errors if error] == [IntegrityError]
    assert errors[0] is errors[3] is None
    assert there(world) == {"one", "two", "three"}


@SQLITE
def test_who_gives_up_waiting_leaves_nothing_behind(world: World) -> None:
    with closing(Database(world.site.settings.url, 0.05, beside=world.site.db)) as hurried:
        with world.site.db.write(), pytest.raises(DatabaseError):
            hurried.add(adding("too late"))
        assert hurried.add(adding("in time")) == "in time"
    assert there(world) == {"in time"}


def test_alone_it_is_committed_or_raises(world: World) -> None:
    assert world.site.db.add(adding("once")) == "once"
    with pytest.raises(IntegrityError):
        world.site.db.add(adding("once"))
    assert there(world) == {"once"}
