"""Who takes part: people, their addresses, and what they agreed to."""

from datetime import date, time
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, event
from sqlalchemy.orm import Mapped, mapped_column

from service.columns import Id, Instant, Lookup, Sealed, Word
from service.models.base import Row, partial, to
from service.states import AddressKind, ConsentEvent


class Couple(Row):
    __tablename__ = "couple"
    id: Mapped[Id]


class Person(Row):
    __tablename__ = "person"
    id: Mapped[Id]
    couple_id: Mapped[UUID | None] = mapped_column(to("couple.id", cascade=False), index=True)
    name_sealed: Mapped[Sealed]
    zone: Mapped[Word]
    day_starts: Mapped[time] = mapped_column(default=time(3))
    week_starts: Mapped[int] = mapped_column(default=0)
    language: Mapped[Word] = mapped_column(default="en")
    country: Mapped[Word] = mapped_column(default="")
    quiet_from: Mapped[time] = mapped_column(default=time(21))
    quiet_to: Mapped[time] = mapped_column(default=time(8))
    daily_cap: Mapped[int] = mapped_column(default=3)
    discreet: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[Instant | None]
    rested_until: Mapped[Instant | None]
    stopped_at: Mapped[Instant | None]
    last_sign_of_life_at: Mapped[Instant | None]
    away_on: Mapped[date | None]
    """Since when messages are held back from somebody paused, resting or silent."""
    __table_args__ = (
        partial("ix_person_due_at", "due_at", where="due_at IS NOT NULL"),
        partial("ix_person_rested_until", "rested_until", where="rested_until IS NOT NULL"),
        CheckConstraint("week_starts BETWEEN 0 AND 6", name="week_starts"),
        CheckConstraint("daily_cap BETWEEN 0 AND 24", name="daily_cap"),
    )


class Address(Row):
    __tablename__ = "address"
    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(to("person.id"), index=True)
    kind: Mapped[AddressKind]
    lookup: Mapped[Lookup]
    value_sealed: Mapped[Sealed]
    verified_at: Mapped[Instant | None]
    dead_at: Mapped[Instant | None]
    priority: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        partial("uq_address_kind_lookup", "kind", "lookup", unique=True, where="dead_at IS NULL"),
    )


class Consent(Row):
    """The ledger: append-only, and kept when the address is forgotten."""

    __tablename__ = "consent"
    id: Mapped[Id]
    address_id: Mapped[UUID | None] = mapped_column(to("address.id", cascade=False), index=True)
    lookup: Mapped[Lookup]
    event: Mapped[ConsentEvent]
    wording_version: Mapped[Word]
    source: Mapped[Word]
    at: Mapped[Instant]
    reply_id: Mapped[UUID | None]
    """The message that said so. No foreign key: rows of the ledger outlive it; `forget` empties it."""
    __table_args__ = (Index("ix_consent_lookup_at", "lookup", "at"),)


@event.listens_for(Consent, "before_update")
@event.listens_for(Consent, "before_delete")
def _append_only(_mapper: object, _connection: object, _row: Consent) -> None:
    raise RuntimeError("A row of the consent ledger is never changed or deleted; add another one.")


class Wording(Row):
    """The very text that a version in the ledger stands for, with brand and contact; no person is in it."""

    __tablename__ = "wording"
    version: Mapped[Word] = mapped_column(primary_key=True)
    language: Mapped[Word]
    words: Mapped[str] = mapped_column(String(2000))
    since: Mapped[Instant]


class Suppression(Row):
    """An address that wants nothing more; there is no person in it, so it survives `forget`."""

    __tablename__ = "suppression"
    kind: Mapped[AddressKind] = mapped_column(primary_key=True)
    lookup: Mapped[Lookup] = mapped_column(primary_key=True)
    reason: Mapped[Word]
    at: Mapped[Instant]


class AccessLog(Row):
    """What the person may read: who looked at their data."""

    __tablename__ = "access_log"
    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(to("person.id"), index=True)
    actor: Mapped[Word]
    what: Mapped[Word]
    at: Mapped[Instant]
