"""Addresses of our own pages, signed: an id can be read from one, never a number or a word."""

from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from service.site import Site

REPLY = "reply"
UNSUBSCRIBE = "unsubscribe"


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
