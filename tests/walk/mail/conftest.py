"""An installation whose mails go out through a real mail server and come back through a real mailbox."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from notifiers import registry
from notifiers.base import Notifier
from service import polling
from service.models import EntryRow
from service.states import AddressKind
from tests.servers import SmtpServer
from tests.servers.dovecot import Dovecot
from tests.walk.rows import agree, on, rows
from tests.world import World

ALEX, SAM, CHARLIE = "alex@example.org", "sam@example.org", "charlie@example.org"
MAILS = Path(__file__).parents[2] / "notifiers" / "mails"
OTHER_ID = b"<0192f0c1-7a3b-7c4d-8e5f-0123456789ab@example.org>"
"""Of the message that the mails in `MAILS` are about."""


@dataclass
class Post:
    """An installation whose mails go out and come back on this machine."""

    world: World
    server: SmtpServer
    mailbox: Dovecot

    @property
    def sent(self) -> list[EmailMessage]:
        return self.server.messages

    def poll(self) -> int:
        """Fetch what is new, and send what answers it."""
        new = polling.poll(self.world.site)
        self.world.run()
        return new

    def enrol(self, name: str, address: str) -> UUID:
        """Enrol somebody who is reached by mail alone."""
        return self.world.enrol(name, address_kind=AddressKind.EMAIL, address=address)

    def says(self, text: str, to: EmailMessage | None, *, sender: str = ALEX, **headers: str) -> bytes:
        """Put an answer to a mail, or one to nothing, into the mailbox; return it."""
        mail = EmailMessage()
        mail["From"] = sender
        mail["To"] = to["Reply-To"] if to else "nudge@example.org"
        mail["Message-ID"] = f"<{uuid4()}@mail.example.org>"
        mail["Subject"] = f"Re: {to['Subject']}" if to else "Hello"
        if to:
            mail["In-Reply-To"] = to["Message-ID"]
        for name, value in headers.items():
            del mail[name.replace("_", "-")]
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        self.mailbox.deliver(mail.as_bytes())
        return mail.as_bytes()

    def returns(self, name: str, of: EmailMessage) -> None:
        """Put a mail about one of ours into the mailbox, as a mail server writes it."""
        content = (MAILS / f"{name}.eml").read_bytes()
        self.mailbox.deliver(content.replace(OTHER_ID, of["Message-ID"].encode()))


def channel(server: SmtpServer, mailbox: Dovecot, **changes: object) -> Notifier:
    options = {"host": "127.0.0.1", "port": server.port, "security": "plain", "timeout": 10}
    sender = "Attune <nudge@example.org>"
    return registry.build("smtp", {**options, "sender": sender, **mailbox.options(**changes)})


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


@pytest.fixture
def post(world: World, mailbox: Dovecot) -> Iterator[Post]:
    with SmtpServer() as server:
        made = Post(world, server, mailbox)
        world.site = replace(world.site, notifiers={"smtp": channel(server, mailbox)})
        assert made.poll() == 0  # From here on: what other tests have left is not ours.
        yield made


@pytest.fixture
def alex(post: Post) -> UUID:
    """Alex, who has just been nudged by mail."""
    (person,) = agree(post.world, [post.enrol("Alex", ALEX)])
    post.world.take_up("gratitude", "daily", "daily 19:00", person)
    post.world.goes_on(on("19:00"))
    assert len(post.sent) == 1
    return person


def entries(post: Post) -> list[EntryRow]:
    return rows(post.world, EntryRow)


def words(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
