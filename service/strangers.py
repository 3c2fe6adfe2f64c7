"""Messages from somebody who is not enrolled: answered once a day, the same whoever they are.

Their address is kept nowhere. The answer is no nudge: it is handed over once, and lost if that fails.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from habits import parts, replies
from habits.context import Context
from habits.replies import Reading
from notifiers.base import Message, SendError
from service import addresses, composing, consent, loops
from service.ids import new_id
from service.models import Reply, Suppression
from service.site import Site
from service.states import AddressKind

log = structlog.get_logger()
LANGUAGE = "en"
SILENT = (parts.Automatic, parts.Ignored, parts.Stop, parts.Agree)
"""What gets no answer: machines, reactions, and opt-outs and opt-ins, which would tell who is enrolled."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a message came from, while it is being understood."""

    kind: AddressKind
    address: str = field(repr=False)
    message_id: str = ""
    """Of the message, for an answer that is to stand below it."""


def read(text: str, now: datetime) -> Reading:
    """Understand a stranger's text: no habits, nothing that waits."""
    return replies.read(text, Context(now=now, stopped=True))


def heed(session: Session, reply: Reply, reading: Reading, now: datetime) -> None:
    """Keep a stranger's wish to receive nothing, and take it back when they say START."""
    said = {type(part) for part in reading.parts}
    if parts.Agree in said:
        # Not one that came after this message.
        older = (Suppression.lookup == reply.lookup, Suppression.at <= reply.received_at)
        for suppression in session.scalars(select(Suppression).where(*older)):
            session.delete(suppression)
    if parts.Stop in said and reply.kind:
        consent.suppress(session, reply.kind, reply.lookup, "opted out", now)


def answer(session: Session, site: Site, reply: Reply, reading: Reading, sender: Sender | None) -> str | None:
    """Return what a stranger is answered, None for nothing. Words of danger always get help lines."""
    if (
        sender is None
        or not _is_whole(sender.address)
        or reply.answered
        or is_ours(site, sender.address)
        or loops.repeats(session, reply)
    ):
        return None
    if isinstance(reading.parts[0], parts.Danger):
        country = addresses.country_of(sender.address)
        return composing.with_helplines("danger_stranger", LANGUAGE, country)
    if (
        isinstance(reading.parts[0], SILENT)
        or _suppressed(session, reply)
        or not _first_today(session, reply)
    ):
        return None
    settings = site.settings
    contact = composing.contact(settings, LANGUAGE)
    return composing.text(LANGUAGE, "stranger", brand=settings.brand, contact=contact)


def _is_whole(address: str) -> bool:
    """Say whether an address can be written to: a short code or a name cannot."""
    return address.startswith("+") or "@" in address


def is_ours(site: Site, address: str) -> bool:
    """Say whether an address is one that we send from: nothing is ever answered to ourselves."""
    return any(address == one.sender.rpartition("/")[2] for one in site.notifiers.values())


def _suppressed(session: Session, reply: Reply) -> bool:
    found = select(Suppression.lookup).where(Suppression.lookup == reply.lookup)
    return session.scalar(found.limit(1)) is not None


def _first_today(session: Session, reply: Reply) -> bool:
    """Say whether this is the first message from that address on its day in UTC."""
    began_at = reply.received_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    earlier = select(Reply.id).where(
        Reply.lookup == reply.lookup,
        Reply.received_at.between(began_at, reply.received_at),
        # Of two in the same second the one that was stored first.
        or_(Reply.received_at < reply.received_at, Reply.id < reply.id),
    )
    return session.scalar(earlier.limit(1)) is None


def send(site: Site, sender: Sender, words: str) -> None:
    """Hand an answer over, once; what goes wrong is logged without the address."""
    notifier = site.notifier_for(sender.kind)
    if notifier is None:
        return
    message = Message(
        attempt_id=str(new_id()),
        to=sender.address,
        text=words,
        language=LANGUAGE,
        address_kind=sender.kind,
        answers=sender.message_id,
    )
    try:
        notifier.send(message)
    except SendError as error:
        log.warning("stranger not answered", channel=notifier.name, kind=error.kind.value, code=error.code)
    except Exception as error:  # A channel with a bug; its words could hold the address.
        log.error("channel broke", channel=notifier.name, error=type(error).__name__)
