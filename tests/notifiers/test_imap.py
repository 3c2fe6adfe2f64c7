"""Reading a mailbox: over each kind of line, and whatever may be wrong with it."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest

from notifiers import imap, registry
from notifiers.base import Kind, Message, SendError
from notifiers.smtp import Smtp
from tests import logs
from tests.notifiers.conftest import MAILBOX, PASSWORD, WORDS
from tests.servers import SmtpServer
from tests.servers.dovecot import PASSWORD as OTHER_PASSWORD
from tests.servers.dovecot import USER, Dovecot

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SENDER = "Attune <nudge@example.org>"
SMTP = {"host": "127.0.0.1", "port": 9, "security": "plain", "sender": SENDER, "timeout": 5}


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


@pytest.fixture
def folder(mailbox: Dovecot) -> str:
    """A folder of the test's own."""
    name = f"Answers{uuid4().hex}"
    with mailbox.opened() as box:
        box.folder.create(name)
    return name


def channel(mailbox: Dovecot, **changes: object) -> Smtp:
    built = registry.build("smtp", {**SMTP, "ca_file": mailbox.ca_file, **mailbox.options(), **changes})
    assert isinstance(built, Smtp)
    return built


def refused(channel: Smtp, mark: str | None = None) -> SendError:
    with pytest.raises(SendError) as caught:
        channel.poll(mark, NOW)
    return caught.value


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
def test_reads_over_each_line(mailbox: Dovecot, folder: str, security: str) -> None:
    port = mailbox.tls_port if security == "tls" else mailbox.port
    smtp = channel(mailbox, imap_security=security, imap_port=port, imap_folder=folder)
    assert smtp.polls
    began = smtp.poll(None, NOW)
    assert (began.messages, began.more) == ((), False)
    mail = f"From: {MAILBOX}\nMessage-ID: <1@x.org>\n\n{WORDS}\n".encode()
    mailbox.deliver(mail, folder=folder, at=NOW)
    polled = smtp.poll(began.mark, NOW)
    (message,) = polled.messages
    assert (message.text, message.sender, message.received_at) == (WORDS, MAILBOX, NOW)
    assert smtp.poll(polled.mark, NOW).messages == ()
    assert smtp.poll(began.mark, NOW) == polled


def test_leaves_the_mailbox_as_it_is(mailbox: Dovecot, folder: str) -> None:
    smtp = channel(mailbox, imap_folder=folder)
    mark = smtp.poll(None, NOW).mark
    mailbox.deliver(f"From: {MAILBOX}\n\nhi\n".encode(), folder=folder)
    smtp.poll(mark, NOW)
    with mailbox.opened() as box:
        box.folder.set(folder)
        (kept,) = box.fetch(mark_seen=False)
        assert [flag for flag in kept.flags if flag != "\\Recent"] == []


def test_many_come_in_batches_in_order_and_the_last_only_once(mailbox: Dovecot, folder: str) -> None:
    smtp = channel(mailbox, imap_folder=folder)
    mark = smtp.poll(None, NOW).mark
    mailbox.deliver(*(f"From: {MAILBOX}\n\n{n}\n".encode() for n in range(25)), folder=folder)
    first = smtp.poll(mark, NOW)
    second = smtp.poll(first.mark, NOW)
    assert (first.more, second.more) == (True, False)
    assert [m.text for m in (*first.messages, *second.messages)] == [str(n) for n in range(25)]


@pytest.mark.parametrize("bad", [{2}, {0, 1, 5}])
def test_mails_that_the_server_cannot_give_keep_no_other_from_being_read(
    mailbox: Dovecot, folder: str, bad: set[int], tmp_path: Path
) -> None:
    smtp = channel(mailbox, imap_folder=folder)
    mark = smtp.poll(None, NOW).mark
    words = {n: f"{uuid4()} {'spoilt' if n in bad else 'sound'}" for n in range(6)}
    mailbox.deliver(*(f"From: {MAILBOX}\n\n{one}\n".encode() for one in words.values()), folder=folder)
    for n in bad:
        mailbox.spoil(words[n].encode())
    read: list[str] = []
    with logs.kept_in(tmp_path / "log"):
        for _ in range(24):
            try:
                polled = smtp.poll(mark, NOW)
            except SendError:
                continue
            mark = polled.mark
            read += [message.text for message in polled.messages]
    behind_all = {5} & bad  # Nothing waits behind it, so it may be held.
    assert read == [one for n, one in words.items() if n not in bad]
    told = (tmp_path / "log").read_text()
    assert told.count("mail passed over") == len(bad - behind_all)
    assert "spoilt" not in told
    assert MAILBOX not in told


def test_a_trouble_of_the_server_loses_no_mail(mailbox: Dovecot, folder: str) -> None:
    """Whichever mails it did not give for how long, they are read once it gives them again."""
    smtp = channel(mailbox, imap_folder=folder)
    mark = smtp.poll(None, NOW).mark
    words = [f"{uuid4()} {n}" for n in range(4)]
    mailbox.deliver(*(f"From: {MAILBOX}\n\n{one}\n".encode() for one in words), folder=folder)
    for one in words:
        mailbox.spoil(one.encode())
    for _ in range(2 * imap.TRIES):  # The first is refused for long, the last ones not yet.
        assert refused(smtp, mark).kind is Kind.RETRY
    mailbox.mend()
    read: list[str] = []
    for _ in words:
        polled = smtp.poll(mark, NOW)
        mark = polled.mark
        read += [message.text for message in polled.messages]
    assert sorted(read) == sorted(words)


def test_of_a_huge_mail_only_the_beginning_is_read(mailbox: Dovecot, folder: str) -> None:
    smtp = channel(mailbox, imap_folder=folder)
    mark = smtp.poll(None, NOW).mark
    huge = b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\ndone\n--b\nContent-Type: image/png\n\n'
    picture = (b"A" * 76 + b"\n") * 20_000
    mailbox.deliver(f"From: {MAILBOX}\n".encode() + huge + picture, b"From: a@x.org\n\nnext", folder=folder)
    assert [message.text for message in smtp.poll(mark, NOW).messages] == ["done", "next"]


def test_login_may_be_that_of_the_mail_server(mailbox: Dovecot) -> None:
    with SmtpServer("starttls", login=(USER, OTHER_PASSWORD)) as server:
        login = {"username": USER, "password": OTHER_PASSWORD, "imap_username": None, "imap_password": None}
        # Both servers' certificates sign themselves; one file is enough where the line is not encrypted.
        smtp = channel(mailbox, **login, port=server.port, security="starttls", ca_file=server.ca_file)
        assert smtp.poll(None, NOW).mark
        said = smtp.check()
        assert said.count(".") == 1
        assert "mailbox" in said


WRONG: list[tuple[dict[str, object], Kind, str]] = [
    ({"imap_password": PASSWORD}, Kind.SENDER, "imap_password"),
    ({"imap_password": "pässword"}, Kind.SENDER, "imap_password"),
    ({"imap_folder": "Nowhere"}, Kind.SENDER, "imap_folder"),
    ({"imap_security": "tls"}, Kind.SENDER, "imap_security"),
    ({"imap_security": "starttls", "ca_file": None}, Kind.SENDER, "ca_file"),
    ({"imap_port": 9}, Kind.RETRY, "imap_port"),
]


@pytest.mark.parametrize(("change", "kind", "named"), WRONG, ids=[str(sorted(one[0])) for one in WRONG])
def test_whatever_is_wrong_is_said(
    mailbox: Dovecot,
    change: dict[str, object],
    kind: Kind,
    named: str,
    assert_private: Callable[[BaseException], None],
) -> None:
    error = refused(channel(mailbox, **change))
    assert error.kind is kind
    assert named in error.reason
    assert_private(error)


def test_server_that_never_greets_is_tried_again(mailbox: Dovecot) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert refused(channel(mailbox, imap_port=port, timeout=0.3)).kind is Kind.RETRY


@pytest.mark.parametrize("greeting", [b"junk\r\n", b"* OK\r\n* junk\r\n", b"* BYE no\r\n", b""])
def test_server_that_speaks_nonsense_is_tried_again(mailbox: Dovecot, greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            line, _ = server.accept()
            with line:
                line.sendall(greeting)

        thread = Thread(target=greet)
        thread.start()
        assert refused(channel(mailbox, imap_port=server.getsockname()[1])).kind is Kind.RETRY
        thread.join()


def test_without_a_mailbox_nothing_is_polled() -> None:
    smtp = registry.build("smtp", SMTP)
    assert isinstance(smtp, Smtp)
    assert not smtp.polls
    with SmtpServer() as server:
        sends = registry.build("smtp", {**SMTP, "port": server.port})
        sends.send(Message("a-1", MAILBOX, WORDS, reply_token="t" * 40))
        assert server.messages[0]["Reply-To"] is None
