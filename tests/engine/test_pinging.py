"""A healthy daemon calls the monitor; one that hangs or cannot write does not; the address is a secret."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from service import pinging
from service.engine.local import LocalEngine
from service.settings import Settings
from tests.engine.test_local import eventually, running
from tests.web.conftest import out_of_reach
from tests.world import World

__all__ = ["out_of_reach"]

SECRET = "/ping/5ecr3t-5ecr3t?from=attune"


class Monitor:
    """What a monitor was asked for; it answers with `status`, and sends elsewhere with 302."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.status = 200
        self.asked: list[str] = []


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.send_response(made.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Monitor(f"http://127.0.0.1:{server.server_port}{SECRET}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def pinged_at(world: World, url: str) -> None:
    settings = world.site.settings.model_copy(update={"ping_url": SecretStr(url)})
    world.site = replace(world.site, settings=settings)


def test_a_daemon_calls_as_soon_as_it_is_at_work(world: World, monitor: Monitor) -> None:
    with running(LocalEngine(world.site)) as engine:
        assert "ping" not in [job.name for job in engine._jobs]
    pinged_at(world, monitor.url)
    with running(LocalEngine(world.site)) as engine:
        eventually(lambda: bool(monitor.asked))
        assert [job.every_seconds for job in engine._jobs if job.name == "ping"] == [300]
    assert monitor.asked == [SECRET]


def test_nothing_is_called_while_a_job_hangs(world: World, monitor: Monitor) -> None:
    pinged_at(world, monitor.url)
    assert pinging.ping(world.site, {"plan": ""}) == 0
    assert monitor.asked == []
    assert pinging.ping(world.site, {}) == 1
    assert monitor.asked == [SECRET]


def test_nothing_is_called_while_nothing_can_be_written(
    settings: Settings,
    world: World,
    monitor: Monitor,
    out_of_reach: Callable[[], AbstractContextManager[None]],
) -> None:
    pinged_at(world, monitor.url)
    with out_of_reach(), suppress(DBAPIError):
        pinging.ping(world.site, {})
    assert monitor.asked == []
    assert pinging.ping(world.site, {}) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("status", "event"), [(302, "ping refused"), (500, "ping refused"), (0, "ping failed")]
)
def test_what_the_monitor_does_is_logged_without_its_address(
    world: World, monitor: Monitor, logged: Callable[[], str], status: int, event: str
) -> None:
    pinged_at(world, monitor.url if status else "http://127.0.0.1:1/5ecr3t")
    monitor.status = status
    assert pinging.ping(world.site, {}) == 0
    assert monitor.asked == ([SECRET] if status else [])  # Nobody was sent elsewhere.
    assert event in logged()
    assert "5ecr3t" not in logged() + repr(world.site)
