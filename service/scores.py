"""The only writer of check-ins: opened by planning, answered or skipped by a message; scores are sealed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from habits import pulse as checkin
from service.models import Nudge, Person, Pulse, PulseAnswer
from service.sealing import Sealer
from service.states import NudgeKind, PulseState

HALF_A_WEEK = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Trend:
    """One item's scores, each with the first day of its week, from oldest to newest."""

    item_id: str
    weeks: tuple[tuple[date, int], ...]

    @property
    def scores(self) -> tuple[int, ...]:
        return tuple(score for _, score in self.weeks)


@dataclass(frozen=True, slots=True)
class Both:
    """An item that two have both shared of the same week."""

    item_id: str
    mine: int
    theirs: int


def open_pulse(session: Session, person_id: UUID, waiting: Sequence[Nudge]) -> Pulse | None:
    """Return the check-in that one of the waiting nudges asked for and that has no answer yet."""
    asked = [nudge.id for nudge in waiting if nudge.kind is NudgeKind.PULSE]
    if not asked:
        return None
    return session.scalar(
        select(Pulse)
        .where(Pulse.person_id == person_id, Pulse.nudge_id.in_(asked), Pulse.state == PulseState.ASKED)
        .order_by(Pulse.week_on.desc())
        .limit(1)
    )


def last_answered(session: Session, person_id: UUID) -> Pulse | None:
    """Return the newest check-in that a person has answered."""
    return session.scalar(
        select(Pulse)
        .where(Pulse.person_id == person_id, Pulse.state == PulseState.ANSWERED)
        .order_by(Pulse.week_on.desc())
        .limit(1)
    )


def trends(session: Session, sealer: Sealer, person_id: UUID, until_on: date | None = None) -> list[Trend]:
    """Return a person's own scores, item by item in the order of the catalogue, each from oldest to newest.

    Items that were never answered are left out. There is no total: the items are no scale.
    """
    known = checkin.items()
    found: dict[str, list[tuple[date, int]]] = {item.id: [] for item in (*known.fixed, *known.rotating)}
    wanted = (
        select(Pulse.week_on, PulseAnswer)
        .join(PulseAnswer, PulseAnswer.pulse_id == Pulse.id)
        .where(Pulse.person_id == person_id)
        .order_by(Pulse.week_on)
    )
    for week_on, row in session.execute(wanted):
        if until_on is None or week_on <= until_on:
            found.setdefault(row.item_id, []).append((week_on, int(sealer.unseal(row.score_sealed))))
    return [Trend(item_id, tuple(weeks)) for item_id, weeks in found.items() if weeks]


def weeks(session: Session, person_id: UUID) -> dict[PulseState, int]:
    """Return how many of a person's check-ins were answered, skipped, or asked without an answer."""
    counted = select(Pulse.state, func.count()).where(Pulse.person_id == person_id).group_by(Pulse.state)
    return dict(session.execute(counted.order_by(Pulse.state)).all())


def share(session: Session, pulse: Pulse, item_ids: Collection[str], now: datetime) -> None:
    """Share these items of an answered check-in; what was shared before keeps its time."""
    session.execute(
        update(PulseAnswer)
        .where(
            PulseAnswer.pulse_id == pulse.id,
            PulseAnswer.item_id.in_(item_ids),
            PulseAnswer.shared_at.is_(None),
        )
        .values(shared_at=now)
    )


def unshare(session: Session, person_id: UUID) -> None:
    """Share nothing of a person's check-ins, or no longer."""
    theirs = select(Pulse.id).where(Pulse.person_id == person_id)
    session.execute(update(PulseAnswer).where(PulseAnswer.pulse_id.in_(theirs)).values(shared_at=None))


def shared_by_both(session: Session, sealer: Sealer, person: Person, pulse: Pulse) -> list[Both]:
    """Return the items of a check-in that the person and their partner have both shared.

    Two weeks are the same if they begin less than half a week apart: partners' weeks may begin on other days.
    """
    theirs = aliased(PulseAnswer)
    other, partner = aliased(Pulse), aliased(Person)
    rows = session.execute(
        select(PulseAnswer.item_id, PulseAnswer.score_sealed, theirs.score_sealed)
        .join(theirs, theirs.item_id == PulseAnswer.item_id)
        .join(other, other.id == theirs.pulse_id)
        .join(partner, partner.id == other.person_id)
        .where(
            PulseAnswer.pulse_id == pulse.id,
            PulseAnswer.shared_at.is_not(None),
            theirs.shared_at.is_not(None),
            partner.couple_id == person.couple_id,
            partner.id != person.id,
            other.week_on.between(pulse.week_on - HALF_A_WEEK, pulse.week_on + HALF_A_WEEK),
        )
    )
    return [
        Both(item_id, int(sealer.unseal(mine)), int(sealer.unseal(other))) for item_id, mine, other in rows
    ]


def answer(session: Session, sealer: Sealer, pulse: Pulse, values: Sequence[int]) -> None:
    """Keep one score for each item that was asked, sealed."""
    for item, value in zip(checkin.asked(pulse.week_on), values, strict=True):
        session.add(PulseAnswer(pulse_id=pulse.id, item_id=item.id, score_sealed=sealer.seal(str(value))))
    pulse.state = PulseState.ANSWERED


def skip(pulse: Pulse) -> None:
    pulse.state = PulseState.SKIPPED
