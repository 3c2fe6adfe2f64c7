"""Who may look at a person's log: somebody with a code sent to that person, and each look is noted."""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import composing, due, outbox
from service.errors import NeedsPerson, WrongUsage
from service.ids import new_id
from service.models import AccessLog, Nudge, Person
from service.outbox import NewNudge
from service.site import Site
from service.states import Cause, NudgeKind

GOOD_FOR = timedelta(hours=24)
NOT_AGAIN_FOR = timedelta(minutes=10)


def look(site: Site, person_id: UUID, what: str, code: str | None, now: datetime) -> None:
    """Note a look at a person's data, or refuse it.

    Without a code one is sent to the person, at most every ten minutes, and NeedsPerson says so; a wrong one
    raises WrongUsage, and so does one that could have been read a day ago.
    Where the opt-in said that the operator sees progress, no code is asked.
    """
    with site.db.write() as session:
        person = outbox.lock_people(session, [person_id])[person_id]
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
