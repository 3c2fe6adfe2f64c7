"""E-mail by any mail server that speaks SMTP submission, with smtplib over TLS; answers by IMAP."""

import contextlib
import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from email.headerregistry import Address
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr, field_validator, model_validator

from notifiers import imap, mail, mailbox
from notifiers.base import Accepted, ConfigError, Inbound, Kind, Message, Polled, Report, SendError
from notifiers.hosts import is_this_machine
from notifiers.mailbox_settings import MailboxSettings, Security
from notifiers.smtp_errors import Refused, Stage, failure


class SendingSettings(BaseModel):
    """A mail server and the mailbox that is sent from."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)

    host: str = Field(
        pattern=r"^[^\s/@]+$", description="The name of the mail server, such as mail.example.org."
    )
    port: int = Field(
        default=587,
        ge=1,
        le=65535,
        description="The mail server's port: mostly 587 for starttls, 465 for tls.",
    )
    security: Security = Field(
        default=Security.STARTTLS,
        description="One of starttls, tls or plain; plain only for a server that you trust the way to.",
    )
    username: str | None = Field(
        default=None, min_length=1, description="The login at the mail server, if it asks for one."
    )
    password: SecretStr | None = Field(
        default=None, min_length=1, description="The password that belongs to username."
    )
    sender: str = Field(
        description="The mailbox to send from, such as `Attune <nudge@example.org>`; answers go there too."
    )
    timeout: float = Field(
        default=20.0, ge=0.1, le=60, description="Seconds for the whole talk with the mail server, 0.1 to 60."
    )
    per_second: float = Field(
        default=5.0,
        ge=0,
        le=1000,
        description="Messages a second that the mail server may be given; 0: no limit.",
    )
    price: float = Field(
        default=0.0,
        ge=0,
        le=1000,
        description="What one message costs, for the caps on money: the number alone, in your currency.",
    )
    ca_file: FilePath | None = Field(
        default=None,
        description="A file with the certificates to trust, for a mail server with an authority of its own.",
    )

    @field_validator("sender")
    @classmethod
    def _one_mailbox(cls, value: str) -> str:
        if mail.sender(value) is None:
            raise ValueError(
                "The setting `sender` of the channel `smtp` must be a mailbox: give an address, "
                "or a name and then the address between < and >."
            )
        return value

    @model_validator(mode="after")
    def _login_is_safe(self) -> "SendingSettings":
        if (self.username is None) != (self.password is None):
            raise ValueError("Give both `username` and `password` of the channel `smtp`, or neither.")
        if self.password and self.security is Security.PLAIN and not is_this_machine(self.host):
            raise ValueError(
                "The channel `smtp` does not send a password unencrypted: set `security` to starttls or tls."
            )
        return self


class SmtpSettings(MailboxSettings, SendingSettings):
    """Where mails go out, and where their answers are read."""

    @model_validator(mode="after")
    def _mailbox_has_a_login(self) -> "SmtpSettings":
        if self.imap_host and not (self.username or self.imap_username):
            raise ValueError(
                "The setting `imap_username` of the channel `smtp` is missing: "
                "give it and `imap_password`, or `username` and `password`."
            )
        return self


class Smtp:
    """Sends each message over a connection of its own."""

    name: ClassVar[str] = "smtp"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"email"})
    Settings: ClassVar[type[BaseModel]] = SmtpSettings

    def __init__(self, settings: SmtpSettings) -> None:
        """Read the certificates. Raises ConfigError when `ca_file` holds none."""
        self._settings = settings
        sender = mail.sender(settings.sender)
        assert sender is not None, "The settings have been checked."
        self._sender = sender
        self._stumbles = imap.Stumbles()
        try:
            self._tls = ssl.create_default_context(cafile=settings.ca_file)
        except (ssl.SSLError, OSError):
            raise ConfigError(
                "The setting `ca_file` of the channel `smtp` cannot be used: give a readable file of "
                "certificates in PEM form."
            ) from None

    @property
    def sender(self) -> str:
        """The mail server and the address that is sent from."""
        return f"{self._settings.host}:{self._settings.port}/{self._sender.addr_spec}"

    @property
    def per_second(self) -> float:
        """Messages a second that the mail server may be given; 0: no limit."""
        return self._settings.per_second

    @property
    def price(self) -> float:
        """What one message costs."""
        return self._settings.price

    def send(self, message: Message) -> Accepted:
        """Hand the message to the mail server, once; its Message-ID is our provider id. Raises SendError."""
        to = mail.mailbox(message.to)
        if to is None:
            raise SendError(Kind.CONTACT, "This is no e-mail address: check it with the person.")
        if not self.polls:
            message = replace(message, reply_token="")  # Nobody would read what comes there.
        written = mail.write(message, to, self._sender)
        self._talk(lambda talk: talk.hand_over(to, written))
        return Accepted(mail.message_id(message.attempt_id, self._sender))

    def check(self) -> str:
        """Log in at the mail server and ask it for nothing; return one sentence. Raises SendError."""
        self._talk(_Talk.ask_for_nothing)
        login = "takes the login" if self._settings.username else "answers"
        if not self.polls:
            return f"The mail server {login} and is ready."
        imap.look(self._place())
        return f"The mail server {login} and is ready, and the mailbox for answers can be read."

    @property
    def polls(self) -> bool:
        """Whether there is a mailbox to be read."""
        return self._settings.imap_host is not None

    def poll(self, mark: str | None, now: datetime) -> Polled:
        """Return what came into the mailbox since `mark`, which is UIDVALIDITY and UID. Raises SendError."""
        fetched = imap.fetch(self._place(), mark, now, self._stumbles)
        read = [mailbox.read(raw, self._sender, at) for raw, at in fetched.mails]
        return Polled(
            fetched.mark,
            tuple(one for one in read if isinstance(one, Inbound)),
            tuple(one for one in read if isinstance(one, Report)),
            fetched.more,
        )

    def _place(self) -> imap.Place:
        options = self._settings
        own = options.imap_username is not None
        username = options.imap_username if own else options.username
        password = options.imap_password if own else options.password
        assert options.imap_host is not None
        assert username is not None, "The settings have been checked."
        assert password is not None
        port = 993 if options.imap_security is Security.TLS else 143
        return imap.Place(
            options.imap_host,
            options.imap_port or port,
            options.imap_security,
            username,
            password.get_secret_value(),
            options.imap_folder,
            options.timeout,
            self._tls,
        )

    def _talk(self, say: "Callable[[_Talk], None]") -> None:
        """Connect, say what is to be said and hang up; whatever is raised becomes a SendError."""
        talk = _Talk(self._settings, self._sender, self._tls)
        try:
            talk.begin()
            say(talk)
            return
        except Exception as error:  # smtplib raises all sorts; the stage decides what each means.
            problem = failure(error, talk.stage)
        finally:
            talk.hang_up()
        # Raised here and not above: the server's words, and the address, would be its context.
        raise problem


class _Talk:
    """One conversation with the mail server, which knows how far it has come and how much time is left."""

    def __init__(self, settings: SmtpSettings, sender: Address, tls: ssl.SSLContext) -> None:
        self._settings = settings
        self._sender = sender
        self._tls = tls
        self.stage = Stage.CONNECT
        self._until = time.monotonic() + settings.timeout
        self._line: smtplib.SMTP | None = None

    def begin(self) -> None:
        """Connect, encrypt and log in."""
        options = self._settings
        # The name for EHLO is the sender's domain: to look up this machine's own may take seconds.
        name, left = self._sender.domain, self._left()
        if options.security is Security.TLS:
            self._line = smtplib.SMTP_SSL(options.host, options.port, name, timeout=left, context=self._tls)
        else:
            self._line = smtplib.SMTP(options.host, options.port, name, timeout=left)
        if options.security is Security.STARTTLS:
            self._open().starttls(context=self._tls)
        self._open().ehlo_or_helo_if_needed()
        if options.username and options.password:
            self.stage = Stage.LOGIN
            self._open().login(options.username, options.password.get_secret_value())

    def hand_over(self, to: str, written: bytes) -> None:
        """Give the server the envelope and the message; return when it has taken both."""
        self.stage = Stage.FROM
        self._expect(self._open().mail(self._sender.addr_spec), 250)
        self.stage = Stage.TO
        self._expect(self._open().rcpt(to), 250, 251)
        line = self._open()
        self.stage = Stage.DATA
        self._expect(line.data(written), 250)

    def ask_for_nothing(self) -> None:
        """Say NOOP."""
        self._expect(self._open().noop(), 250)

    def _open(self) -> smtplib.SMTP:
        """Return the line with the time that is left for the next answer."""
        assert self._line is not None
        if self._line.sock is not None:
            self._line.sock.settimeout(self._left())
        return self._line

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    @staticmethod
    def _expect(reply: tuple[int, bytes], *codes: int) -> None:
        if reply[0] not in codes:
            raise Refused(*reply)

    def hang_up(self) -> None:
        """Close the line, if there is one, without waiting for more than a second."""
        if self._line is None:
            return
        # The outcome is known by now: no trouble in saying goodbye changes it, and none is waited for.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            if self._line.sock is not None:
                self._line.sock.settimeout(1)
                self._line.quit()
        self._line.close()
