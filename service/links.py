"""Addresses of our own pages, signed: an id can be read from one, never a number or a word."""

import base64
import hashlib
import hmac
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from service.site import Site

REPLY = "reply"
UNSUBSCRIBE = "unsubscribe"
MAIL = "mail"
_MAC_BYTES = 9
"""72 bits: with the id's 16 bytes 40 letters and digits, and the local part of an address has 64 at most."""


def status(site: Site, channel: str, attempt_id: UUID) -> str | None:
    """Return where a provider may post what became of an attempt; None without a public URL."""
    base = site.settings.public_url
    return f"{base}/hooks/{channel}/status?attempt={attempt_id}" if base else None


def reply(site: Site, nudge_id: UUID) -> str | None:
    """Return the page on which a message can be answered; None without a public URL."""
    base = site.settings.public_url
    return f"{base}/r/{sign(site, REPLY, nudge_id)}" if base else None


def unsubscribe(site: Site, address_id: UUID) -> str | None:
    """Return the page that ends all messages to an address; None without a public URL."""
    base = site.settings.public_url
    return f"{base}/u/{sign(site, UNSUBSCRIBE, address_id)}" if base else None


def sign(site: Site, purpose: str, subject: UUID) -> str:
    return URLSafeSerializer(site.sealer.signing_key(purpose)).dumps(subject.hex)


def open_token(site: Site, purpose: str, token: str) -> UUID | None:
    """Return the id in a token of ours, or None if it is not ours."""
    try:
        return UUID(hex=str(URLSafeSerializer(site.sealer.signing_key(purpose)).loads(token)))
    except (BadSignature, ValueError):
        return None


def reply_token(site: Site, attempt_id: UUID) -> str:
    """Return what an answer by mail is addressed to: 40 letters and digits, whose case does not matter."""
    signed = attempt_id.bytes + _mac(site, attempt_id)
    return base64.b32encode(signed).decode("ascii").lower()


def open_reply_token(site: Site, token: str) -> UUID | None:
    """Return the attempt that a token of an answer by mail belongs to, or None if it is not ours."""
    try:
        signed = base64.b32decode(token.upper())
    except ValueError:
        return None
    if len(signed) != 16 + _MAC_BYTES:
        return None
    attempt_id = UUID(bytes=signed[:16])
    return attempt_id if hmac.compare_digest(signed[16:], _mac(site, attempt_id)) else None


def _mac(site: Site, attempt_id: UUID) -> bytes:
    key = site.sealer.signing_key(MAIL).encode()
    return hmac.digest(key, attempt_id.bytes, hashlib.sha256)[:_MAC_BYTES]
