"""One mail from a mailbox: a person's message, what became of one of ours, or nothing for us.

Whatever a mail holds, reading it raises nothing: one bad mail must not keep the others from being read.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.headerregistry import Address
from email.message import Message as Mail
from email.utils import getaddresses

from notifiers import bounces, html_text, mail, quotes
from notifiers.base import Inbound, Report

LONGEST = 262_144
"""Bytes of a mail that are looked at: its header and first part, whatever hangs on them."""
_LONGEST_HEADER = 8_192
_MOST_ANSWERS = 20
_MOST_TOKENS = 5
_MOST_PARTS = 50
_LONGEST_FORM = 4_096
_FORM = re.compile(rb"^content-[a-z-]+:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb"boundary[^=\n]{0,20}=", re.IGNORECASE)
STOP = "STOP"
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}>")
_PREFIX = re.compile(r"(?:(?:re|aw|antw|rv|fwd?|wg|sv)\s?(?:\[\d+\])?:\s*)+", re.IGNORECASE)
_RECIPIENTS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Forwarded-To")
_BY_MACHINES = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id")
_PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply"})


@dataclass(frozen=True, slots=True)
class _Post:
    """A parsed mail and what its header says first."""

    mail: Mail = field(repr=False)
    raw: bytes = field(repr=False)
    sender: str = field(repr=False)
    subject: str = field(repr=False)


def read(raw: bytes, ours: Address, received_at: datetime | None = None) -> Inbound | Report | None:
    """Return what a mail is to us; None for machines, for mails of our own, and for what cannot be read.

    `ours` is the mailbox that we send from. Raises nothing.
    """
    try:
        return _read(raw[:LONGEST], ours, received_at)
    except Exception:  # Python's parser stumbles in many ways, and each mail is a stranger's work.
        return None


def _read(raw: bytes, ours: Address, received_at: datetime | None) -> Inbound | Report | None:
    # A bare carriage return ends a line for Python's parser, and so it has to for what is looked at first.
    raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if _takes_long(raw):
        return None
    parsed = message_from_bytes(raw)
    sender = _sender(parsed)
    post = _Post(parsed, raw, sender, _header(parsed, "Subject"))
    if bounces.is_report(parsed, sender):
        # The form is ASCII, and its lines are looked for one by one.
        return bounces.read(parsed, raw.decode("latin-1").replace("\r\n", "\n"), ours.domain)
    tokens = _tokens(parsed, ours)
    # A mail program that unsubscribes for its owner may call itself automatic, as it is.
    unsubscribes = bool(tokens) and post.subject.strip().upper() == STOP
    if not sender or _is_ours(sender, ours) or (_is_automatic(parsed) and not unsubscribes):
        return None
    answers = _answers(parsed)
    return Inbound(
        provider_id=_id(post),
        sender=sender,
        text=STOP if unsubscribes else _text(post, bool(answers)),
        received_at=received_at,
        address_kind="email",
        reply_tokens=tokens,
        answers=answers,
    )


def _takes_long(raw: bytes) -> bool:
    """Say whether Python would need more than in proportion to its length for a mail: no program writes such.

    It looks at each line once for each part that may end there, and at a parameter once for each `;` in it.
    """
    parts = sum(1 for _ in _BOUNDARY.finditer(raw))
    return parts > _MOST_PARTS or any(len(one[0]) > _LONGEST_FORM for one in _FORM.finditer(raw))


def _header(parsed: Mail, name: str) -> str:
    """Return the first header of a name as it is meant, cut, on one line; blank if there is none."""
    value = str(parsed.get(name, ""))[:_LONGEST_HEADER]
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        return " ".join(value.split())
    words = (_decoded(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in pieces)
    return " ".join("".join(words).split())


def _decoded(piece: bytes, charset: str | None) -> str:
    try:
        return piece.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):  # No such charset.
        return piece.decode("utf-8", "replace")


def _sender(parsed: Mail) -> str:
    """Return the one address in From, blank if there is none or more than one."""
    found = [address for _, address in getaddresses([str(parsed.get("From", ""))[:_LONGEST_HEADER]])]
    return (mail.mailbox(found[0]) or "") if len(found) == 1 else ""


def _is_ours(sender: str, ours: Address) -> bool:
    local, _, domain = sender.lower().rpartition("@")
    name = ours.username.lower()
    return domain == ours.domain.lower() and (local == name or local.startswith(f"{name}+"))


def _is_automatic(parsed: Mail) -> bool:
    """Say whether a program wrote a mail (RFC 3834, and what is in use beside it)."""
    submitted = str(parsed.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    return (
        submitted != "no"
        or str(parsed.get("Precedence", "")).strip().lower() in _PRECEDENCE
        or str(parsed.get("Return-Path", "")).strip() == "<>"
        or any(name in parsed for name in _BY_MACHINES)
    )


def _tokens(parsed: Mail, ours: Address) -> tuple[str, ...]:
    """Return what stands behind the plus of our address among the recipients."""
    token = re.compile(
        rf"(?<![\w.+-]){re.escape(ours.username)}\+([a-z0-9]{{16,64}})@{re.escape(ours.domain)}(?![\w.-])",
        re.IGNORECASE,
    )
    values = (str(v)[:_LONGEST_HEADER] for name in _RECIPIENTS for v in parsed.get_all(name, [])[:3])
    found = (match.lower() for value in values for match in token.findall(value))
    return tuple(dict.fromkeys(found))[:_MOST_TOKENS]


def _answers(parsed: Mail) -> tuple[str, ...]:
    """Return the Message-IDs that a mail answers, the nearest first."""
    nearest = _MESSAGE_ID.findall(str(parsed.get("In-Reply-To", ""))[:_LONGEST_HEADER])
    thread = _MESSAGE_ID.findall(str(parsed.get("References", ""))[-_LONGEST_HEADER:])
    return tuple(dict.fromkeys([*nearest, *reversed(thread)]))[:_MOST_ANSWERS]


def _id(post: _Post) -> str:
    """Return the Message-ID; for a mail without one that can be kept, a hash of all of it."""
    given = str(post.mail.get("Message-ID", "")).strip()
    return given if _MESSAGE_ID.fullmatch(given) else f"sha256:{hashlib.sha256(post.raw).hexdigest()}"


def _text(post: _Post, answers: bool) -> str:
    """Return what the writer wrote; the subject where there is nothing else, unless it is that of our own."""
    words = quotes.own_words(_body(post.mail))
    prefix = _PREFIX.match(post.subject)
    if words or (prefix and answers):
        return words
    return post.subject[prefix.end() :] if prefix else post.subject


def _body(parsed: Mail) -> str:
    parts = list(_shown(parsed))
    plain = next((part for part in parts if _is_plain(part)), None)
    if plain is not None and (words := _content(plain)).strip():
        return words
    page = next((part for part in parts if part.get_content_type() == "text/html"), None)
    return html_text.words(_content(page)) if page is not None else ""


def _is_plain(part: Mail) -> bool:
    """Say whether a part is text; one that was to have parts, and has none, is taken as it is."""
    return part.get_content_type() == "text/plain" or part.get_content_maintype() == "multipart"


def _shown(parsed: Mail) -> Iterator[Mail]:
    """Yield the parts that are the mail's own words: no attached file, and no mail inside the mail."""
    waiting: list[Mail] = [parsed]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        if part.get_content_disposition() == "attachment" or part.get_content_maintype() == "message":
            continue
        inner = part.get_payload()
        if part.is_multipart() and isinstance(inner, Sequence) and not isinstance(inner, str):
            waiting[:0] = [one for one in inner if isinstance(one, Mail)]
        else:
            yield part


def _content(part: Mail) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    return _decoded(payload, _charset(part)).replace("\x00", "")


def _charset(part: Mail) -> str | None:
    try:
        charset = part.get_content_charset()
    except (LookupError, ValueError, TypeError):
        return None
    return charset if charset and charset.isascii() else None
