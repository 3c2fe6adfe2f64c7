"""A real mail server (aiosmtpd) on a free loopback port that keeps what it is given."""

import asyncio
import email
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as MAIL
from pathlib import Path
from typing import Any, Literal, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.certificates import self_signed

Step = Literal["MAIL", "RCPT", "DATA", "END"]


@dataclass(frozen=True)
class Received:
    """One message as it came in."""

    mail_from: str
    rcpt_to: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        parsed = email.message_from_bytes(self.content, policy=MAIL)
        assert isinstance(parsed, EmailMessage)
        return parsed


class SmtpServer:
    """A mail server with a certificate that signs itself.

    `login` is asked for before MAIL when given. `replies` are given at a step instead of taking the message;
    END is the answer after the text. `cut` breaks the line at a step, DATA in the middle of the text and END
    after it; `hang` says nothing more from a step on; `slow_seconds` are waited before each answer.
    """

    def __init__(
        self,
        security: Literal["plain", "starttls", "tls"] = "plain",
        *,
        login: tuple[str, str] | None = None,
        replies: Mapping[Step, str] | None = None,
        cut: Step | None = None,
        hang: Step | None = None,
        slow_seconds: float = 0.0,
    ) -> None:
        self.security = security
        self.login = login
        self.replies = dict(replies or {})
        self.cut = cut
        self.hang = hang
        self.slow_seconds = slow_seconds
        self.received: list[Received] = []

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        self.ca_file, key = self_signed(Path(self._folder.name))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.ca_file, key)
        self._controller = _FreePort(
            _Hooks(self),
            hostname="127.0.0.1",
            port=0,
            ssl_context=context if self.security == "tls" else None,
            tls_context=context if self.security == "starttls" else None,
            require_starttls=self.security == "starttls",
            auth_require_tls=self.security == "starttls",
            authenticator=self._authenticate if self.login else None,
            data_size_limit=None,
        )
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
        self._folder.cleanup()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self._controller.port)

    @property
    def messages(self) -> list[EmailMessage]:
        """The messages that were taken, in order."""
        return [received.message for received in self.received]

    def _authenticate(
        self, _server: object, _session: object, _envelope: object, _how: str, data: Any
    ) -> AuthResult:
        assert self.login is not None
        username, password = self.login
        known = LoginPassword(username.encode(), password.encode())
        return AuthResult(success=data == known, handled=False)


class _Hooks:
    """What aiosmtpd calls at each step."""

    def __init__(self, server: SmtpServer) -> None:
        self.server = server

    async def handle_MAIL(  # noqa: N802 (The library's name.)
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.server.login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        reply = await self._scripted(smtp, "MAIL")
        envelope.mail_from = address
        return reply or "250 OK"

    async def handle_RCPT(  # noqa: N802 (The library's name.)
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._scripted(smtp, "RCPT")
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = await self._scripted(smtp, "END")
        if reply is None:
            content = envelope.original_content or b""
            self.server.received.append(Received(envelope.mail_from or "", envelope.rcpt_tos, content))
        return reply or "250 OK"

    async def _scripted(self, smtp: SMTP, step: Step) -> str | None:
        await self.broken_off(smtp, step)
        await asyncio.sleep(self.server.slow_seconds)
        return self.server.replies.get(step)

    async def broken_off(self, smtp: SMTP, step: Step) -> None:
        if self.server.cut == step:
            assert isinstance(smtp.transport, asyncio.Transport)
            smtp.transport.abort()
            # Aborting ends this task at its next wait.
            await asyncio.Event().wait()
        if self.server.hang == step:
            await asyncio.Event().wait()


class _Smtp(SMTP):
    """Breaks off at DATA, which has no hook of its own before the text."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 (The library's name.)
        hooks: _Hooks = self.event_handler
        reply = hooks.server.replies.get("DATA")
        if reply is not None:
            await self.push(reply)
            return
        if hooks.server.cut == "DATA":
            await self.push("354 Go on")
            await self._reader.readuntil(b"\r\n")
        await hooks.broken_off(self, "DATA")
        await super().smtp_DATA(arg)


class _FreePort(Controller):
    """Asks the system for a port; aiosmtpd's own start check would then call port 0."""

    def factory(self) -> SMTP:
        return _Smtp(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]
