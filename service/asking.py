"""The opt-in question: the only message that goes to somebody who has not said yes, and seldom repeated."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from service import addresses, composing, consent, due, outbox
from service.errors import AttuneError, WrongUsage
from service.models import Address, Nudge, Person
from service.outbox import NewNudge
from service.site import Site
from service.states import Cause, NudgeKind, NudgeState

ASK_FOR = timedelta(days=3)
"""The question is dropped if it could not be sent in this time."""
NOT_AGAIN_FOR = timedelta(days=7)
WAITING = (NudgeState.PLANNED, NudgeState.SENDING)


def ask(session: Session, site: Site, person: Person, address: Address, now: datetime) -> datetime:
    """Plan the question to one address of a locked person; return when it may go out."""
    not_before = due.out_of_quiet(person, now)
    words = composing.consent_question(site.settings, person.language, address.kind, person.daily_cap)
    newest = session.scalar(select(func.max(Nudge.turn)).where(*_questions(address)))
    question = NewNudge(
        person_id=person.id,
        kind=NudgeKind.CONSENT,
        cause_kind=Cause.ENROLMENT,
        cause_id=address.id,
        turn=0 if newest is None else newest + 1,
        due_at=now,
        not_before=not_before,
        expires_at=not_before + ASK_FOR,
        words=words,
        reason="asked first",
        address_id=address.id,
    )
    consent.asked(session, address, person.language, words, "admin", now)
    outbox.add(session, site.sealer, [question])
    return not_before


def ask_again(site: Site, person_id: UUID, now: datetime) -> datetime:
    """Plan the question once more to somebody who never said yes; return when it may go out.

    Raises WrongUsage if they said yes or asked for no more messages, if the question is still on its way or
    was planned less than 7 days ago, and if no address or channel is left to ask by.
    """
    with site.db.write() as session:
        person = outbox.lock_people(session, [person_id]).get(person_id)
        if person is None:
            raise AttuneError("There is no such person any more.")
        address = _address_to_ask(session, person)
        if site.notifier_for(address.kind) is None:
            raise WrongUsage(
                f"No channel for {address.kind} is set up, so the question could not be sent; add one to "
                "attune.toml first (`attune notifier list` shows which there are)."
            )
        _check_not_too_soon(session, address, now)
        return ask(session, site, person, address, now)


def _address_to_ask(session: Session, person: Person) -> Address:
    """Return the preferred address of somebody who never said yes. Raises WrongUsage if there is none."""
    theirs = session.scalars(select(Address).where(Address.person_id == person.id)).all()
    # First of all: whoever said yes and stopped later looks here like one who did not stop.
    if any(consent.was_given(session, address.id) for address in theirs):
        raise WrongUsage("They have said yes already; there is nothing to ask.")
    if all(address.dead_at for address in theirs):
        raise WrongUsage("No address of theirs is in use any more; a message from them brings it back.")
    reachable = addresses.open_addresses(session, {person.id}).get(person.id)
    if person.stopped_at or not reachable:
        raise WrongUsage("They asked for no more messages; they alone can change that, by sending START.")
    return reachable[0]


def _check_not_too_soon(session: Session, address: Address, now: datetime) -> None:
    waiting = select(Nudge.id).where(*_questions(address), Nudge.state.in_(WAITING))
    if session.scalar(waiting.limit(1)):
        raise WrongUsage("The question is on its way already; `attune nudge list` shows how far it has come.")
    asked_at = consent.asked_at(session, address.lookup)
    if asked_at and now < asked_at + NOT_AGAIN_FOR:
        again_at = asked_at + NOT_AGAIN_FOR
        raise WrongUsage(
            f"They were asked less than 7 days ago; ask again after {again_at:%Y-%m-%d %H:%M} UTC."
        )


def _questions(address: Address) -> tuple[ColumnElement[bool], ...]:
    return (
        Nudge.person_id == address.person_id,
        Nudge.kind == NudgeKind.CONSENT,
        Nudge.cause_id == address.id,
    )
