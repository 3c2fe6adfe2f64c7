"""A person's document taken over: the same person with the same past, sealed with this installation's key.

All of it or nothing, in one transaction. What they agreed to elsewhere is kept as history and counts for
nothing here: they are asked, and say yes once more. Messages, replies and receipts stay in the document.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service import accepting, addresses, asking, consent, due, exporting, people, portable
from service.accepting import Rows
from service.errors import WrongUsage
from service.ids import new_id
from service.models import AccessLog, Address, Consent, Couple, Habit, Person
from service.portable import Section, Values
from service.site import Site
from service.states import ConsentEvent

OF_BOTH = (portable.GOALS, portable.DAYS_TOGETHER)
"""What belongs to a habit and not to one who keeps it."""
HERE_ALREADY = "That person is here already; nothing was taken over."
IN_PART = "What that file holds is in part here already; nothing was taken over."
NOT_THEIRS = (
    "A habit of that file is somebody else's here, so nothing was taken over; if it is the partner's, give "
    "their couple with --couple."
)
NO_CHANNEL = (
    "No channel here reaches an address of that person, so the opt-in question could not be sent and nothing "
    "was taken over; add one to attune.toml first."
)


@dataclass(frozen=True, slots=True)
class Imported:
    """Who was taken over, the couple that they are in, and whether the opt-in question goes out to them."""

    person_id: UUID
    couple_id: UUID | None
    asked: bool


def take_over(site: Site, document: str, couple_id: UUID | None, now: datetime) -> Imported:
    """Add the person of a document, in a couple that is here if one is given, and ask them.

    Whoever shared a habit and joins no couple is in one of their own, which a partner may join. Raises
    WrongUsage for what is no document, one that is damaged, and somebody who is here already.
    """
    rows = accepting.read(site, document, now)
    try:
        with site.db.write() as session:
            return _add(session, site, rows, couple_id, now)
    except IntegrityError:
        raise WrongUsage(IN_PART) from None


def _add(session: Session, site: Site, rows: Rows, couple_id: UUID | None, now: datetime) -> Imported:
    (given,) = rows[portable.PERSON]
    person_id: UUID = given["id"]
    if session.get(Person, person_id):
        raise WrongUsage(HERE_ALREADY)
    if couple_id is not None:
        people.check_room(session, couple_id)
    elif any(habit["shared"] for habit in rows[portable.HABITS]):
        couple = Couple(id=new_id())
        session.add(couple)
        session.flush()
        couple_id = couple.id
    joined = _habits_of_partner(session, rows, couple_id)
    for section in accepting.TAKEN_OVER:
        if section is portable.CONSENT:
            continue  # It needs the hashes of the addresses.
        wanted = [
            portable.kept(section, row, site.sealer) | _own(site, section, row, person_id, couple_id)
            for row in rows[section]
            if not (section is portable.HABITS and row["id"] in joined)
            and not (section in OF_BOTH and row["habit_id"] in joined)
        ]
        if section is portable.ADDRESSES:
            _refuse_taken(session, wanted)
            for row in rows[section]:
                if row["dead_at"] is None:
                    people.check_usable(site, row["kind"], row["value_sealed"])
        if wanted:
            session.execute(insert(section.row), wanted)
    _keep_ledger(session, rows, now)
    session.add(AccessLog(person_id=person_id, actor="operator", what="import", at=now))
    person = session.get_one(Person, person_id)
    asked = _ask(session, site, person, rows, now)
    due.refresh(session, person, now)
    return Imported(person_id, couple_id, asked)


def _own(site: Site, section: Section, row: Values, person_id: UUID, couple_id: UUID | None) -> Values:
    """Return what a row has here besides what stands in the document, or instead of it."""
    match section:
        case portable.PERSON:
            return {"couple_id": couple_id, "due_at": None}
        case portable.ADDRESSES:
            hashed = addresses.lookup(site.sealer, row["kind"], row["value_sealed"])
            return {"person_id": person_id, "lookup": hashed, "verified_at": None}
        case portable.HABITS:
            own = not row["shared"]
            return {"person_id": person_id if own else None, "couple_id": None if own else couple_id}
        case portable.REMINDERS:
            return {"person_id": person_id, "next_at": None}
        case portable.PULSES:
            return {"person_id": person_id, "nudge_id": None}
        case portable.MEMBERS:
            return {"person_id": person_id, "together_at": None}  # To be said once more, as the yes itself.
        case portable.ANSWERS:
            return {"shared_at": None}
    return {"person_id": person_id} if "person_id" in section.row.__table__.columns else {}


def _habits_of_partner(session: Session, rows: Rows, couple_id: UUID | None) -> set[UUID]:
    """Return those of the habits that the partner still has here. Raises WrongUsage for anybody else's."""
    given = {row["id"]: row for row in rows[portable.HABITS]}
    here = session.scalars(select(Habit).where(Habit.id.in_(given))).all()
    for habit in here:
        row = given[habit.id]
        if not row["shared"] or habit.couple_id != couple_id or habit.practice != row["practice"]:
            raise WrongUsage(NOT_THEIRS)
    return {habit.id for habit in here}


def _refuse_taken(session: Session, wanted: list[Values]) -> None:
    for row in wanted:
        if row["dead_at"] is None and addresses.find(session, row["lookup"]):
            raise WrongUsage(addresses.TAKEN)


def _keep_ledger(session: Session, rows: Rows, now: datetime) -> None:
    """Keep what was agreed to elsewhere as history of the addresses, and suppress those that said stop."""
    here = {row["id"]: row for row in rows[portable.ADDRESSES]}
    hashed = {address.id: address for address in session.scalars(select(Address).where(Address.id.in_(here)))}
    newest: dict[UUID, ConsentEvent] = {}
    for row in sorted(rows[portable.CONSENT], key=lambda row: (row["at"], row["id"])):
        newest[row["address_id"]] = row["event"]
        # Without the address: it did not say so here.
        session.execute(
            insert(Consent),
            [
                row
                | {
                    "id": new_id(),
                    "address_id": None,
                    "reply_id": None,
                    "lookup": hashed[row["address_id"]].lookup,
                    "source": exporting.IMPORTED,
                }
            ],
        )
    for address_id, address in hashed.items():
        if here[address_id]["stopped"] or newest.get(address_id) is ConsentEvent.WITHDRAWN:
            consent.suppress(session, address.kind, address.lookup, exporting.IMPORTED, now)


def _ask(session: Session, site: Site, person: Person, rows: Rows, now: datetime) -> bool:
    """Put the opt-in question to the addresses that had said yes, unless the person has stopped."""
    living = [row["id"] for row in rows[portable.ADDRESSES] if row["dead_at"] is None]
    open_ = addresses.open_addresses(session, {person.id}).get(person.id, [])
    if len(open_) < len(living) and person.stopped_at is None:
        person.stopped_at = now  # START brings back whoever stopped.
    if person.stopped_at or not open_:
        return False
    reached = [address for address in open_ if site.notifier_for(address.kind)]
    if not reached:
        raise WrongUsage(NO_CHANNEL)
    said_yes = {row["id"] for row in rows[portable.ADDRESSES] if row["verified_at"]}
    for address in [one for one in reached if one.id in said_yes] or reached[:1]:
        asking.ask(session, site, person, address, now)
    return True
