"""What every channel is: a settings model, `send`, and a few things it may offer.

    SendError            the only thing a channel may raise from `send`
      .kind              what the sender has to do about it (see Kind)
    ConfigError          settings that cannot work, in one sentence

A channel knows no habit and no row: it is handed a Message and gives back what the provider said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel


class Kind(StrEnum):
    """Why a message was not accepted, and so what is to be done."""

    RETRY = "retry"  # Definitely not delivered; may be tried again after a while.
    CONTACT = "contact"  # This address: invalid, unreachable for good, or opted out.
    SENDER = "sender"  # Our account: stop this sender, keep the messages, tell the admin.
    CONTENT = "content"  # This message: refused or lost for good; never repeated.
    UNKNOWN = "unknown"  # Nobody knows whether it went out: never repeated, settled by asking.


class ConfigError(ValueError):
    """The settings of a channel cannot work; the message says in one sentence what to change."""


class SendError(Exception):
    """The provider did not take the message. The text carries no number, address or words."""

    def __init__(
        self,
        kind: Kind,
        reason: str,
        *,
        code: str | None = None,
        after: timedelta | None = None,
        opted_out: bool = False,
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.code = code
        self.after = after
        self.opted_out = opted_out


@dataclass(frozen=True, slots=True)
class Message:
    """One text for one address. `repr` shows neither."""

    attempt_id: str
    """Ours, unique for each attempt: in status callbacks and in the Message-ID."""
    to: str = field(repr=False)
    """E.164 for `sms` and `whatsapp`, a mailbox for `email`, a service's URL for `apprise`."""
    text: str = field(repr=False)
    subject: str = field(default="", repr=False)
    valid_for: timedelta | None = None
    """The provider should give up after this long."""
    status_url: str | None = field(default=None, repr=False)
    """Where the provider may post what became of the message."""
    reply_url: str | None = field(default=None, repr=False)
    """A page where the person may answer (e-mail)."""
    unsubscribe_url: str | None = field(default=None, repr=False)
    """One click ends all messages (RFC 8058)."""
    reply_label: str = ""
    """What the link to `reply_url` says; the URL itself if blank."""
    unsubscribe_label: str = ""
    """What the link to `unsubscribe_url` says; the URL itself if blank."""
    language: str = "en"
    """The language of all these words, as a BCP 47 tag."""
    address_kind: str = "sms"
    """Of the address in `to`, for a channel that reaches several kinds."""
    reply_token: str = field(default="", repr=False)
    """What an answer may carry to show which message it answers: letters and digits, signed (e-mail)."""
    answers: str = ""
    """The provider's id of the person's message that this one answers, if it is one answer (e-mail)."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message under its own id."""

    provider_id: str
    segments: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider said later of a message it had accepted."""

    provider_id: str
    status: str
    """The provider's own word, such as `delivered`."""
    rank: int
    """1 queued, 2 sent, 3 delivered or failed: a lower rank never overwrites a higher."""
    failure: Kind | None = None
    """None while all is well; otherwise what is to be done."""
    code: str | None = None
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message from a person. `repr` shows neither the address nor the words."""

    provider_id: str
    sender: str = field(repr=False)
    text: str = field(repr=False)
    received_at: datetime | None = None
    """When the provider got it, if it says so."""
    opted_out: bool = False
    """The provider has already blocked further messages to this address, and said so."""
    answered: bool = False
    """The provider has already answered it: HELP or START, where it looks after those itself."""
    address_kind: str = "sms"
    """Of the address that it came from."""
    reply_tokens: tuple[str, ...] = field(default=(), repr=False)
    """What looks like a `reply_token` of ours in it; whether it is one, its reader has to check."""
    answers: tuple[str, ...] = ()
    """Provider ids of messages of ours that it says it answers, the nearest first (e-mail)."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What a provider had for us since a mark, the oldest first."""

    mark: str
    """Where to go on the next time: opaque, at most 255 characters, without anything private."""
    messages: tuple[Inbound, ...] = ()
    reports: tuple[Report, ...] = ()
    more: bool = False
    """There is more to fetch right away."""


class Notifier(Protocol):
    """A channel. Instances are shared between threads."""

    name: ClassVar[str]
    Settings: ClassVar[type[BaseModel]]

    def __init__(self, settings: BaseModel) -> None:
        """Take settings that are an instance of `Settings`; connect to nothing yet.

        Raises ConfigError for what only this machine can tell, such as a file that holds no certificate.
        """

    @property
    def address_kinds(self) -> frozenset[str]:
        """The kinds of address it can reach: `sms`, `email`, …

        Of the class: all that it can be set up to reach; of an instance: what it reaches with its settings.
        """

    @property
    def sender(self) -> str:
        """An id of the account and number that is sent from, without secrets; rates are held per sender."""

    def send(self, message: Message) -> Accepted:
        """Hand one message over.

        Raises SendError, and nothing else.
        """

    def check(self) -> str:
        """Ask the provider, sending nothing, whether the settings work; return one sentence of what it said.

        Raises SendError.
        """


@runtime_checkable
class AddressChecker(Protocol):
    """A channel that can tell from an address alone that it could never be used."""

    def check_address(self, address: str) -> None:
        """Raise SendError of the kind `contact` for an address that cannot be used; nothing is asked."""


@runtime_checkable
class Limited(Protocol):
    """A channel that takes only so many messages a second; one that has no `per_second` takes any number."""

    @property
    def per_second(self) -> float:
        """Messages a second that its sender may be given by all processes together; 0: no limit."""


@runtime_checkable
class Priced(Protocol):
    """A channel that costs money; one that has no `price` is free."""

    @property
    def price(self) -> float:
        """Of one SMS segment, or of one message of any other kind, in whatever currency the caps are in."""


@runtime_checkable
class Finder(Protocol):
    """A channel that can be asked what became of a message whose fate is unknown."""

    def find(self, message: Message, since_at: datetime, matched: frozenset[str]) -> Accepted | None:
        """Return the provider's record of `message` sent since `since_at`, or None if it never got it.

        `matched` are provider ids that belong to other attempts. Raises SendError.
        """


@runtime_checkable
class ReportParser(Protocol):
    """A channel whose provider posts what became of a message."""

    def parse_status(self, form: Mapping[str, str]) -> Report | None:
        """Return the report in a provider's post, or None if it holds none."""


@runtime_checkable
class InboundParser(Protocol):
    """A channel whose provider posts people's messages."""

    def verify(self, url: str, form: list[tuple[str, str]], headers: Mapping[str, str]) -> bool:
        """Say whether the provider signed this post.

        `url` is the public one with its raw query; the names of `headers` are in lower case.
        """

    def parse_inbound(self, form: Mapping[str, str]) -> Inbound | None:
        """Return the person's message in a provider's post, or None if it holds none."""


@runtime_checkable
class Poller(Protocol):
    """A channel that can be asked for people's messages and for what became of ours, without an open port."""

    @property
    def polls(self) -> bool:
        """Whether its settings want it to be asked."""

    def poll(self, mark: str | None, now: datetime) -> Polled:
        """Return what came since `mark`; with None, begin at `now` and return nothing older.

        May return again what was returned before, so whoever keeps it has to know repeats. Raises SendError.
        """
