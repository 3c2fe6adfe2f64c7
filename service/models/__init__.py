"""The rows of one installation, the same on SQLite and PostgreSQL.

Instants are UTC, days are local dates, `*_sealed` is encrypted by `service.sealing`. The unique keys are what
makes every repeat harmless.
"""

from service.models.base import Row
from service.models.messages import Attempt, Event, Meta, Nudge, NudgeItem, Receipt, Reply, SenderState
from service.models.people import AccessLog, Address, Consent, Couple, Person, Suppression, Wording
from service.models.practice import (
    EntryRow,
    GoalRow,
    Habit,
    JointDay,
    Member,
    Pause,
    Pulse,
    PulseAnswer,
    Reminder,
    Rest,
)

__all__ = [
    "AccessLog",
    "Address",
    "Attempt",
    "Consent",
    "Couple",
    "EntryRow",
    "Event",
    "GoalRow",
    "Habit",
    "JointDay",
    "Member",
    "Meta",
    "Nudge",
    "NudgeItem",
    "Pause",
    "Person",
    "Pulse",
    "PulseAnswer",
    "Receipt",
    "Reminder",
    "Reply",
    "Rest",
    "Row",
    "SenderState",
    "Suppression",
    "Wording",
]
