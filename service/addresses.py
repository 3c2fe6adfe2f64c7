"""Addresses: brought to one form, sealed, and found again by a keyed hash."""

import re
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import phonenumbers
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.errors import WrongUsage
from service.models import Address, Suppression
from service.sealing import Sealer
from service.states import AddressKind

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
SERVICE = re.compile(r"[a-z][a-z0-9]{1,30}://\S{1,2000}")
MAILBOX = re.compile(rf"(?=[^@]{{1,64}}@){ATOM}(?:\.{ATOM})*@(?:{LABEL}\.)+(?=[A-Za-z].){LABEL}")
OPEN = (
    select(Address)
    .outerjoin(Suppression, (Suppression.kind == Address.kind) & (Suppression.lookup == Address.lookup))
    .where(
        Address.person_id.in_(bindparam("ids", expanding=True)),
        Address.dead_at.is_(None),
        Suppression.lookup.is_(None),
    )
    .order_by(Address.priority, Address.id)
)
WHATSAPP = "whatsapp:"
STOPPED = "That address asked for no more messages; its owner alone can change that, by sending START."
STOPPED_MAILBOX = (
    "That mailbox asked for no more messages, and no mail proves who takes that back; use another address."
)
TAKEN = "Somebody is enrolled with that address already; two people cannot share one."


def normalised(kind: AddressKind, value: str, region: str = "US") -> str:
    """Return the one form of an address: E.164, a mailbox with its domain in lower case, a service's URL.

    `region` is the country of numbers typed without `+`. Raises WrongUsage, naming no number.
    """
    if kind is AddressKind.APPRISE:
        schema, mark, rest = value.strip().partition("://")
        url = f"{schema.lower()}{mark}{rest}"
        if not SERVICE.fullmatch(url):
            raise WrongUsage("That is no address of Apprise's; give one like ntfys://ntfy.sh/a-secret-topic.")
        return url
    if kind is AddressKind.EMAIL:
        mailbox = value.strip()
        if len(mailbox) > 254 or not MAILBOX.fullmatch(mailbox):
            raise WrongUsage("That is no e-mail address; give one like alex@example.org.")
        local, _, domain = mailbox.rpartition("@")
        return f"{local}@{domain.lower()}"
    number = _parsed(value.strip().removeprefix(WHATSAPP), region)
    if number is None:
        raise WrongUsage("That is no phone number; give it with its country code, such as +1 202 555 0123.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def kind_of(value: str) -> AddressKind:
    """Return the kind of an address as it is typed: a URL, a mailbox, a number, `whatsapp:` and a number."""
    if "://" in value:
        return AddressKind.APPRISE
    if "@" in value:
        return AddressKind.EMAIL
    return AddressKind.WHATSAPP if value.strip().startswith(WHATSAPP) else AddressKind.SMS


def _parsed(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    if any(character.isalpha() for character in text):
        return None  # The library would dial 6 for the O of a slip, and so write to a stranger.
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    # Not `is_possible_number`: it takes a number that can be dialled only within its own town.
    whole = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    return number if whole and not number.extension else None


def country_of(value: str) -> str:
    """Return the country of an E.164 number as two letters, or a blank where there is none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(value)) or ""
    except phonenumbers.NumberParseException:
        return ""


def lookup(sealer: Sealer, kind: AddressKind, value: str) -> bytes:
    """Return the hash of a normalised address; mailboxes are told apart without regard to case."""
    return sealer.lookup(kind, value if kind is AddressKind.APPRISE else value.lower())


def find(session: Session, hashed: bytes) -> Address | None:
    """Return the living address with this hash."""
    return session.scalar(select(Address).where(Address.lookup == hashed, Address.dead_at.is_(None)))


def last_known(session: Session, hashed: bytes, person_id: UUID | None = None) -> Address | None:
    """Return the living address with this hash, else the one that died last; of this person, if given."""
    wanted = select(Address).where(Address.lookup == hashed)
    if person_id:
        wanted = wanted.where(Address.person_id == person_id)
    newest = (Address.dead_at.is_(None).desc(), Address.dead_at.desc(), Address.id.desc())
    return session.scalar(wanted.order_by(*newest).limit(1))


def enrol(session: Session, sealer: Sealer, person_id: UUID, kind: AddressKind, value: str) -> Address:
    """Add a normalised address to a person, unverified. Raises WrongUsage if it cannot be enrolled."""
    hashed = lookup(sealer, kind, value)
    if find(session, hashed):
        raise WrongUsage(TAKEN)
    if session.get(Suppression, (kind, hashed)):
        raise WrongUsage(STOPPED_MAILBOX if kind is AddressKind.EMAIL else STOPPED)
    priority = len(session.scalars(select(Address.id).where(Address.person_id == person_id)).all())
    address = Address(
        person_id=person_id,
        kind=kind,
        lookup=hashed,
        value_sealed=sealer.seal(value),
        priority=priority,
    )
    session.add(address)
    try:
        session.flush()
    except IntegrityError:  # Another process enrolled it since we looked.
        raise WrongUsage(TAKEN) from None
    return address


def open_addresses(session: Session, person_ids: set[UUID]) -> dict[UUID, list[Address]]:
    """Return the living addresses of each person, the preferred first, without the suppressed."""
    found: dict[UUID, list[Address]] = {}
    for row in session.scalars(OPEN, {"ids": list(person_ids)}):
        found.setdefault(row.person_id, []).append(row)
    return found


def living(session: Session, ids: Collection[UUID]) -> dict[UUID, Address]:
    """Return those of these addresses that are not dead, suppressed ones too."""
    found = session.scalars(select(Address).where(Address.id.in_(ids), Address.dead_at.is_(None)))
    return {row.id: row for row in found}


def mark_dead(session: Session, address_id: UUID, now: datetime) -> None:
    """Stop using an address that its provider calls invalid or gone."""
    address = session.get(Address, address_id)
    if address and address.dead_at is None:
        address.dead_at = now


def revive(session: Session, address: Address) -> bool:
    """Use an address again that was called gone; False if somebody else has been enrolled with it since.

    Whether it may be written to is another question: what the ledger said of it still holds.
    """
    try:
        with session.begin_nested():
            address.dead_at = None
    except IntegrityError:
        return False
    return True
