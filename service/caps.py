"""Limits on a day's messages, segments and money: of the installation (a day in UTC), of a person (24 hours).

What is used stands in the rows, so that all processes share it: the senders' sums, and the attempts.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from service.columns import UTCDateTime
from service.models import Attempt, Nudge, SenderState
from service.settings import Settings
from service.states import Outcome

DAY = timedelta(days=1)
OLDEST_DUE = timedelta(days=7)
"""What is tried now was due this long ago at most: it lets the index on a person's nudges be used."""
_TINY = 1e-9
"""Ten times 0.1 is a little more than 1."""
# Built once: to build a statement takes longer than to run it.
OF_PEOPLE = (
    select(
        Nudge.person_id,
        func.count(),
        func.sum(func.coalesce(Attempt.segments, 0)),
        func.sum(Attempt.cost),
        func.min(Attempt.claimed_at, type_=UTCDateTime),
    )
    .join(Attempt, Attempt.nudge_id == Nudge.id)
    .where(
        Nudge.person_id.in_(bindparam("ids", expanding=True)),
        Nudge.due_at > bindparam("due_since", type_=UTCDateTime),
        Attempt.claimed_at > bindparam("since", type_=UTCDateTime),
        # What the provider refused in so many words has cost nothing.
        or_(
            Attempt.outcome.is_(None),
            Attempt.outcome.in_((Outcome.ACCEPTED, Outcome.UNKNOWN)),
            Attempt.provider_id.is_not(None),
        ),
    )
    .group_by(Nudge.person_id)
)


@dataclass(slots=True)
class Used:
    """What was sent, or is being sent, within a day; `first_at`: the earliest of it."""

    messages: int = 0
    segments: int = 0
    money: float = 0.0
    first_at: datetime | None = None

    def add(self, segments: int, money: float) -> None:
        """Count one more message."""
        self.messages += 1
        self.segments += segments
        self.money += money


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that may be used; 0: no limit."""

    messages: int
    segments: int
    money: float

    def have_room(self, used: Used, segments: int, money: float) -> bool:
        """Say whether one more message of this size may go."""
        return not (
            (self.messages and used.messages + 1 > self.messages)
            or (self.segments and used.segments + segments > self.segments)
            or (self.money and used.money + money > self.money + _TINY)
        )

    def parts(self, used: Used) -> dict[str, float]:
        """Return, by its name, how much of each limit that there is has been used: 1.0 is all of it."""
        pairs = {
            "messages": (used.messages, self.messages),
            "segments": (used.segments, self.segments),
            "money": (used.money, self.money),
        }
        return {name: taken / most for name, (taken, most) in pairs.items() if most}

    def __bool__(self) -> bool:
        return bool(self.messages or self.segments or self.money)


def of_installation(settings: Settings) -> Caps:
    return Caps(settings.daily_messages, settings.daily_segments, settings.daily_money)


def of_person(settings: Settings) -> Caps:
    return Caps(settings.person_daily_messages, settings.person_daily_segments, settings.person_daily_money)


def used_today(states: Iterable[SenderState], now: datetime) -> Used:
    """Return what all senders together have sent today, in UTC."""
    used = Used()
    for state in states:
        if state.today == now.date():
            used.messages += state.messages_today
            used.segments += state.segments_today
            used.money += state.spent_today
    return used


def used_by(session: Session, person_ids: Collection[UUID], now: datetime) -> dict[UUID, Used]:
    """Return what was sent to each of these people within 24 hours; one statement."""
    since = now - DAY
    values = {"ids": list(person_ids), "since": since, "due_since": since - OLDEST_DUE}
    rows = session.execute(OF_PEOPLE, values)
    return {person_id: Used(sent, parts, cost, first) for person_id, sent, parts, cost, first in rows}


def next_day(now: datetime) -> datetime:
    """Return when the installation's next day begins."""
    return datetime.combine(now.astimezone(UTC).date() + DAY, time(), UTC)


def has_held(states: Iterable[SenderState], now: datetime) -> bool:
    """Say whether a limit of the installation has held a message back today."""
    return any(state.capped_on == now.date() for state in states)
