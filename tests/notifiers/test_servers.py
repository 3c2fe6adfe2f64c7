"""The stand-in for Twilio itself: what it posts, what it scripts, and as a process of its own."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from notifiers import registry
from notifiers.base import Kind, Message, SendError
from notifiers.twilio import SIGNATURE, Twilio
from tests.notifiers.conftest import NUMBER, TOKEN, WORDS, sms, twilio_channel
from tests.servers import Script, TwilioServer

PUBLIC = "https://nudge.example.org"
STATUS_URL = f"{PUBLIC}/hooks/twilio/status?attempt=a%201"


class Installation(ThreadingHTTPServer):
    """Keeps what is posted to it, as an installation's web server gets it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.posts: list[tuple[str, list[tuple[str, str]], str]] = []
        self.answer = 204


class Hook(BaseHTTPRequestHandler):
    server: Installation

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = parse_qsl(body, keep_blank_values=True)
        self.server.posts.append((self.path, form, self.headers["X-Twilio-Signature"]))
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def installation(server: TwilioServer) -> Iterator[Installation]:
    with Installation() as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        server.inbound_url = f"http://127.0.0.1:{web.server_port}/hooks/twilio/sms?from=twilio"
        server.public_url = PUBLIC
        yield web
        web.shutdown()
        thread.join()


def test_text_in_is_signed_for_the_public_address(
    server: TwilioServer, channel: Twilio, installation: Installation
) -> None:
    assert server.text_in(NUMBER, "Done ✓ + 2") == 204
    ((path, form, signature),) = installation.posts
    assert path == "/hooks/twilio/sms?from=twilio"
    assert channel.verify(PUBLIC + path, form, {SIGNATURE: signature})
    assert not channel.verify(
        f"http://127.0.0.1:{installation.server_port}{path}", form, {SIGNATURE: signature}
    )
    inbound = channel.parse_inbound(dict(form))
    assert inbound is not None
    assert (inbound.sender, inbound.text, inbound.opted_out) == (NUMBER, "Done ✓ + 2", False)
    assert dict(form)["FromCity"] == ""


def test_text_in_can_be_repeated_and_refused(server: TwilioServer, installation: Installation) -> None:
    sid = f"SM{'5' * 32}"
    installation.answer = 403
    assert [server.text_in(NUMBER, "Done", MessageSid=sid) for _ in range(2)] == [403, 403]
    assert [dict(form)["MessageSid"] for _path, form, _signature in installation.posts] == [sid, sid]


def test_status_callbacks_go_to_the_local_address(
    server: TwilioServer, channel: Twilio, installation: Installation
) -> None:
    sent = channel.send(Message("a 1", NUMBER, WORDS, status_url=STATUS_URL))
    assert server.report(sent.provider_id, "queued") == 204
    assert server.deliver(sent.provider_id) == [204, 204]
    assert server.deliver(sent.provider_id, 30005) == [204, 204]
    reports = []
    for path, form, signature in installation.posts:
        assert path == "/hooks/twilio/status?attempt=a%201"
        assert channel.verify(STATUS_URL, form, {SIGNATURE: signature})
        assert channel.parse_inbound(dict(form)) is None
        reports.append(channel.parse_status(dict(form)))
    assert [(r.status, r.rank, r.failure) for r in reports if r and r.provider_id == sent.provider_id] == [
        ("queued", 1, None),
        ("sent", 2, None),
        ("delivered", 3, None),
        ("sent", 2, None),
        ("undelivered", 3, Kind.CONTACT),
    ]


def test_delivers_by_itself_when_told_to(
    server: TwilioServer, channel: Twilio, installation: Installation
) -> None:
    server.auto_deliver = True
    channel.send(Message("a-1", NUMBER, WORDS, status_url=STATUS_URL))
    channel.send(sms("No callback wanted."))
    server.settle()
    assert [dict(form)["MessageStatus"] for _path, form, _signature in installation.posts] == [
        "sent",
        "delivered",
    ]
    assert [record.status for record in server.messages] == ["delivered", "delivered"]


def test_stop_blocks_until_start(server: TwilioServer, channel: Twilio, installation: Installation) -> None:
    server.text_in(NUMBER, "Stop.")
    with pytest.raises(SendError) as caught:
        channel.send(sms())
    assert (caught.value.kind, caught.value.opted_out) == (Kind.CONTACT, True)
    channel.send(sms(to="+12025550124"))
    server.text_in(NUMBER, "start")
    channel.send(sms())


@pytest.mark.parametrize(
    ("to", "text", "kind"),
    [
        ("12025550123", WORDS, Kind.CONTACT),
        ("", WORDS, Kind.CONTACT),
        (NUMBER, " ", Kind.CONTENT),
        (NUMBER, "x" * 1601, Kind.CONTENT),
    ],
)
def test_refuses_what_twilio_refuses(
    server: TwilioServer, channel: Twilio, to: str, text: str, kind: Kind
) -> None:
    with pytest.raises(SendError) as caught:
        channel.send(sms(text, to))
    assert caught.value.kind is kind
    assert server.messages == []


def test_refuses_what_comes_too_fast() -> None:
    with TwilioServer(per_second=0.001) as server:  # The next one has room in a quarter of an hour.
        channel = twilio_channel(server)
        channel.send(sms())
        with pytest.raises(SendError) as caught:
            channel.send(sms())
        assert (caught.value.kind, caught.value.code) == (Kind.RETRY, "20429")
        assert len(server.messages) == 1


def test_scripts_come_in_their_turn_and_by_number(server: TwilioServer, channel: Twilio) -> None:
    server.script(
        Script(status=400, code=21211, to="+12025550124"),
        Script(status=500, times=2),
        Script(status=401, code=20003),
    )
    kinds: list[Kind | None] = []
    for to in [NUMBER, "+12025550124", NUMBER, NUMBER, NUMBER]:
        try:
            channel.send(sms(to=to))
            kinds.append(None)
        except SendError as error:
            kinds.append(error.kind)
    assert kinds == [Kind.UNKNOWN, Kind.CONTACT, Kind.UNKNOWN, Kind.SENDER, None]
    assert server.creates == {(NUMBER, WORDS): 1}


def call(address: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with build_opener(ProxyHandler({})).open(Request(address, data), timeout=10) as answer:
        return json.load(answer)


def test_as_a_process(installation: Installation) -> None:
    command = [sys.executable, "-m", "notifiers.standin", "--token", TOKEN, "--public-url", PUBLIC]
    inbound_url = f"http://127.0.0.1:{installation.server_port}/hooks/twilio/sms"
    process = subprocess.Popen(
        [*command, "--inbound-url", inbound_url, "--auto-deliver"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            channel = twilio_channel_at(url)
            channel.send(Message("a-1", NUMBER, WORDS, status_url=STATUS_URL))
            assert call(f"{url}/control/text", {"from": NUMBER, "body": "done", "FromCity": "Bonn"}) == {
                "status": 204
            }
            call(f"{url}/control/script", {"status": 400, "code": 21211})
            with pytest.raises(SendError):
                channel.send(sms())
            sent, texted = call(f"{url}/control/messages")
            assert (sent["body"], texted["body"], texted["direction"]) == (WORDS, "done", "inbound")
            assert call(f"{url}/control/deliver", {"sid": sent["sid"], "error_code": 30003}) == {
                "statuses": [204, 204]
            }
        finally:
            process.terminate()
        assert process.wait(timeout=10) == 0


def twilio_channel_at(url: str) -> Twilio:
    options = {
        "account_sid": f"AC{'0' * 31}1",
        "auth_token": TOKEN,
        "sender": "+12025550100",
        "base_url": url,
    }
    built = registry.build("twilio", options)
    assert isinstance(built, Twilio)
    return built


def test_answers_nobody_without_the_token(server: TwilioServer) -> None:
    for channel in (
        twilio_channel(server, auth_token="x"),
        twilio_channel(server, account_sid=f"AC{'9' * 32}"),
    ):
        with pytest.raises(SendError) as caught:
            channel.send(sms())
        assert caught.value.code == "20003"
    assert server.messages == []
