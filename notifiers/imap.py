"""Reading a mailbox by IMAP (RFC 3501) with imap-tools; nothing in it is marked, moved or deleted."""

import contextlib
import imaplib
import re
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from notifiers.base import Kind, SendError
from notifiers.mailbox import LONGEST
from notifiers.mailbox_settings import Security

BATCH = 20
"""Mails that are fetched in one go."""
AGAIN = timedelta(days=3)
"""When the server has numbered all mails anew, those of so many days are looked at once more."""

T = TypeVar("T")
_MARK = re.compile(r"(\d{1,10}):(\d{1,10})")
_UID = re.compile(rb"\bUID (\d+)")
_PARTS = f"(UID INTERNALDATE BODY.PEEK[]<0.{LONGEST}>)"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Not worth a stop: the server cannot look the login up just now (RFC 5530).
_FOR_A_WHILE = (b"[UNAVAILABLE]", b"[INUSE]", b"[LIMIT]", b"[SERVERBUG]")


@dataclass(frozen=True, slots=True)
class Place:
    """A mailbox and how to get at it. `repr` shows no secret."""

    host: str
    port: int
    security: Security
    username: str = field(repr=False)
    password: str = field(repr=False)
    folder: str
    timeout: float
    tls: ssl.SSLContext = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fetched:
    """Some mails, the oldest first, as they are on the wire, cut; and when the server got each."""

    mark: str
    mails: tuple[tuple[bytes, datetime | None], ...] = field(default=(), repr=False)
    more: bool = False


def look(place: Place) -> None:
    """Log in and open the folder, reading nothing. Raises SendError."""
    _talk(place, lambda _: None)


def fetch(place: Place, mark: str | None, now: datetime) -> Fetched:
    """Return the next mails after `mark`; none, and a mark, when there was no mark. Raises SendError."""
    return _talk(place, lambda box: _fetch(box, place.folder, mark, now))


def _talk(place: Place, say: Callable[[BaseMailBox], T]) -> T:
    """Connect, log in, open the folder to read only, say something, hang up."""
    box: BaseMailBox | None = None
    try:
        box = _Line(place).open()
        return say(box)
    except Exception as error:  # The libraries raise all sorts.
        problem = _failure(error)
    finally:
        if box is not None:
            # The mails are here by now: no trouble in saying goodbye changes that.
            with contextlib.suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
                box.client.sock.settimeout(1)
                box.logout()
    # Raised here and not above: the server's words, and the login, would be its context.
    raise problem


class _Line:
    """A connection whose steps together have no more time than the settings give."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._until = time.monotonic() + place.timeout

    def open(self) -> BaseMailBox:
        """Return the mailbox, logged in, its folder open."""
        place = self._place
        box = self._connected()
        try:
            self._patience(box)
            if place.username.isascii() and place.password.isascii():
                box.login(place.username, place.password, initial_folder=None)
            else:
                box.login_utf8(place.username, place.password, initial_folder=None)
            self._patience(box)
            box.folder.set(place.folder, readonly=True)
            self._patience(box)
        except BaseException:
            with contextlib.suppress(OSError):
                box.client.shutdown()
            raise
        return box

    def _connected(self) -> BaseMailBox:
        place = self._place
        if place.security is Security.TLS:
            return MailBox(place.host, place.port, timeout=place.timeout, ssl_context=place.tls)
        if place.security is Security.STARTTLS:
            return MailBoxStartTls(place.host, place.port, timeout=place.timeout, ssl_context=place.tls)
        return MailBoxUnencrypted(place.host, place.port, timeout=place.timeout)

    def _patience(self, box: BaseMailBox) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        box.client.sock.settimeout(left)


def _fetch(box: BaseMailBox, folder: str, mark: str | None, now: datetime) -> Fetched:
    status = box.folder.status(folder, ["UIDVALIDITY", "UIDNEXT"])
    validity, following = status["UIDVALIDITY"], status["UIDNEXT"]
    known = _MARK.fullmatch(mark or "")
    if known is None:
        return Fetched(f"{validity}:{following - 1}")
    if int(known[1]) == validity:
        last = int(known[2])
        wanted = f"UID {last + 1}:*"
    else:
        last = 0
        wanted = f"SINCE {_day(now - AGAIN)}"
    # `7:*` holds the last mail even if that is number 5.
    new = sorted(uid for uid in map(int, box.uids(wanted, charset=None)) if uid > last)
    batch = new[:BATCH]
    if not batch:
        return Fetched(f"{validity}:{last or following - 1}")
    mails = tuple(_mails(box, batch))
    return Fetched(f"{validity}:{batch[-1]}", mails, len(new) > BATCH)


def _day(at: datetime) -> str:
    """Return a day as IMAP has it, whatever language this machine speaks."""
    return f"{at.day}-{_MONTHS[at.month - 1]}-{at.year}"


def _mails(box: BaseMailBox, uids: Sequence[int]) -> Iterator[tuple[bytes, datetime | None]]:
    kind, answer = box.client.uid("FETCH", ",".join(map(str, uids)), _PARTS)
    if kind != "OK":
        raise imaplib.IMAP4.error
    found: dict[int, tuple[bytes, datetime | None]] = {}
    for place, item in enumerate(answer):
        if not isinstance(item, tuple):
            continue
        # What a server says of a mail stands before its text, or behind it.
        after = answer[place + 1] if place + 1 < len(answer) else b""
        said = item[0] + b" " + (after if isinstance(after, bytes) else b"")
        if uid := _UID.search(said):
            found[int(uid[1])] = (item[1], _arrived(said))
    # One that is gone by now, or that the server has no text of, is passed over.
    yield from (found[uid] for uid in uids if uid in found)


def _arrived(said: bytes) -> datetime | None:
    local = imaplib.Internaldate2tuple(said)
    return datetime.fromtimestamp(time.mktime(local), UTC) if local else None


def _failure(error: Exception) -> SendError:
    """Return the error for whatever ended a conversation; no word of the server's is repeated."""
    if isinstance(error, MailboxLoginError) or _is_refused_login(error):
        if any(word in str(error).encode("utf-8", "replace").upper() for word in _FOR_A_WHILE):
            return SendError(Kind.RETRY, "The IMAP server takes no login now: it is tried again later.")
        return _sender(
            "The IMAP server refused the login: check imap_username and imap_password of the channel smtp."
        )
    if isinstance(error, MailboxFolderSelectError):
        return _sender("The IMAP server has no such folder: check imap_folder of the channel smtp.")
    if isinstance(error, ssl.SSLCertVerificationError):
        return _sender(
            "The IMAP server's certificate is not valid for this host: check imap_host, or give ca_file if "
            "the server has an authority of its own."
        )
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return _sender(
            "The IMAP server does not speak TLS here: check imap_port and imap_security of the channel smtp."
        )
    if isinstance(error, imaplib.IMAP4.abort) and str(error) == "TLS not supported by server":
        return _sender("The IMAP server offers no STARTTLS: check imap_security of the channel smtp.")
    if isinstance(error, OSError | imaplib.IMAP4.abort):
        return SendError(
            Kind.RETRY,
            "There is no connection to the IMAP server: check imap_host, imap_port and the network.",
        )
    return SendError(Kind.RETRY, "The IMAP server's answer made no sense: it is asked again later.")


def _is_refused_login(error: Exception) -> bool:
    """Say whether imaplib itself found that a login was refused: it raises the server's words."""
    said = str(error).upper()
    return type(error) is imaplib.IMAP4.error and ("AUTHENTICAT" in said or "LOGIN COMMAND" in said)


def _sender(reason: str) -> SendError:
    return SendError(Kind.SENDER, reason)
