"""What goes back to a person at once: our answer, or the end of all messages, in its cause's transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from service import composing, consent, due, lapsing, outbox, waiting
from service.acting import Answer
from service.models import Address, Person
from service.outbox import NewNudge
from service.site import Site
from service.states import AddressKind, Cause, NudgeKind, NudgeState

ANSWER_FOR = timedelta(hours=2)
PAGE = "page"
"""The channel of what is typed on a person's own page, where the answer is shown at once."""


@dataclass(frozen=True, slots=True)
class Came:
    """Which message is being answered, and where it came from."""

    reply_id: UUID
    channel: str
    kind: AddressKind
    lookup: bytes
    received_at: datetime


def opt_out(
    session: Session, site: Site, came: Came, address: Address | None, confirmed: bool, now: datetime
) -> None:
    """End all messages to a person in this transaction: nothing is claimed after it commits.

    `confirmed`: they are told so, once; not if the provider does, or if help lines go out instead.
    """
    if address is None:
        consent.suppress(session, came.kind, came.lookup, "opted out", came.received_at)
        return
    person = outbox.lock_people(session, [address.person_id])[address.person_id]
    first = person.stopped_at is None
    consent.withdrawn(session, person, address, "reply", now, came.reply_id)
    lapsing.lapse_planned(session, person.id, "stopped")
    person.due_at = None
    if first and confirmed:
        words = composing.text(person.language, "stopped", brand=site.settings.brand)
        answer(session, site, came, address, words, Answer(cause=Cause.OPT_OUT), now)


def answer(
    session: Session, site: Site, came: Came, address: Address, words: str, more: Answer, now: datetime
) -> None:
    """Plan the words that answer a message; on a page they are shown already.

    What answers a message that came hours ago wakes nobody up, unless it is urgent.
    """
    person = session.get_one(Person, address.person_id)
    at = now if more.cause in waiting.URGENT else due.soon_after(person, came.received_at, now)
    planned = NewNudge(
        id=more.id,
        person_id=address.person_id,
        kind=NudgeKind.ANSWER,
        cause_kind=more.cause,
        cause_id=came.reply_id,
        due_at=at,
        not_before=at,
        expires_at=at + ANSWER_FOR,
        words=words,
        reason=more.reason,
        state=NudgeState.DELIVERED if came.channel == PAGE else NudgeState.PLANNED,
        items=tuple(more.items),
        address_id=address.id,
    )
    outbox.add(session, site.sealer, [planned])
