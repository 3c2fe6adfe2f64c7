"""Addresses: brought to one form, sealed, and found again by a keyed hash."""

import re
from datetime import datetime
from uuid import UUID

import phonenumbers
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import WrongUsage
from service.models import Address, Suppression
from service.sealing import Sealer
from service.states import AddressKind

MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")


def normalised(kind: AddressKind, value: str, region: str = "US") -> str:
    """Return the one form of an address: E.164, or a mailbox with its domain in lower case.

    `region` is the country of numbers typed without `+`. Raises WrongUsage, naming no number.
    """
    if kind is AddressKind.EMAIL:
        mailbox = value.strip()
        if not MAILBOX.fullmatch(mailbox) or len(mailbox) > 254:
            raise WrongUsage("That is no e-mail address; give one like alex@example.org.")
        local, _, domain = mailbox.rpartition("@")
        return f"{local}@{domain.lower()}"
    prefix, _, number = value.strip().rpartition(":")
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        parsed = None
    if prefix not in ("", "whatsapp") or parsed is None or not phonenumbers.is_possible_number(parsed):
        raise WrongUsage("That is no phone number; give it with its country code, such as +1 202 555 0123.")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def lookup(sealer: Sealer, kind: AddressKind, value: str) -> bytes:
    """Return the hash of a normalised address; mailboxes are told apart without regard to case."""
    return sealer.lookup(kind, value.lower())


def find(session: Session, hashed: bytes) -> Address | None:
    """Return the living address with this hash."""
    return session.scalar(select(Address).where(Address.lookup == hashed, Address.dead_at.is_(None)))


def enrol(session: Session, sealer: Sealer, person_id: UUID, kind: AddressKind, value: str) -> Address:
    """Add a normalised address to a person, unverified. Raises WrongUsage if it cannot be enrolled."""
    hashed = lookup(sealer, kind, value)
    if find(session, hashed):
        raise WrongUsage("Somebody is enrolled with that address already; two people cannot share one.")
    if session.get(Suppression, (kind, hashed)):
        raise WrongUsage(
            "That address asked for no more messages; its owner alone can change that, by sending START."
        )
    priority = len(session.scalars(select(Address.id).where(Address.person_id == person_id)).all())
    address = Address(
        person_id=person_id,
        kind=kind,
        lookup=hashed,
        value_sealed=sealer.seal(value),
        priority=priority,
    )
    session.add(address)
    session.flush()
    return address


def open_addresses(session: Session, person_ids: set[UUID]) -> dict[UUID, list[Address]]:
    """Return the living addresses of each person, the preferred first, without the suppressed."""
    rows = session.scalars(
        select(Address)
        .outerjoin(Suppression, (Suppression.kind == Address.kind) & (Suppression.lookup == Address.lookup))
        .where(Address.person_id.in_(person_ids), Address.dead_at.is_(None), Suppression.lookup.is_(None))
        .order_by(Address.priority, Address.id)
    )
    found: dict[UUID, list[Address]] = {}
    for row in rows:
        found.setdefault(row.person_id, []).append(row)
    return found


def mark_dead(session: Session, address_id: UUID, now: datetime) -> None:
    """Stop using an address that its provider calls invalid or gone."""
    address = session.get(Address, address_id)
    if address and address.dead_at is None:
        address.dead_at = now
