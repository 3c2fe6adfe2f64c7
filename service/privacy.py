"""A person's own: who may look at what they logged, and how they end it, in part or for good.

Looking takes a code sent to that person, and each look is noted. Leaving and being forgotten take nobody's
word but theirs, and nobody is told.
"""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import composing, due, outbox, parting, traces
from service.errors import AttuneError, NeedsPerson, WrongUsage
from service.ids import new_id
from service.models import AccessLog, Member, Nudge, Person
from service.outbox import NewNudge
from service.site import Site
from service.states import Cause, NudgeKind

GOOD_FOR = timedelta(hours=24)
NOT_AGAIN_FOR = timedelta(minutes=10)
INSIST_SECONDS = 10.0
"""So long it is tried to leave nothing in SQLite's log while others read."""


def look(site: Site, person_id: UUID, what: str, code: str | None, now: datetime) -> None:
    """Note a look at a person's data, or refuse it.

    Without a code one is sent to the person, at most every ten minutes, and NeedsPerson says so; a wrong one
    raises WrongUsage, and so does one that could have been read a day ago.
    Where the opt-in said that the operator sees progress, no code is asked.
    """
    with site.db.write() as session:
        person = _locked(session, person_id)
        if site.settings.operator_sees == "health":
            sent = _codes(session, person.id, now)
            if code is None:
                if not any(nudge.due_at > now - NOT_AGAIN_FOR for nudge in sent):
                    _send_code(session, site, person, now)
            elif not any(_is_code(site, nudge.id, code) for nudge in sent):
                raise WrongUsage(
                    "That code is not right, or older than a day; leave it out to send a new one."
                )
        if code is not None or site.settings.operator_sees == "progress":
            session.add(AccessLog(person_id=person.id, actor="operator", what=what, at=now))
            return
    raise NeedsPerson(
        "A code goes to this person, after their quiet hours; ask them for it, and run this again with "
        "`--code`. It is good for a day."
    )


def _codes(session: Session, person_id: UUID, now: datetime) -> list[Nudge]:
    return list(
        session.scalars(
            select(Nudge).where(
                Nudge.person_id == person_id,
                Nudge.cause_kind == Cause.CODE,
                Nudge.not_before > now - GOOD_FOR,
            )
        )
    )


def _is_code(site: Site, nudge_id: UUID, typed: str) -> bool:
    # As bytes: letters beyond ASCII are refused otherwise.
    return hmac.compare_digest(_code(site, nudge_id).encode(), typed.strip().encode(errors="replace"))


def _code(site: Site, nudge_id: UUID) -> str:
    """Return the six digits that belong to the message that carries them; they are kept nowhere else."""
    return site.sealer.code(nudge_id.hex)


def _send_code(session: Session, site: Site, person: Person, now: datetime) -> None:
    nudge_id = new_id()
    not_before = due.out_of_quiet(person, now)
    brand = site.settings.brand
    words = composing.text(person.language, "access_code", code=_code(site, nudge_id), brand=brand)
    notice = NewNudge(
        id=nudge_id,
        person_id=person.id,
        kind=NudgeKind.NOTICE,
        cause_kind=Cause.CODE,
        cause_id=nudge_id,
        due_at=now,
        not_before=not_before,
        expires_at=not_before + timedelta(hours=12),
        words=words,
        reason="a code",
    )
    outbox.add(session, site.sealer, [notice])


def leave(site: Site, person_id: UUID, habit_id: UUID | None, now: datetime) -> int:
    """End a person's part in a habit, or in all of theirs; return how many they were still in.

    Raises WrongUsage if the habit never was theirs. To leave once more changes nothing.
    """
    with site.db.write() as session:
        person = _locked(session, person_id)
        theirs = set(session.scalars(select(Member.habit_id).where(Member.person_id == person.id)))
        if habit_id is not None and habit_id not in theirs:
            raise WrongUsage("That habit is not theirs; `attune habit list --person` shows which are.")
        return parting.leave(session, person, theirs if habit_id is None else [habit_id], now)


def forget(site: Site, person_id: UUID, seconds: float = INSIST_SECONDS) -> bool:
    """Delete a person and all that is theirs, for good; only that an address wants no messages is kept.

    Returns False if SQLite's log still holds traces because somebody reads, for so many seconds; the daemon's
    tidying empties it later. What is on its way to them just now is not recorded any more. Copies in older
    backups stay there.
    """
    with site.db.write() as session:
        parting.forget(session, site, _locked(session, person_id), site.now())
    return traces.wipe(site, seconds)


def _locked(session: Session, person_id: UUID) -> Person:
    found = outbox.lock_people(session, [person_id])
    if person_id not in found:
        raise AttuneError("There is no such person any more.")
    return found[person_id]
