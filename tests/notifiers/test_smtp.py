"""Handing e-mails to a mail server, over real sockets."""

import socket
from collections.abc import Callable
from typing import Literal

import pytest

from notifiers import registry
from notifiers.base import Kind, Message, SendError
from notifiers.smtp import Smtp
from tests.notifiers.conftest import MAILBOX, PASSWORD, WORDS
from tests.servers import SmtpServer, TwilioServer
from tests.servers.smtp import Step

Security = Literal["plain", "starttls", "tls"]
LOGIN = ("attune", PASSWORD)
MAIL = Message("a-1", MAILBOX, WORDS, subject="A thought")


def channel(server: SmtpServer | None = None, **changes: object) -> Smtp:
    options: dict[str, object] = {"host": "127.0.0.1", "sender": "Attune <nudge@example.org>", "timeout": 5}
    if server:
        options |= {"port": server.port, "security": server.security, "ca_file": server.ca_file}
        if server.login:
            options |= {"username": server.login[0], "password": server.login[1]}
    built = registry.build(
        "smtp", {name: value for name, value in (options | changes).items() if value != ""}
    )
    assert isinstance(built, Smtp)
    return built


def refused(channel: Smtp, message: Message = MAIL) -> SendError:
    with pytest.raises(SendError) as caught:
        channel.send(message)
    return caught.value


@pytest.mark.parametrize("login", [None, LOGIN], ids=["open", "login"])
@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
def test_arrives(security: Security, login: tuple[str, str] | None) -> None:
    with SmtpServer(security, login=login) as server:
        accepted = channel(server).send(MAIL)
        (received,) = server.received
        assert accepted.provider_id == received.message["Message-ID"] == "<a-1@example.org>"
        assert (received.mail_from, received.rcpt_to) == ("nudge@example.org", [MAILBOX])
        assert WORDS in received.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_the_same_attempt_has_the_same_id() -> None:
    with SmtpServer() as server:
        first, second = (channel(server).send(MAIL) for _ in range(2))
        assert first == second


@pytest.mark.parametrize("text", [".", "..", "a\n.\nb", "From here", "a\n.\r\nQUIT"])
def test_lone_dots_are_only_text(text: str) -> None:
    with SmtpServer() as server:
        channel(server).send(Message("a-1", MAILBOX, text))
        (message,) = server.messages
        plain = message.get_body(("plain",))
        assert plain is not None
        assert plain.get_content().split() == text.split()


@pytest.mark.parametrize(
    "to", ["", "alice", f"{MAILBOX}, bob@example.org", f"{MAILBOX}\r\nRCPT TO:<b@example.org>"]
)
def test_no_address_is_refused_before_a_call(to: str) -> None:
    error = refused(channel(port=9), Message("a-1", to, WORDS))
    assert error.kind is Kind.CONTACT


def test_a_header_in_the_subject_is_refused_before_a_call() -> None:
    error = refused(channel(port=9), Message("a-1", MAILBOX, WORDS, subject="Hi\r\nBcc: b@example.org"))
    assert error.kind is Kind.CONTENT


REPLIES: list[tuple[Step, str, Kind, str]] = [
    ("MAIL", "451 4.3.0 Later", Kind.RETRY, "451 4.3.0"),
    ("MAIL", "550 5.7.1 Not you", Kind.SENDER, "550 5.7.1"),
    ("MAIL", "553 5.1.8 Not you", Kind.SENDER, "553 5.1.8"),
    ("RCPT", "450 4.2.1 Greylisted", Kind.RETRY, "450 4.2.1"),
    ("RCPT", "451 Later", Kind.RETRY, "451"),
    ("RCPT", "452 4.2.2 Full", Kind.RETRY, "452 4.2.2"),
    ("RCPT", "421 Goodbye", Kind.RETRY, "421"),
    ("RCPT", "550 5.1.1 No such user", Kind.CONTACT, "550 5.1.1"),
    ("RCPT", "550 No such user", Kind.CONTACT, "550"),
    ("RCPT", "551 User not local", Kind.CONTACT, "551"),
    ("RCPT", "553 5.1.3 Bad mailbox", Kind.CONTACT, "553 5.1.3"),
    ("RCPT", "556 5.1.10 Null MX", Kind.CONTACT, "556 5.1.10"),
    ("RCPT", "550 5.2.1 Mailbox disabled", Kind.CONTACT, "550 5.2.1"),
    ("RCPT", "552 5.2.2 Mailbox full", Kind.CONTENT, "552 5.2.2"),
    ("RCPT", "550 5.2.2 Mailbox full", Kind.CONTENT, "550 5.2.2"),
    ("RCPT", "554 5.7.1 Relay access denied", Kind.SENDER, "554 5.7.1"),
    ("RCPT", "530 Log in first", Kind.SENDER, "530"),
    ("RCPT", "553 5.1.8 Sender unknown", Kind.SENDER, "553 5.1.8"),
    ("END", "550 5.1.7 Sender unknown", Kind.SENDER, "550 5.1.7"),
    ("END", "530 Log in first", Kind.SENDER, "530"),
    ("DATA", "451 4.3.0 Later", Kind.RETRY, "451 4.3.0"),
    ("DATA", "554 No", Kind.CONTENT, "554"),
    ("END", "451 4.7.1 Later", Kind.RETRY, "451 4.7.1"),
    ("END", "452 Full", Kind.RETRY, "452"),
    ("END", "550 5.1.1 No such user", Kind.CONTACT, "550 5.1.1"),
    ("END", "550 5.7.1 Spam", Kind.CONTENT, "550 5.7.1"),
    ("END", "552 5.3.4 Too big", Kind.CONTENT, "552 5.3.4"),
    ("END", "554 5.7.1 Spam", Kind.CONTENT, "554 5.7.1"),
    ("END", "999 What?", Kind.UNKNOWN, "999"),
    ("END", "What?", Kind.UNKNOWN, "no code"),
]


@pytest.mark.parametrize(("step", "reply", "kind", "code"), REPLIES, ids=[f"{r[0]} {r[1]}" for r in REPLIES])
def test_each_reply_is_of_its_kind(
    step: Step, reply: str, kind: Kind, code: str, assert_private: Callable[[BaseException], None]
) -> None:
    with SmtpServer(replies={step: f"{reply} {MAILBOX}"}) as server:
        error = refused(channel(server))
        assert (error.kind, error.code) == (kind, code)
        assert_private(error)
        assert server.received == []


STEPS: list[tuple[Step, Kind]] = [
    ("MAIL", Kind.RETRY),
    ("RCPT", Kind.RETRY),
    ("DATA", Kind.UNKNOWN),
    ("END", Kind.UNKNOWN),
]


@pytest.mark.parametrize(("step", "kind"), STEPS)
def test_line_that_breaks(step: Step, kind: Kind, assert_private: Callable[[BaseException], None]) -> None:
    with SmtpServer(cut=step) as server:
        error = refused(channel(server))
        assert error.kind is kind
        assert_private(error)


@pytest.mark.parametrize(("step", "kind"), STEPS)
def test_answer_that_never_comes(step: Step, kind: Kind) -> None:
    with SmtpServer(hang=step) as server:
        # Long enough for a slow machine to come as far as DATA.
        assert refused(channel(server, timeout=0.3 if kind is Kind.RETRY else 1.5)).kind is kind


def test_time_is_for_the_whole_talk() -> None:
    # No answer alone takes as long as all of them may.
    with SmtpServer(slow_seconds=0.3) as server:
        assert refused(channel(server, timeout=0.5)).kind is Kind.RETRY
        assert channel(server, timeout=5).send(MAIL)


def test_refused_sender_is_told_apart_from_a_refused_login() -> None:
    with SmtpServer(replies={"MAIL": "550 Not you"}) as server:
        assert "send from this address" in refused(channel(server)).reason


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
def test_nobody_there_is_tried_again(security: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert refused(channel(port=unused.getsockname()[1], security=security)).kind is Kind.RETRY


def test_server_that_never_greets_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert refused(channel(port=port, security="plain", timeout=0.3)).kind is Kind.RETRY


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_certificate_that_is_not_trusted_stops_the_sender(security: Security) -> None:
    with SmtpServer(security) as server:
        error = refused(channel(server, ca_file=""))
        assert error.kind is Kind.SENDER
        assert "certificate" in error.reason
        assert server.received == []


def test_certificate_for_another_name_stops_the_sender() -> None:
    with SmtpServer("tls") as server:
        error = refused(channel(server, host="localhost"))
        assert error.kind is Kind.SENDER
        assert "certificate" in error.reason


def test_wrong_security_stops_the_sender() -> None:
    with SmtpServer("plain") as server:
        assert "no STARTTLS" in refused(channel(server, security="starttls")).reason
        error = refused(channel(server, security="tls"))
        assert error.kind is Kind.SENDER
        assert "port and security" in error.reason
        assert server.received == []


def test_another_kind_of_server_is_tried_again() -> None:
    # An HTTP server waits for a request and never greets.
    with TwilioServer() as web:
        port = int(web.url.rpartition(":")[2])
        assert refused(channel(port=port, security="plain", timeout=0.3)).kind is Kind.RETRY


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
def test_wrong_password_stops_the_sender(
    security: Security, assert_private: Callable[[BaseException], None]
) -> None:
    with SmtpServer(security, login=LOGIN) as server:
        error = refused(channel(server, password="wrong"))
        assert (error.kind, error.code) == (Kind.SENDER, "535 5.7.8")
        assert "username and password" in error.reason
        assert_private(error)
        with pytest.raises(SendError) as caught:
            channel(server, password="wrong").check()
        assert caught.value.kind is Kind.SENDER


def test_missing_or_unwanted_login_stops_the_sender() -> None:
    with SmtpServer(login=LOGIN) as server:
        assert refused(channel(server, username="", password="")).kind is Kind.SENDER
        assert refused(channel(server, password="pässword")).kind is Kind.SENDER
    with SmtpServer() as server:
        # aiosmtpd offers AUTH all the same, and refuses every login.
        assert refused(channel(server, username="u", password="p")).kind is Kind.SENDER


@pytest.mark.parametrize("login", [None, LOGIN], ids=["open", "login"])
def test_check_sends_nothing(login: tuple[str, str] | None) -> None:
    with SmtpServer("starttls", login=login) as server:
        said = channel(server).check()
        assert said == f"The mail server {'takes the login' if login else 'answers'} and is ready."
        assert server.received == []
