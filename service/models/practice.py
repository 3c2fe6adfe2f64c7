"""What people do: habits, goals, reminders, entries, and the weekly check-in."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from habits.entries import Mark
from service.columns import Id, Instant, Sealed, Text, Word
from service.models.base import Row, to
from service.states import Joint, PulseState, Purpose, RestKind


class Habit(Row):
    __tablename__ = "habit"
    id: Mapped[Id]
    couple_id: Mapped[UUID | None] = mapped_column(to("couple.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(to("person.id"), index=True)
    practice: Mapped[Word]
    joint: Mapped[Joint] = mapped_column(default=Joint.NONE)
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    taper: Mapped[bool] = mapped_column(default=False, server_default=false())
    __table_args__ = (CheckConstraint("(couple_id IS NULL) <> (person_id IS NULL)", name="one_owner"),)


class GoalRow(Row):
    __tablename__ = "goal"
    habit_id: Mapped[UUID] = mapped_column(to("habit.id"), primary_key=True)
    effective_on: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[Word]
    times: Mapped[int]
    days: Mapped[int]
    weekdays: Mapped[int]
    reserve: Mapped[int]


class Member(Row):
    """A person's share in a habit: its number is what they type, theirs for good."""

    __tablename__ = "member"
    habit_id: Mapped[UUID] = mapped_column(to("habit.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(to("person.id"), primary_key=True)
    number: Mapped[int]
    cue_sealed: Mapped[Sealed | None]
    together_at: Mapped[Instant | None]
    left_on: Mapped[date | None]
    drawn_from_on: Mapped[date | None]
    """The day of `drawn_from_id`, the first nudge with a prompt since all prompts had last been used."""
    drawn_from_id: Mapped[UUID | None]
    __table_args__ = (UniqueConstraint("person_id", "number"),)


class Reminder(Row):
    """When something is due for one person; without a habit it brings the pulse or the summary."""

    __tablename__ = "reminder"
    id: Mapped[Id]
    habit_id: Mapped[UUID | None] = mapped_column(to("habit.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(to("person.id"))
    purpose: Mapped[Purpose] = mapped_column(default=Purpose.NUDGE)
    schedule: Mapped[Text]
    seed: Mapped[int] = mapped_column(BigInteger)
    starts_on: Mapped[date]
    fired_on: Mapped[date | None]
    next_at: Mapped[Instant | None]
    thinned: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many of its nudges in a row were left out because the goal is kept."""
    __table_args__ = (
        Index("ix_reminder_person_id_next_at", "person_id", "next_at"),
        CheckConstraint("(habit_id IS NOT NULL) = (purpose IN ('nudge', 'rescue'))", name="habit_if_nudge"),
    )


class Pause(Row):
    __tablename__ = "pause"
    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(to("person.id"))
    habit_id: Mapped[UUID | None] = mapped_column(to("habit.id"), index=True)
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    __table_args__ = (Index("ix_pause_person_id_to_on", "person_id", "to_on"),)


class Rest(Row):
    """Days of a person on which a joint habit holds besides their pauses: of one habit, or of all."""

    __tablename__ = "rest"
    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(to("person.id"))
    habit_id: Mapped[UUID | None] = mapped_column(to("habit.id"), index=True)
    kind: Mapped[RestKind]
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    __table_args__ = (Index("ix_rest_person_id_to_on", "person_id", "to_on"),)


class EntryRow(Row):
    """A fact: this person, this habit, this day, done or skipped; undone only by a later fact."""

    __tablename__ = "entry"
    id: Mapped[Id]
    seq: Mapped[int]
    habit_id: Mapped[UUID] = mapped_column(to("habit.id"))
    person_id: Mapped[UUID] = mapped_column(to("person.id"))
    day: Mapped[date]
    kind: Mapped[Mark]
    undoes_id: Mapped[UUID | None] = mapped_column(to("entry.id"), index=True)
    source: Mapped[Word]
    source_id: Mapped[UUID]
    at: Mapped[Instant]
    __table_args__ = (
        UniqueConstraint(
            "source", "source_id", "habit_id", "person_id", "day", "kind", name="uq_entry_source"
        ),
        UniqueConstraint("person_id", "seq"),
        # With the kind, so that what was said of days is read from the index alone.
        Index("ix_entry_person_id_habit_id_day_kind", "person_id", "habit_id", "day", "kind"),
    )


class JointDay(Row):
    """Written only when a partner is forgotten, to keep what both had."""

    __tablename__ = "joint_day"
    habit_id: Mapped[UUID] = mapped_column(to("habit.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)


class Pulse(Row):
    __tablename__ = "pulse"
    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(to("person.id"))
    week_on: Mapped[date]
    nudge_id: Mapped[UUID | None] = mapped_column(to("nudge.id", cascade=False), index=True)
    state: Mapped[PulseState] = mapped_column(default=PulseState.ASKED)
    __table_args__ = (UniqueConstraint("person_id", "week_on"),)


class PulseAnswer(Row):
    __tablename__ = "pulse_answer"
    pulse_id: Mapped[UUID] = mapped_column(to("pulse.id"), primary_key=True)
    item_id: Mapped[Word] = mapped_column(primary_key=True)
    score_sealed: Mapped[Sealed]
    shared_at: Mapped[Instant | None]
