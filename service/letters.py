"""What a message has as an e-mail beside its words: a subject, what it answers, where its answer goes."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from service import composing, links
from service.models import Nudge, Person, Reply
from service.site import Site
from service.states import AddressKind, NudgeKind

ANSWERED = (
    select(Reply.id, Reply.channel, Reply.provider_id, Nudge)
    .outerjoin(Nudge, Nudge.id == Reply.nudge_id)
    .where(Reply.id.in_(bindparam("ids", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Letter:
    """The parts of a Message that only an e-mail has."""

    subject: str
    answers: str = ""
    reply_token: str = field(default="", repr=False)


Answered = tuple[str, str, Nudge | None]
"""A mail that a message answers: its channel, the provider's id, and the nudge that it answered itself."""


def answered(session: Session, nudges: Collection[Nudge]) -> dict[UUID, Answered]:
    """Return, by the message that answers it, what a person had sent; one statement at the most."""
    causes = [nudge.cause_id for nudge in nudges if nudge.kind is NudgeKind.ANSWER]
    if not causes:
        return {}
    rows = session.execute(ANSWERED, {"ids": causes}).all()
    found = {reply_id: (channel, provider_id, nudge) for reply_id, channel, provider_id, nudge in rows}
    return {nudge.id: found[nudge.cause_id] for nudge in nudges if nudge.cause_id in found}


def of(
    site: Site,
    nudge: Nudge,
    person: Person,
    kind: AddressKind,
    channel: str,
    attempt_id: UUID,
    answered: Answered | None,
) -> Letter:
    """Return the e-mail's parts of a message; what answers a mail goes into the thread of that mail."""
    if kind in (AddressKind.SMS, AddressKind.WHATSAPP):
        return Letter("")
    subject = _subject(site, nudge, person)
    if kind is not AddressKind.EMAIL:
        return Letter(subject)
    token = links.reply_token(site, attempt_id)
    if answered is None or answered[0] != channel:
        return Letter(subject, "", token)
    _, provider_id, before = answered
    if before:
        # Their mail had this subject, and mail programs go by it; what they wrote there is kept nowhere.
        subject = f"Re: {_subject(site, before, person)}"
    return Letter(subject, provider_id, token)


def _subject(site: Site, nudge: Nudge, person: Person) -> str:
    turn = nudge.due_at.toordinal()
    return composing.subject(person.language, nudge.kind, site.settings.brand, person.discreet, turn)
