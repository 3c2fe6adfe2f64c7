"""Channels built as an installation builds them, talking to the stand-in servers."""

from collections.abc import Callable, Iterator

import pytest

from notifiers import registry
from notifiers.base import Message
from notifiers.twilio import Twilio
from tests.servers import Script, TwilioServer

NUMBER = "+12025550123"
MAILBOX = "alice@example.org"
WORDS = "Tell them one thing you love."
TOKEN = "t0ken-of-the-account"
PASSWORD = "p4ssword-of-the-mailbox"

LONG = 3600.0
"""Seconds of a wait that ends only when the server is closed."""

PRIVATE = [NUMBER, NUMBER[1:], MAILBOX, "alice", WORDS, "love", TOKEN, PASSWORD, "s3cret-topic"]


def sms(text: str = WORDS, to: str = NUMBER, attempt_id: str = "a-1") -> Message:
    return Message(attempt_id, to, text)


def twilio_options(server: TwilioServer, **changes: object) -> dict[str, object]:
    options: dict[str, object] = {
        "account_sid": server.account_sid,
        "auth_token": server.auth_token,
        "sender": server.number,
        "base_url": server.url,
        "timeout": 5,
    }
    return options | changes


def twilio_channel(server: TwilioServer, **changes: object) -> Twilio:
    channel = registry.build("twilio", twilio_options(server, **changes))
    assert isinstance(channel, Twilio)
    return channel


@pytest.fixture
def server() -> Iterator[TwilioServer]:
    with TwilioServer(auth_token=TOKEN) as server:
        yield server


@pytest.fixture
def channel(server: TwilioServer) -> Twilio:
    return twilio_channel(server)


def with_patience_for(script: Script, server: TwilioServer) -> Twilio:
    """Return a channel that gives up soon when the answer never comes, and only then."""
    return twilio_channel(server, timeout=0.3 if script.wait_seconds else 5)


@pytest.fixture
def assert_private() -> Callable[[BaseException], None]:
    """Fail if an error, or anything that a log would print with it, holds something private."""

    def check(error: BaseException) -> None:
        assert error.__context__ is None
        assert error.__cause__ is None
        shown = f"{error} {error!r} {error.__dict__}"
        assert [word for word in PRIVATE if word in shown] == []

    return check
