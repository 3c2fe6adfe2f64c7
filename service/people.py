"""Couples and people: enrolled, asked first, paused, shown."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifiers.base import AddressChecker, SendError
from service import addresses, asking, consent, due, outbox, wishes
from service.errors import AttuneError, WrongUsage
from service.finding import by_end
from service.ids import as_id, ends_with, new_id
from service.models import Address, Couple, Person
from service.site import Site
from service.states import AddressKind
from service.wishes import Wishes

PAGE = 500


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What an admin says of a person; local times in `zone`, an IANA name such as Europe/Berlin."""

    name: str
    address_kind: AddressKind
    address: str
    zone: str
    couple_id: UUID | None = None
    language: str = "en"
    country: str = ""
    day_starts: time = time(3)
    week_starts: int = 0
    quiet_from: time = time(21)
    quiet_to: time = time(8)
    daily_cap: int = 3
    discreet: bool = False


def add_couple(site: Site) -> UUID:
    with site.db.write() as session:
        couple = Couple(id=new_id())
        session.add(couple)
        return couple.id


def add_person(site: Site, new: NewPerson, now: datetime) -> UUID:
    """Enrol a person and plan the one message they get before they say yes: the opt-in question.

    Raises WrongUsage for a bad address or zone, one that is enrolled already, and a couple of two.
    """
    address = addresses.normalised(new.address_kind, new.address, site.settings.region)
    check_usable(site, new.address_kind, address)
    wishes.check(
        Wishes(
            name=new.name,
            zone=new.zone,
            language=new.language,
            country=new.country,
            week_starts=new.week_starts,
            daily_cap=new.daily_cap,
        )
    )
    with site.db.write() as session:
        if new.couple_id is not None:
            check_room(session, new.couple_id)
        person = Person(
            id=new_id(),
            couple_id=new.couple_id,
            name_sealed=site.sealer.seal(new.name.strip()),
            zone=new.zone,
            day_starts=new.day_starts,
            week_starts=new.week_starts,
            language=new.language,
            country=new.country or addresses.country_of(address),
            quiet_from=new.quiet_from,
            quiet_to=new.quiet_to,
            daily_cap=new.daily_cap,
            discreet=new.discreet,
        )
        session.add(person)
        session.flush()
        enrolled = addresses.enrol(session, site.sealer, person.id, new.address_kind, address)
        asking.ask(session, site, person, enrolled, now)
        return person.id


def add_address(site: Site, person_id: UUID, kind: AddressKind, typed: str, now: datetime) -> None:
    """Add another address of a person, used after those they have, and plan the opt-in question to it.

    Nothing goes out to somebody who asked for no more messages. Raises WrongUsage for a bad address, or one
    that is enrolled already.
    """
    address = addresses.normalised(kind, typed, site.settings.region)
    check_usable(site, kind, address)
    with site.db.write() as session:
        person = outbox.lock_people(session, [person_id]).get(person_id)
        if person is None:
            raise AttuneError("There is no such person any more.")
        enrolled = addresses.enrol(session, site.sealer, person.id, kind, address)
        asking.ask(session, site, person, enrolled, now)


def check_usable(site: Site, kind: AddressKind, address: str) -> None:
    """Raise WrongUsage for an address that its channel can never use, or whose owner could not say yes."""
    notifier: object = site.notifier_for(kind)
    if isinstance(notifier, AddressChecker):
        try:
            notifier.check_address(address)
        except SendError as error:
            raise WrongUsage(error.reason) from None
    if kind is AddressKind.APPRISE and site.settings.public_url is None:
        raise WrongUsage(
            "Apprise brings no answers, so they could not say yes: set public_url, and they answer on a page."
        )


def check_room(session: Session, couple_id: UUID) -> None:
    """Lock a couple. Raises WrongUsage if there is none, or if it is complete."""
    if session.get(Couple, couple_id, with_for_update=True) is None:
        raise WrongUsage("There is no such couple; `attune couple list` shows them all.")
    if len(session.scalars(select(Person.id).where(Person.couple_id == couple_id)).all()) >= 2:
        raise WrongUsage("A couple is two people, and this one is complete.")


def find_person(session: Session, site: Site, wanted: str) -> Person:
    """Return the person with this id, end of an id, or name. Raises WrongUsage if it is not just one."""
    if (id_ := as_id(wanted)) and (person := session.get(Person, id_)):
        return person
    # Names are sealed: nobody is found by one without a look at all, of whom only a page is in memory.
    everybody = session.scalars(select(Person).order_by(Person.id).execution_options(yield_per=PAGE))
    found = [person for person in everybody if _is(site, person, wanted)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise WrongUsage("There is no such person; `attune person list` shows them all.")
    raise WrongUsage("Several people are meant by that; give the id that `attune person list` shows.")


def _is(site: Site, person: Person, wanted: str) -> bool:
    if ends_with(person.id, wanted):
        return True
    return site.sealer.unseal(person.name_sealed).casefold() == wanted.strip().casefold()


def pause(site: Site, person_id: UUID, days: int | None, now: datetime) -> tuple[date, date | None]:
    """Pause a person's nudges for so many days from today on, or until resumed; return first and last day."""
    if days is not None and not 1 <= days <= 366:
        raise WrongUsage("A pause lasts 1 to 366 days, or until `resume` if no days are given.")
    with site.db.write() as session:
        person = _locked(session, person_id)
        first = due.today(person, now)
        last = first + timedelta(days=days - 1) if days else None
        due.pause(session, person, first, last)
        return first, last


def resume(site: Site, person_id: UUID, now: datetime) -> None:
    """End a person's pause and rest; nothing that was missed is made up for."""
    with site.db.write() as session:
        person = _locked(session, person_id)
        due.resume(session, person, due.today(person, now))


def _locked(session: Session, person_id: UUID) -> Person:
    found = outbox.lock_people(session, [person_id])
    if person_id not in found:
        raise AttuneError("There is no such person any more.")
    return found[person_id]


@dataclass(frozen=True, slots=True)
class Shown:
    """A person as the admin sees one: health of delivery, not what they answered."""

    id: UUID
    couple_id: UUID | None
    name: str
    zone: str
    language: str
    addresses: tuple[tuple[str, str, str], ...]
    """Kind, the address with its middle hidden, and whether it said yes."""


def show(session: Session, site: Site, person: Person) -> Shown:
    rows = session.scalars(
        select(Address).where(Address.person_id == person.id).order_by(Address.priority, Address.id)
    )
    return Shown(
        id=person.id,
        couple_id=person.couple_id,
        name=site.sealer.unseal(person.name_sealed),
        zone=person.zone,
        language=person.language,
        addresses=tuple(
            (row.kind.value, masked(site.sealer.unseal(row.value_sealed)), _standing(session, row))
            for row in rows
        ),
    )


def _standing(session: Session, address: Address) -> str:
    """Say how far an enrolment has come; whoever stops after a yes looks like one who did not."""
    if address.dead_at:
        return "not in use"
    return "said yes" if consent.was_given(session, address.id) else "not said yes"


def masked(address: str) -> str:
    """Return an address with its middle hidden, enough to tell two apart; of a service's URL, the service."""
    schema, mark, _ = address.partition("://")
    if mark:
        return f"{schema}://…"
    local, at, domain = address.partition("@")
    if at:
        return f"{local[:1]}…@{domain}"
    return f"{address[:3]}…{address[-2:]}"


def list_people(
    session: Session, site: Site, couple_id: UUID | None = None, after: UUID | None = None, limit: int = 100
) -> list[Shown]:
    """Return people by id, at most `limit`, starting behind the id `after`."""
    wanted = select(Person).order_by(Person.id).limit(limit)
    if couple_id is not None:
        wanted = wanted.where(Person.couple_id == couple_id)
    if after is not None:
        wanted = wanted.where(Person.id > after)
    return [show(session, site, person) for person in session.scalars(wanted)]


def list_ids(session: Session, after: UUID | None = None, limit: int = 100) -> list[UUID]:
    """Return ids of people, at most `limit`, starting behind the id `after`."""
    wanted = select(Person.id).order_by(Person.id).limit(limit)
    return list(session.scalars(wanted.where(Person.id > after) if after else wanted))


def list_couples(session: Session, after: UUID | None = None, limit: int = 100) -> list[UUID]:
    """Return ids of couples, at most `limit`, starting behind the id `after`."""
    wanted = select(Couple.id).order_by(Couple.id).limit(limit)
    return list(session.scalars(wanted.where(Couple.id > after) if after else wanted))


def find_couple(session: Session, wanted: str) -> Couple:
    """Return the couple with this id or end of an id. Raises WrongUsage if it is not just one."""
    if (id_ := as_id(wanted)) and (couple := session.get(Couple, id_)):
        return couple
    found = by_end(session, Couple.id, wanted)
    if len(found) > 1:
        raise WrongUsage("Several couples are meant by that; give more of the id that `couple list` shows.")
    if not found:
        raise WrongUsage("There is no such couple; `attune couple list` shows them all.")
    return session.get_one(Couple, found[0])
