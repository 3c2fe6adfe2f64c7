"""A thousand posts at once, and connections that never come to the point: the server goes on answering."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from urllib.parse import urlencode

import pytest
from sqlalchemy.exc import TimeoutError as NoneFree

from notifiers.standin.posts import Fields, signature
from service.running.web import in_a_hurry
from service.web.app import create_app
from service.web.patience import Impatient
from tests.servers import TwilioServer
from tests.web.conftest import PUBLIC, SQLITE
from tests.web.hooks.conftest import ALEX, SMS, replies, signed, text
from tests.web.serving import FORM, Web, serving
from tests.world import World

CROWD = 1000


@pytest.fixture
def hurried(world: World) -> Iterator[Web]:
    """The server as `attune up` has it."""
    with in_a_hurry(world.site) as site, serving(create_app(site)) as web:
        yield web


def request(twilio: TwilioServer, fields: Fields) -> bytes:
    """Return a whole signed post, as it goes over the line."""
    body = urlencode(fields).encode()
    head = (
        f"POST {SMS} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {FORM}\r\n"
        f"X-Twilio-Signature: {signature(twilio.auth_token, PUBLIC + SMS, fields)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def post_all(port: int, requests: list[bytes]) -> list[tuple[int, bool]]:
    """Send all at once, each on a connection of its own; return each status, and if it says when to come."""

    async def one(request: bytes) -> tuple[int, bool]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return int(answer.split()[1]), b"retry-after: 30" in answer

    return await asyncio.gather(*(one(request) for request in requests))


def test_a_thousand_posts_at_once(world: World, twilio: TwilioServer, hurried: Web) -> None:
    world.enrol("Alex")
    waiting = [
        text("YES", sender=ALEX if number % 10 == 0 else f"+1202555{number:04}") for number in range(CROWD)
    ]
    sent = {dict(fields)["MessageSid"] for fields in waiting}
    for _round in range(20):
        answers = asyncio.run(post_all(hurried.port, [request(twilio, fields) for fields in waiting]))
        # Taken, or told to come again; never lost without a word.
        assert {status for status, _ in answers} <= {200, 503}
        assert all(comes_again for status, comes_again in answers if status == 503)
        waiting = [fields for fields, (status, _) in zip(waiting, answers, strict=True) if status == 503]
        if not waiting:
            break
    assert waiting == []
    hurried.get("/healthz")
    kept = Counter(reply.provider_id for reply in replies(world))
    assert set(kept) == sent
    assert set(kept.values()) == {1}


def test_a_post_for_which_no_connection_is_free(
    world: World, twilio: TwilioServer, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = world.site.db.engine
    monkeypatch.setattr(engine.pool, "_timeout", 0.1)
    fields = text("YES")
    with ExitStack() as stack:
        with suppress(NoneFree):
            while True:
                stack.enter_context(engine.connect())
        answer = signed(web, twilio, fields)
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
    assert signed(web, twilio, fields).status == 200
    assert len(replies(world)) == 1


HEAD = f"POST {SMS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n".encode()


@SQLITE
def test_a_proper_post_is_answered_beside_slow_connections(
    world: World, twilio: TwilioServer, web: Web
) -> None:
    world.enrol("Alex")
    with ExitStack() as stack:
        slow = [
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", web.port))))
            for _ in range(200)
        ]
        for number, line in enumerate(slow):
            # Some stop in the middle of a header, some in the middle of the body.
            line.sendall(HEAD if number % 2 else HEAD + b"Content-Length: 1000\r\n\r\nBody=")
        for byte in b"abc":
            for line in slow:
                line.sendall(bytes([byte]))
            assert signed(web, twilio, text("YES")).status == 200
    assert len(replies(world)) == 3


@SQLITE
@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST ",
        HEAD,
        HEAD + b"Content-Length: 1000\r\n\r\nBody=",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nG",
    ],
    ids=["nothing", "a word", "headers", "a body", "a second request"],
)
def test_whoever_does_not_come_to_the_point_is_hung_up_on(
    web: Web, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(Impatient, "seconds", 0.2)
    with closing(socket.create_connection(("127.0.0.1", web.port), timeout=30)) as line:
        line.sendall(begun)
        said = b""
        while more := line.recv(4096):
            said += more
    # The end of what can be read: the server has closed the line, after the answer to what was whole.
    assert said.startswith(b"HTTP/1.1 200") if begun.startswith(b"GET") else said == b""


@SQLITE
def test_an_answer_may_take_its_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the request has to be quick."""
    monkeypatch.setattr(Impatient, "seconds", 0.2)
    app = create_app(world.site)

    @app.get("/slow")
    async def slow() -> dict[str, str]:
        await asyncio.sleep(0.6)
        return {"status": "done"}

    with serving(app) as web:
        assert web.get("/slow").json == {"status": "done"}
