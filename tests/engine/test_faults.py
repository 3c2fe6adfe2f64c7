"""The database is in trouble for a minute: all stays up, says what is wrong, and carries on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from service.engine.local import LocalEngine
from service.running.web import in_a_hurry
from service.settings import Settings
from service.states import NudgeState, ReplyState
from service.web.app import create_app
from tests.conftest import KEY
from tests.engine.test_local import Clock, eventually
from tests.engine.troubles import KINDS, Trouble, trouble
from tests.servers import TwilioServer
from tests.web.conftest import PUBLIC
from tests.web.hooks.conftest import replies, signed, text
from tests.web.serving import Web, serving
from tests.world import World


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    with TwilioServer(public_url=PUBLIC) as server:
        yield server


@pytest.fixture(params=KINDS)
def in_trouble(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> Iterator[Trouble]:
    with trouble(request.param, sqlite_template, tmp_path) as made:
        yield made


@pytest.fixture
def database_url(in_trouble: Trouble) -> str:
    return in_trouble.url


@pytest.fixture
def settings(tmp_path: Path, database_url: str, twilio: TwilioServer) -> Settings:
    channel = {
        "account_sid": twilio.account_sid,
        "auth_token": twilio.auth_token,
        "sender": twilio.number,
        "base_url": twilio.url,
        "per_second": 0,  # The clock of a test may stand still.
    }
    return Settings(
        home=tmp_path,
        database_url=database_url,
        key=KEY,
        public_url=PUBLIC,
        busy_seconds=1,
        notifiers={"twilio": channel},
    )


@contextmanager
def up(world: World, clock: Clock) -> Iterator[Web]:
    """Daemon and web server in one process, as `attune up` has them."""
    engine = LocalEngine(world.site, clock)
    engine.start()
    try:
        with in_a_hurry(world.site) as hurried, serving(create_app(hurried, engine.late)) as web:
            yield web
    finally:
        engine.stop()


def test_a_minute_of_trouble(
    world: World, in_trouble: Trouble, twilio: TwilioServer, logged: Callable[[], str]
) -> None:
    clock = Clock()
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    done = text("done")

    def troubles(web: Web) -> str:
        ready = web.get("/readyz")
        return "" if ready.status == 200 else "\n".join(ready.json["troubles"])

    with up(world, clock) as web:
        assert troubles(web) == ""
        with in_trouble.block():
            world.at = world.at.replace(hour=12)  # A nudge is due.
            answer = signed(web, twilio, done)
            assert (answer.status, answer.headers["retry-after"]) == (503, "30")
            eventually(lambda: in_trouble.sentence in logged())
            clock.seconds += 35
            late = f"The job plan has not run for too long: {in_trouble.sentence}"
            eventually(lambda: late in troubles(web))
            assert web.get("/healthz").status == 200
        eventually(lambda: troubles(web) == "")
        eventually(lambda: world.nudges(alex)[-1].state is NudgeState.SENT)
        # The provider comes again, and once more: it is stored once, and answered once.
        assert [signed(web, twilio, done).status for _ in range(2)] == [200, 200]
        eventually(lambda: [reply.state for reply in replies(world)] == [ReplyState.UNDERSTOOD] * 2)
        eventually(lambda: {nudge.state for nudge in world.nudges(alex)} == {NudgeState.SENT})
    _, _, nudge, thanks = (record.body for record in twilio.messages)
    assert "Gratitude" in nudge
    assert "noted for today" in thanks
    told = logged()
    assert "Traceback" not in told
    # Each job says it once, and once that it is over; a race of two jobs may show another side of it.
    assert 1 <= told.count('"job": "plan", "why"') <= 2
    assert '"job": "plan", "event": "job works again"' in told
    if world.site.db.is_sqlite:
        with world.site.db.read() as session:
            assert session.scalar(sql("PRAGMA integrity_check")) == "ok"
