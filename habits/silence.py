"""When nobody answers, and when somebody comes back: rules 6 and 9 of the policy.

Days are the person's own, so that a nudge that was sent a few seconds late does not shift what follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from habits.hours import Rules
from habits.needs import Kind
from habits.reasons import Reason

PATIENCE = 3
"""Unanswered messages in a row after which the pauses begin."""
WAITS = (6, 15)
"""Days to wait after the third unanswered message, and after the fourth."""
AWAY = 3
"""Days after which whoever comes back is welcomed."""


@dataclass(frozen=True, slots=True)
class Silence:
    """What went out without an answer since the last sign of life, summaries aside, and what was held back.

    `unanswered` are instants. `asked`: "still useful?" is among them. `away_on`: the first day on which
    something was held back since a message last went out.
    """

    unanswered: Sequence[datetime] = ()
    asked: bool = False
    away_on: date | None = None


def waits(silence: Silence, kind: Kind, at: datetime, rules: Rules) -> Reason | None:
    """Return why a message that could go at `at` is held back for want of answers, or None."""
    count = len(silence.unanswered)
    if count < PATIENCE:
        return None
    if silence.asked:
        return Reason.RESTING
    wait = WAITS[min(count - PATIENCE, len(WAITS) - 1)]
    over = (rules.day(at) - rules.day(max(silence.unanswered))).days >= wait
    # A summary asks for no answer: it would neither end the silence nor tell anything of it.
    return None if over and kind is not Kind.SUMMARY else Reason.SILENT


def in_place_of(silence: Silence, kind: Kind, at: datetime, rules: Rules) -> Kind:
    """Return what goes in place of a message that is not held back: itself, the question, or a welcome."""
    if len(silence.unanswered) > PATIENCE:
        return Kind.QUESTION
    if len(silence.unanswered) == PATIENCE or kind is Kind.SUMMARY or silence.away_on is None:
        return kind
    return Kind.WELCOME if (rules.day(at) - silence.away_on).days >= AWAY else kind
