"""What goes out and comes back: nudges, attempts, receipts, replies."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Integer, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from service.columns import Echo, Id, Instant, Lookup, Sealed, Text, Word
from service.models.base import Row, partial, to
from service.states import AddressKind, Cause, NudgeKind, NudgeState, Outcome, ReplyState


class Nudge(Row):
    __tablename__ = "nudge"
    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(to("person.id"))
    kind: Mapped[NudgeKind]
    cause_kind: Mapped[Cause]
    cause_id: Mapped[UUID]
    turn: Mapped[int] = mapped_column(default=0)
    state: Mapped[NudgeState] = mapped_column(default=NudgeState.PLANNED)
    reason: Mapped[Text | None]
    due_at: Mapped[Instant]
    not_before: Mapped[Instant]
    expires_at: Mapped[Instant]
    address_id: Mapped[UUID | None] = mapped_column(to("address.id", cascade=False), index=True)
    words_sealed: Mapped[Sealed | None]
    sent_at: Mapped[Instant | None]
    answered_at: Mapped[Instant | None]
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "cause_kind", "cause_id", "turn", name="uq_nudge_cause"),
        partial(
            "ix_nudge_help_words", "not_before", where="cause_kind = 'help' AND words_sealed IS NOT NULL"
        ),
        partial("ix_nudge_planned", "not_before", "id", where="state = 'planned'"),
        partial(
            "ix_nudge_urgent",
            "cause_kind",
            "not_before",
            where="state = 'planned' AND cause_kind IN ('opt-out', 'help', 'delete')",
        ),
        partial("ix_nudge_failed", "due_at", where="state = 'failed'"),
        partial("ix_nudge_open", "state", "not_before", where="state IN ('sending', 'unknown')"),
        partial("ix_nudge_words", "due_at", where="words_sealed IS NOT NULL"),
        Index("ix_nudge_person_id_due_at", "person_id", "due_at"),
    )


class NudgeItem(Row):
    __tablename__ = "nudge_item"
    nudge_id: Mapped[UUID] = mapped_column(to("nudge.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    habit_id: Mapped[UUID] = mapped_column(to("habit.id"))
    person_id: Mapped[UUID] = mapped_column(to("person.id"))
    reminder_id: Mapped[UUID | None] = mapped_column(to("reminder.id", cascade=False), index=True)
    day: Mapped[date]
    turn: Mapped[int] = mapped_column(default=0)
    prompt_id: Mapped[Word | None]
    chance: Mapped[float | None]
    __table_args__ = (
        UniqueConstraint("habit_id", "person_id", "day", "reminder_id", "turn", name="uq_nudge_item_day"),
    )


class Attempt(Row):
    __tablename__ = "attempt"
    id: Mapped[Id]
    nudge_id: Mapped[UUID] = mapped_column(to("nudge.id"))
    n: Mapped[int]
    channel: Mapped[Word]
    sender: Mapped[Text]
    claimed_at: Mapped[Instant]
    outcome: Mapped[Outcome | None]
    code: Mapped[Word | None]
    provider_id: Mapped[Text | None]
    rank: Mapped[int] = mapped_column(default=0)
    segments: Mapped[int | None]
    """Counted before sending, corrected by the provider; a message that is no SMS counts as one."""
    cost: Mapped[float] = mapped_column(default=0.0, server_default=text("0"))
    """What it cost, or is going to cost, by the price in the channel's settings."""
    __table_args__ = (UniqueConstraint("nudge_id", "n"), UniqueConstraint("channel", "provider_id"))


class Receipt(Row):
    __tablename__ = "receipt"
    channel: Mapped[Word] = mapped_column(primary_key=True)
    provider_id: Mapped[Text] = mapped_column(primary_key=True)
    status: Mapped[Word] = mapped_column(primary_key=True)
    rank: Mapped[int]
    failure: Mapped[Word | None]
    code: Mapped[Word | None]
    at: Mapped[Instant]


class Reply(Row):
    __tablename__ = "reply"
    id: Mapped[Id]
    channel: Mapped[Word]
    provider_id: Mapped[Text]
    lookup: Mapped[Lookup]
    person_id: Mapped[UUID | None] = mapped_column(to("person.id"), index=True)
    nudge_id: Mapped[UUID | None] = mapped_column(to("nudge.id", cascade=False), index=True)
    state: Mapped[ReplyState] = mapped_column(default=ReplyState.RECEIVED)
    raw_sealed: Mapped[Sealed | None]
    tries: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[Instant]
    """When its provider had it, which may be long before it was fetched."""
    answered: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The provider has answered it already."""
    kind: Mapped[AddressKind | None]
    """Of the address that it came from."""
    echo: Mapped[Echo | None]
    """By which the same text is known again; emptied after half an hour."""
    stored_at: Mapped[Instant | None]
    __table_args__ = (
        UniqueConstraint("channel", "provider_id"),
        Index("ix_reply_lookup_received_at", "lookup", "received_at"),
        partial("ix_reply_echo", "received_at", where="echo IS NOT NULL"),
        partial("ix_reply_stuck", "received_at", where="state = 'stuck'"),
        partial("ix_reply_received", "received_at", where="state = 'received'"),
    )


class Event(Row):
    """A fact that somebody waits for: past tense, ids only, kept 90 days."""

    __tablename__ = "event"
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True
    )
    kind: Mapped[Word]
    person_id: Mapped[UUID | None] = mapped_column(to("person.id"), index=True)
    subject_id: Mapped[UUID]
    at: Mapped[Instant]


class SenderState(Row):
    """What all processes must agree on about one sender: stopped or not, its rate, its spending."""

    __tablename__ = "sender_state"
    sender: Mapped[Text] = mapped_column(primary_key=True)
    stopped_at: Mapped[Instant | None]
    code: Mapped[Word | None]
    tokens: Mapped[float] = mapped_column(default=0.0)
    refilled_at: Mapped[Instant | None]
    spent_today: Mapped[float] = mapped_column(default=0.0)
    today: Mapped[date | None]
    """The day in UTC that the sums of today are of."""
    messages_today: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    segments_today: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    told_at: Mapped[Instant | None]
    """When the admin was told that it is stopped; emptied when it works again."""
    capped_on: Mapped[date | None]
    """The last day in UTC on which a cap of the installation held one of its messages back."""
    reported: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Stopped by a report on what the provider had taken: that it takes another one shows nothing."""


class Meta(Row):
    __tablename__ = "meta"
    key: Mapped[Word] = mapped_column(primary_key=True)
    value: Mapped[Text]
