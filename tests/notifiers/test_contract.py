"""What holds for every channel."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import StringIO

import pytest

from notifiers import registry
from notifiers.base import Finder, InboundParser, Kind, Message, Notifier, ReportParser, SendError
from notifiers.console import Console, ConsoleSettings
from tests.notifiers.conftest import (
    MAILBOX,
    NUMBER,
    PASSWORD,
    PRIVATE,
    TOKEN,
    WORDS,
    sms,
    twilio_channel,
)
from tests.servers import Script, SmtpServer, TwilioServer
from tests.servers.smtp import Step

Case = tuple[Notifier, Message]
Place = Callable[[], AbstractContextManager[Case]]

MAIL = Message("a-1", MAILBOX, WORDS, subject="A thought")


@contextmanager
def twilio(script: Script | None = None) -> Iterator[Case]:
    with TwilioServer(auth_token=TOKEN) as server:
        if script:
            server.script(script)
        yield twilio_channel(server), sms()


def smtp_channel(server: SmtpServer) -> Notifier:
    options = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": server.security,
        "ca_file": server.ca_file,
        "username": "attune",
        "password": PASSWORD,
        "sender": "Attune <nudge@example.org>",
        "timeout": 5,
    }
    return registry.build("smtp", options)


@contextmanager
def smtp(step: Step | None = None, reply: str = "", cut: Step | None = None) -> Iterator[Case]:
    replies: dict[Step, str] = {step: reply} if step else {}
    with SmtpServer("starttls", login=("attune", PASSWORD), replies=replies, cut=cut) as server:
        yield smtp_channel(server), MAIL


@contextmanager
def console(encoding_fails: bool = False, closed: bool = False) -> Iterator[Case]:
    stream = StringIO()
    if closed:
        stream.close()
    text = f"{WORDS} \ud83d" if encoding_fails else WORDS
    with open("/dev/null", "w", encoding="ascii") as ascii_only:
        yield Console(ConsoleSettings(), ascii_only if encoding_fails else stream), sms(text)


@contextmanager
def phone() -> Iterator[Case]:
    yield registry.build("phone", {}), sms()


ACCEPTED: dict[str, Place] = {
    "console": console,
    "phone": phone,
    "smtp": smtp,
    "twilio": twilio,
}

REFUSED: list[tuple[str, Kind, Place]] = [
    ("console", Kind.CONTENT, lambda: console(encoding_fails=True)),
    ("console", Kind.SENDER, lambda: console(closed=True)),
    ("smtp", Kind.RETRY, lambda: smtp("RCPT", "451 4.7.1 Greylisted alice@example.org")),
    ("smtp", Kind.CONTACT, lambda: smtp("RCPT", "550 5.1.1 alice@example.org unknown")),
    ("smtp", Kind.SENDER, lambda: smtp("MAIL", "550 5.7.1 Not you")),
    ("smtp", Kind.CONTENT, lambda: smtp("END", "554 5.7.1 Spam: love")),
    ("smtp", Kind.UNKNOWN, lambda: smtp(cut="END")),
    ("twilio", Kind.RETRY, lambda: twilio(Script(status=429, code=20429))),
    ("twilio", Kind.CONTACT, lambda: twilio(Script(status=400, code=21211))),
    ("twilio", Kind.SENDER, lambda: twilio(Script(status=401, code=20003))),
    ("twilio", Kind.CONTENT, lambda: twilio(Script(status=400, code=30007))),
    ("twilio", Kind.UNKNOWN, lambda: twilio(Script(status=500))),
]


def test_every_channel_of_ours_is_tried() -> None:
    assert set(ACCEPTED) == set(registry.BUILT_IN)


@pytest.mark.parametrize("name", ACCEPTED)
def test_takes_a_message(name: str) -> None:
    with ACCEPTED[name]() as (channel, message):
        accepted = channel.send(message)
        assert channel.name == name
        assert accepted.provider_id
        assert accepted.segments in (None, 1)


@pytest.mark.parametrize("name", ["console", "phone", "smtp"])
def test_provider_id_comes_from_the_attempt(name: str) -> None:
    with ACCEPTED[name]() as (channel, message):
        assert message.attempt_id in channel.send(message).provider_id


@pytest.mark.parametrize(
    ("name", "kind", "case"), REFUSED, ids=[f"{name}-{kind}" for name, kind, _ in REFUSED]
)
def test_refusal_is_of_one_kind_and_private(
    name: str,
    kind: Kind,
    case: Place,
    assert_private: Callable[[BaseException], None],
) -> None:
    with case() as (channel, message):
        with pytest.raises(SendError) as caught:
            channel.send(message)
        assert caught.value.kind is kind
        assert caught.value.reason.endswith(".")
        assert not caught.value.opted_out
        assert_private(caught.value)


@pytest.mark.parametrize("name", ACCEPTED)
def test_check_sends_nothing_and_says_one_sentence(name: str) -> None:
    with ACCEPTED[name]() as (channel, _message):
        said = channel.check()
        assert said.endswith(".")
        assert said.count(".") == 1


@pytest.mark.parametrize("name", ACCEPTED)
def test_sender_and_repr_hold_no_secret(name: str) -> None:
    with ACCEPTED[name]() as (channel, message):
        shown = f"{channel.sender} {channel!r} {vars(channel)} {message!r}"
        assert [word for word in PRIVATE if word in shown] == []


@pytest.mark.parametrize(
    ("name", "finds", "reports", "hears", "kinds"),
    [
        ("console", False, False, False, {"sms", "email"}),
        ("phone", False, False, False, {"sms"}),
        ("smtp", False, False, False, {"email"}),
        ("twilio", True, True, True, {"sms"}),
    ],
)
def test_capabilities(name: str, finds: bool, reports: bool, hears: bool, kinds: set[str]) -> None:
    with ACCEPTED[name]() as (channel, _message):
        assert isinstance(channel, Finder) is finds
        assert isinstance(channel, ReportParser) is reports
        assert isinstance(channel, InboundParser) is hears
        assert channel.address_kinds == kinds


def test_console_prints_the_words_and_no_number() -> None:
    stream = StringIO()
    Console(ConsoleSettings(), stream).send(sms())
    assert stream.getvalue() == f"{WORDS}\n"


def test_console_prints_to_standard_output_of_the_moment(capsys: pytest.CaptureFixture[str]) -> None:
    registry.build("console", {}).send(sms())
    assert capsys.readouterr().out == f"{WORDS}\n"
    assert NUMBER not in WORDS
