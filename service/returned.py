"""Mails that people send back: which message of ours one answers, and what counts without proof.

Anybody can write any sender into a mail. So a mail counts for somebody only if it holds what only a reader of
their mails has: the signed token in the address that our mail asked to be answered to, or its Message-ID.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from habits import parts
from notifiers.base import Inbound
from service import addresses, links, outbox, outcomes
from service.acting import ARRIVED
from service.ids import as_id
from service.models import Address, Attempt, Nudge, Reply
from service.site import Site
from service.states import AddressKind, NudgeState

WITHOUT_PROOF = (parts.Stop, parts.Help, parts.Danger)
"""What counts from a mail that may be forged: nobody is to be kept from it, and it does little harm."""
OWN_DOORS = ("page", "simulate")
"""Channels through which no mail comes, whatever the kind of the address: a signed page, the command line."""


def nudge_of(
    session: Session, site: Site, channel: str, message: Inbound, person_id: UUID | None
) -> Nudge | None:
    """Return the message of ours that one of `person_id` answers; of anybody's, if the sender is unknown.

    What was sent to somebody else than the sender proves nothing: it may have been passed on.
    """
    for attempt_id in _attempts(site, message):
        attempt = session.get(Attempt, attempt_id)
        if attempt is None or attempt.channel != channel:
            continue
        nudge = session.get_one(Nudge, attempt.nudge_id)
        if person_id in (None, nudge.person_id):
            return nudge
    return None


def _attempts(site: Site, message: Inbound) -> Iterator[UUID]:
    for token in message.reply_tokens:
        if attempt_id := links.open_reply_token(site, token):
            yield attempt_id
    for provider_id in message.answers:
        if attempt_id := attempt_in(provider_id):
            yield attempt_id


def attempt_in(message_id: str) -> UUID | None:
    """Return the id of an attempt that stands in a Message-ID of ours; None in any other.

    It is known before the mail server answers, and so of a message whose fate is not.
    """
    return as_id(message_id.strip("<>").partition("@")[0]) if message_id.startswith("<") else None


def mailbox_of(session: Session, nudge: Nudge, kind: AddressKind) -> bytes | None:
    """Return the look-up of the address a message went to, if that is of this kind and still its person's."""
    went_to = session.get(Address, nudge.address_id) if nudge.address_id else None
    if went_to is None or went_to.kind is not kind:
        return None
    now_of = addresses.last_known(session, went_to.lookup)
    return went_to.lookup if now_of and now_of.person_id == nudge.person_id else None


def arrived(session: Session, reply: Reply, now: datetime) -> Nudge | None:
    """Return the message of ours that one proves to answer; one of unknown fate has evidently arrived."""
    if reply.nudge_id is None:
        return None
    outbox.move(session, reply.nudge_id, outcomes.OPEN, NudgeState.SENT, ARRIVED, sent_at=now)
    return session.get(Nudge, reply.nudge_id)


def proves_nothing(channel: str, kind: AddressKind | None, nudge_id: UUID | None) -> bool:
    """Say whether a message that answers `nudge_id` may be anybody's, whatever its sender."""
    return kind is AddressKind.EMAIL and nudge_id is None and channel not in OWN_DOORS


def first_today(session: Session, reply: Reply) -> bool:
    """Say whether this is the first mail without proof from its address on its day in UTC."""
    began_at = reply.received_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    earlier = select(Reply.id).where(
        Reply.lookup == reply.lookup,
        Reply.received_at.between(began_at, reply.received_at),
        Reply.nudge_id.is_(None),
        Reply.channel == reply.channel,
        Reply.id != reply.id,
    )
    return session.scalar(earlier.limit(1)) is None
