"""Mails that say what became of a mail of ours: reports as RFC 3464 has them, and those of other kinds.

A report counts for the message whose Message-ID it holds: nobody can guess that, so nobody can make one up
for an address whose mails they do not read.
"""

import re
from collections.abc import Iterator
from email.message import Message as Mail

from notifiers.base import Kind, Report
from notifiers.smtp_errors import is_dead_address

DELIVERED = 3
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\d|\.\d)")
_PLAIN_CODE = re.compile(r"(?<![\d.])([45])\d\d(?=[ -])")
_NOBODY = re.compile(
    r"(?:user|recipient|mailbox|address)(?: is)? (?:unknown|not found)|unknown (?:user|recipient|mailbox)"
    r"|no such (?:user|recipient|mailbox)|no mailbox here|(?:does not|doesn't|couldn't be) (?:exist|found)",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(
    r"permanent(?:ly)? (?:error|fail)|permanent fatal error|couldn't be delivered|could not be delivered"
    r"|wasn't able to deliver|delivery (?:has )?failed|unzustellbar|konnte nicht zugestellt"
    r"|no se (?:ha podido|pudo|puede) entregar",
    re.IGNORECASE,
)
_OURS = "delivery-status"
"""Of the reports that there are: others say that a mail was opened, or called spam."""
_READ = 65_536
"""Characters of a report without form that are looked through."""
_DAEMONS = re.compile(r"(?:mailer-?daemon|postmaster|mail-?daemon|microsoftexchange[0-9a-f]*)", re.IGNORECASE)


def is_report(mail: Mail, sender: str) -> bool:
    """Say whether a mail comes from a mail server that tells of another mail, rather than from a person."""
    form = mail.get_content_type() == "multipart/report"
    return form or bool(_DAEMONS.fullmatch(sender.partition("@")[0])) or "X-Failed-Recipients" in mail


def read(mail: Mail, raw: str, domain: str) -> Report | None:
    """Return what a server's mail says of one of ours, None if it is not about one or nothing has changed."""
    provider_id = our_id(raw, domain)
    if provider_id is None or mail.get_param("report-type", _OURS) != _OURS:
        return None
    said = list(_said(mail))
    if not said:
        return _without_form(raw, provider_id)
    for action, status in said:
        if action == "failed" and not status.startswith(("2.", "4.")):
            return _bounced(provider_id, status)
    if any(action == "delivered" for action, _ in said):
        return Report(provider_id, "delivered", DELIVERED)
    return None  # Delayed, passed on: it may still arrive.


def our_id(raw: str, domain: str) -> str | None:
    """Return the Message-ID of a mail of ours that stands in a mail; the parts of a report hold it."""
    found = re.search(rf"<({_UUID})@{re.escape(domain)}>", raw, re.IGNORECASE)
    return f"<{found[1].lower()}@{domain}>" if found else None


def _said(mail: Mail) -> Iterator[tuple[str, str]]:
    """Yield action and status for each recipient that a report in the form of RFC 3464 names."""
    for part in mail.walk():
        blocks = part.get_payload()
        if part.get_content_type() != "message/delivery-status" or not isinstance(blocks, list):
            continue
        for block in blocks:
            if isinstance(block, Mail) and block.get("Action"):
                status = _STATUS.search(str(block.get("Status", "")))
                said = status[1] if status else _in_words(str(block.get("Diagnostic-Code", "")))
                yield str(block["Action"]).split()[0].strip(" ;,").lower(), _finer(block, said)


def _finer(block: Mail, status: str) -> str:
    """Return the status that the other server gave, where the report's own is the one that says nothing."""
    if not status.endswith(".0.0"):
        return status
    return _in_words(str(block.get("Diagnostic-Code", ""))) or status


def _in_words(words: str) -> str:
    """Return the first status in a server's words that says that it is final, blank if there is none."""
    return next((code for code in _STATUS.findall(words) if code.startswith("5.")), "")


def _without_form(raw: str, provider_id: str) -> Report | None:
    # The numbers in the header of this mail, and of the one that it brings back, are no codes.
    words = raw[:_READ].partition("\n\n")[2].partition("\nReceived:")[0]
    if status := _in_words(words):
        return _bounced(provider_id, status)
    final = any(code == "5" for code in _PLAIN_CODE.findall(words)) or _GIVEN_UP.search(words)
    if not final and not _NOBODY.search(words):
        return None
    return _bounced(provider_id, "5.1.1" if _NOBODY.search(words) else "")


def _bounced(provider_id: str, status: str) -> Report:
    kind = Kind.CONTACT if is_dead_address(status) else Kind.CONTENT
    return Report(provider_id, "bounced", DELIVERED, kind, status or None)
