"""One message as an e-mail: plain text, a simple page beside it, and the headers of a well-behaved sender."""

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from urllib.parse import quote

from notifiers.base import Kind, Message, SendError

# Lines of quoted-printable have at most 76 characters (RFC 2045, 6.7).
_BODY = SMTP.clone(max_line_length=76)
# A header is never folded inside a link: Python would encode the pieces, and no mail program reads those.
_HEADERS = SMTP.clone(max_line_length=998)

_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_WORD}(\.{_WORD})*")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}>")

_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="margin:0;padding:24px;font:16px/1.5 sans-serif;color:#222;background:#fff">
<div style="max-width:36em;margin:0 auto">
{paragraphs}
{links}
</div>
</body>
</html>
"""
_BUTTON = (
    '<p><a href="{url}" style="display:inline-block;padding:10px 18px;border-radius:6px;'
    'background:#2f5d50;color:#fff;text-decoration:none">{label}</a></p>'
)
_SMALL_LINK = '<p style="font-size:13px"><a href="{url}" style="color:#555">{label}</a></p>'


def mailbox(text: str) -> str | None:
    """Return `text` as an address that a mail server takes, its domain in ASCII, or None if it is none."""
    local, _, unicode_domain = text.rpartition("@")
    try:
        domain = unicode_domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    fits = len(local) <= 64 and len(domain) <= 253
    return f"{local}@{domain}" if fits and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain) else None


def sender(text: str) -> Address | None:
    """Return the one mailbox, perhaps with a name, that `text` holds, or None if it holds anything else."""
    mail = EmailMessage(policy=_BODY)
    try:
        mail["From"] = _one_line(text)
        header = mail["From"]
        (found,) = header.addresses
        if header.defects or header.groups[0].display_name is not None:
            return None
        return Address(found.display_name, addr_spec=mailbox(found.addr_spec) or "")
    except (ValueError, LookupError, AttributeError):
        # Not one address, or one that Python's parser stumbles over.
        return None


def plus_address(sender: Address, token: str) -> str | None:
    """Return the sender's mailbox with a token in its name; None if there is none, or no room for it."""
    return mailbox(f"{sender.username}+{token}@{sender.domain}") if token else None


def message_id(attempt_id: str, sender: Address) -> str:
    """Return the Message-ID of an attempt: always the same for the same attempt."""
    return f"<{attempt_id}@{sender.domain}>"


def write(message: Message, to: str, sender: Address) -> bytes:
    """Return the e-mail to the mailbox `to`, ready for DATA. Raises SendError for words no mail can carry."""
    try:
        return _write(message, to, sender)
    except (ValueError, LookupError):
        # A line break in a header, or half of a surrogate pair.
        failure = SendError(Kind.CONTENT, "This message cannot be put into an e-mail: it is not sent.")
    # Raised here and not above: the error of an encoding holds the text.
    raise failure


def _write(message: Message, to: str, sender: Address) -> bytes:
    mail = EmailMessage(policy=_BODY)
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = _one_line(message.subject) or sender.display_name or "Attune"
    mail["Date"] = datetime.now(UTC)
    mail["Message-ID"] = _one_line(message_id(message.attempt_id, sender))
    mail["Auto-Submitted"] = "auto-generated"
    # Exchange answers with absences otherwise; bounces are wanted.
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    answers_to = plus_address(sender, message.reply_token)
    if answers_to:
        mail["Reply-To"] = Address(sender.display_name, addr_spec=answers_to)
    if _MESSAGE_ID.fullmatch(message.answers):
        mail["In-Reply-To"] = mail["References"] = message.answers
    for name, value in _unsubscribe_headers(message.unsubscribe_url, answers_to or sender.addr_spec):
        mail[name] = value
    links = _links(message)
    # Quoted-printable passes every server unchanged: 7 bits, short lines, no bare carriage return.
    mail.set_content(_plain(message.text, links), cte="quoted-printable")
    mail.add_alternative(_page(message.text, links, message.language), subtype="html", cte="quoted-printable")
    return mail.as_bytes(policy=_HEADERS)


def _one_line(text: str) -> str:
    if any(ord(character) < 32 or character in "\x7f\x85\u2028\u2029" for character in text):
        raise ValueError("A header holds a control character.")
    return text.strip()


def _links(message: Message) -> list[tuple[str, str, str]]:
    """Return the shape, label and URL of each link that the message has."""
    links = [
        (_BUTTON, message.reply_label, message.reply_url),
        (_SMALL_LINK, message.unsubscribe_label, message.unsubscribe_url),
    ]
    return [(shape, label, _one_line(url)) for shape, label, url in links if url]


def _unsubscribe_headers(url: str | None, answers_to: str) -> list[tuple[str, str]]:
    """One click (RFC 8058) needs https; without it a mail program writes STOP to the sender (RFC 2369)."""
    if url and url.lower().startswith("https://"):
        return [
            ("List-Unsubscribe", f"<{_one_line(url)}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]
    return [("List-Unsubscribe", f"<mailto:{quote(answers_to, safe='@+')}?subject=STOP>")]


def _plain(text: str, links: list[tuple[str, str, str]]) -> str:
    lines = [f"{label}: {url}" if label else url for _, label, url in links]
    return "\n\n".join([text.strip(), *lines]) + "\n"


def _page(text: str, links: list[tuple[str, str, str]], language: str) -> str:
    blocks = [block for block in re.split(r"(?:\r?\n){2,}", text.strip()) if block]
    paragraphs = "\n".join(f"<p>{'<br>'.join(escape(block).splitlines())}</p>" for block in blocks)
    buttons = "\n".join(
        shape.format(url=escape(url), label=escape(label or url)) for shape, label, url in links
    )
    return _PAGE.format(paragraphs=paragraphs, links=buttons, language=escape(language))
