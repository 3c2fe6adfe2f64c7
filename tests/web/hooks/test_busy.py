"""While another program holds SQLite, a post is soon told to come again, and does not wait like a daemon."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from service import jobs
from service.running.web import in_a_hurry
from service.settings import Settings
from service.states import ReplyState
from service.web.app import create_app
from tests.servers import TwilioServer
from tests.web.conftest import SQLITE
from tests.web.hooks.conftest import replies, signed, text
from tests.web.serving import Web, serving
from tests.world import World

HURRY = 0.2
PATIENCE = 300.0
"""Seconds that all others wait: longer than any test has."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"busy_seconds": PATIENCE})


@pytest.fixture
def hurried(world: World) -> Iterator[Web]:
    with in_a_hurry(world.site, HURRY) as site, serving(create_app(site)) as web:
        yield web


@SQLITE
def test_a_post_is_told_to_come_again(
    world: World, twilio: TwilioServer, hurried: Web, tmp_path: Path
) -> None:
    world.enrol("Alex")
    fields = text("YES")
    with closing(sqlite3.connect(tmp_path / "attune.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = signed(hurried, twilio, fields)
    assert (answer.status, answer.headers["retry-after"]) == (503, "30")
    assert replies(world) == []
    assert signed(hurried, twilio, fields).status == 200
    hurried.get("/healthz")
    assert [reply.provider_id for reply in replies(world)] == [dict(fields)["MessageSid"]]


@SQLITE
def test_no_post_waits_for_the_daemon_or_for_another_post(
    world: World, twilio: TwilioServer, hurried: Web, tmp_path: Path
) -> None:
    beating = threading.Thread(target=jobs.beat, args=(world.site,))
    with closing(sqlite3.connect(tmp_path / "attune.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        beating.start()
        with ThreadPoolExecutor(4) as crowd:
            posts = [crowd.submit(signed, hurried, twilio, text()) for _ in range(8)]
            answers = [post.result() for post in posts]
        assert beating.is_alive()
    beating.join()
    assert {(answer.status, answer.headers["retry-after"]) for answer in answers} == {(503, "30")}
    assert replies(world) == []
    with world.site.db.read() as session:
        assert jobs.last_tick(session) == world.at


def test_posts_and_a_daemon_write_at_the_same_time(world: World, twilio: TwilioServer) -> None:
    world.enrol("Alex")
    world.run()
    with (
        in_a_hurry(world.site) as site,
        serving(create_app(site)) as web,
        ThreadPoolExecutor(8) as crowd,
    ):
        posts = [crowd.submit(signed, web, twilio, text("YES")) for _ in range(16)]
        for _ in range(16):
            jobs.beat(world.site)
        assert [post.result().status for post in posts] == [200] * 16
    assert [reply.state for reply in replies(world)] == [ReplyState.UNDERSTOOD] * 16
