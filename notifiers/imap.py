"""Reading a mailbox by IMAP (RFC 3501) with imap-tools; nothing in it is marked, moved or deleted.

A mail that the server cannot give keeps none behind it from being read: see `Stumbles`.
"""

import contextlib
import imaplib
import re
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from notifiers.base import Kind, SendError
from notifiers.mailbox import LONGEST
from notifiers.mailbox_settings import Security

BATCH = 20
"""Mails that are fetched in one go."""
TRIES = 5
"""So often a mail is asked for that the server does not give, before one behind it is tried."""
AGAIN = timedelta(days=3)
"""When the server has numbered all mails anew, those of so many days are looked at once more."""

T = TypeVar("T")
log = structlog.get_logger()
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


@dataclass(slots=True)
class Stumbles:
    """What is remembered between two looks: which mails the server did not give, all by their UIDs."""

    validity: int = 0
    alone_until: int = 0
    """Up to this mail they are fetched one by one, to find the one that spoilt a batch."""
    refused: Counter[int] = field(default_factory=Counter)

    def next_of(self, new: Sequence[int]) -> Sequence[int]:
        """Return which of the new mails to fetch now."""
        if new[0] > self.alone_until:
            return new[:BATCH]
        return [next((uid for uid in new if self.refused[uid] < TRIES), new[0])]

    def note(self, batch: Sequence[int]) -> None:
        """Remember that the server did not give these."""
        self.alone_until = max(self.alone_until, batch[-1])
        if len(batch) == 1:
            self.refused[batch[0]] += 1


def look(place: Place) -> None:
    """Log in and open the folder, reading nothing. Raises SendError."""
    _talk(place, lambda _: None)


def fetch(place: Place, mark: str | None, now: datetime, stumbles: Stumbles) -> Fetched:
    """Return the next mails after `mark`; none, and a mark, when there was no mark. Raises SendError."""
    fetched, doubtful = _talk(place, lambda box: _fetch(box, place.folder, mark, now, stumbles))
    again = [mail for uid in doubtful for mail in _once_more(place, uid)]
    return replace(fetched, mails=(*again, *fetched.mails))


def _once_more(place: Place, uid: int) -> Sequence[tuple[bytes, datetime | None]]:
    """Return a mail that was often refused, if the server gives it now: it has just given another."""
    reached = False

    def ask(box: BaseMailBox) -> Sequence[tuple[bytes, datetime | None]]:
        nonlocal reached
        reached = True
        return tuple(_mails(box, [uid]))

    try:
        return _talk(place, ask)
    except SendError:
        if not reached:
            raise
        log.error("mail passed over: the server does not give it", uid=uid)
        return ()


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


def _fetch(
    box: BaseMailBox, folder: str, mark: str | None, now: datetime, stumbles: Stumbles
) -> tuple[Fetched, Sequence[int]]:
    """Return the next mails, and the UIDs of those before them that the server did not give."""
    status = box.folder.status(folder, ["UIDVALIDITY", "UIDNEXT"])
    validity, following = status["UIDVALIDITY"], status["UIDNEXT"]
    known = _MARK.fullmatch(mark or "")
    if known is None:
        return Fetched(f"{validity}:{following - 1}"), ()
    if int(known[1]) == validity:
        last = int(known[2])
        wanted = f"UID {last + 1}:*"
    else:
        last = 0
        wanted = f"SINCE {_day(now - AGAIN)}"
    # `7:*` holds the last mail even if that is number 5.
    new = sorted(uid for uid in map(int, box.uids(wanted, charset=None)) if uid > last)
    if not new:
        return Fetched(f"{validity}:{last or following - 1}"), ()
    if stumbles.validity != validity:
        stumbles.validity, stumbles.alone_until = validity, 0
        stumbles.refused.clear()
    batch = stumbles.next_of(new)
    try:
        mails = tuple(_mails(box, batch))
    except Exception:  # Refused, or the line broke, or it took too long: `_failure` tells them apart.
        stumbles.note(batch)
        raise
    doubtful = [uid for uid in new if uid < batch[0]]
    return Fetched(f"{validity}:{batch[-1]}", mails, new[-1] > batch[-1]), doubtful


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
    try:
        local = imaplib.Internaldate2tuple(said)
        return datetime.fromtimestamp(time.mktime(local), UTC) if local else None
    except (ValueError, OverflowError, OSError):
        return None  # A date that there is not.


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
