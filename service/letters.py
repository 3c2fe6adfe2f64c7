"""What a message has as an e-mail beside its words: a subject, what it answers, where its answer goes."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from service import composing, links
from service.models import Nudge, Person, Reply
from service.site import Site
from service.states import AddressKind, NudgeKind


@dataclass(frozen=True, slots=True)
class Letter:
    """The parts of a Message that only an e-mail has."""

    subject: str
    answers: str = ""
    reply_token: str = field(default="", repr=False)


def of(
    session: Session,
    site: Site,
    nudge: Nudge,
    person: Person,
    kind: AddressKind,
    channel: str,
    attempt_id: UUID,
) -> Letter:
    """Return the e-mail's parts of a message; what answers a mail goes into the thread of that mail."""
    subject = _subject(site, nudge, person)
    if kind is not AddressKind.EMAIL:
        return Letter(subject)
    token = links.reply_token(site, attempt_id)
    reply = session.get(Reply, nudge.cause_id) if nudge.kind is NudgeKind.ANSWER else None
    if reply is None or reply.channel != channel:
        return Letter(subject, "", token)
    answered = session.get(Nudge, reply.nudge_id) if reply.nudge_id else None
    if answered:
        # Their mail had this subject, and mail programs go by it; what they wrote there is kept nowhere.
        subject = f"Re: {_subject(site, answered, person)}"
    return Letter(subject, reply.provider_id, token)


def _subject(site: Site, nudge: Nudge, person: Person) -> str:
    turn = nudge.due_at.toordinal()
    return composing.subject(person.language, nudge.kind, site.settings.brand, person.discreet, turn)
