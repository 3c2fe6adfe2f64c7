"""What waits: nudges for their hand-over or an answer, attempts for their end, the clock for what comes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session, aliased

from habits.entries import Mark
from habits.nudging import Reason
from service import lapsing, outbox
from service.columns import UTCDateTime
from service.models import Address, Attempt, EntryRow, Nudge, NudgeItem, Person, Suppression
from service.states import AddressKind, Cause, NudgeKind, NudgeState

ANSWERABLE = timedelta(hours=48)
"""A nudge waits for an answer this long."""
OF_HABITS = (NudgeKind.NUDGE, NudgeKind.RESCUE)
ASKING = (*OF_HABITS, NudgeKind.PULSE)
LIKE_SCORES = 3
"""As many habits in one message as a check-in has items."""
_now = bindparam("now", type_=UTCDateTime)
_limit = bindparam("limit", type_=Integer)
# Built once: to build a statement takes longer than to run it.
NEXT_NUDGE = select(func.min(Nudge.not_before)).where(
    Nudge.state == NudgeState.PLANNED, Nudge.not_before > _now
)
NEXT_PERSON = select(func.min(Person.due_at)).where(Person.due_at > _now)
# In so many words: only then is PostgreSQL sure for good that the partial index holds all of them.
FIRST_PLANNED = select(func.min(Nudge.not_before)).where(text("nudge.state = 'planned'"))
FIRST_ONES = select(select(func.min(Person.due_at)).scalar_subquery(), FIRST_PLANNED.scalar_subquery())
RIPE = (
    select(Nudge.id, Nudge.person_id, Nudge.kind, Nudge.address_id, Nudge.not_before)
    .where(Nudge.state == NudgeState.PLANNED, Nudge.not_before <= _now)
    .order_by(Nudge.not_before, Nudge.id)
)
URGENT = (Cause.OPT_OUT, Cause.HELP, Cause.DELETE)
"""What a stopped person still gets: it goes before all else, and no limit of a day holds it."""
# In so many words: only then are both stores sure that the partial index holds all of them.
URGENT_ONES = RIPE.where(text("nudge.cause_kind IN ('opt-out', 'help', 'delete')"))
ASKED_FOR = (NudgeKind.ANSWER, NudgeKind.CONSENT, NudgeKind.NOTICE)
"""Messages that a person or the enrolment asked for: a pause or a rest does not hold them."""
LOOK_AT_MOST = 1000
"""So many that wait for a sender short of tokens are passed over in search of others."""
Found = Select[UUID, Person]


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of address that a channel carries, and those of them whose sender may be given something."""

    carried: frozenset[AddressKind]
    open: frozenset[AddressKind]


def _waiting(ripe: Select[UUID, UUID, NudgeKind, UUID | None, datetime]) -> Found:
    """Return the statement that finds the oldest of these, and locks their people."""
    return (
        ripe.join(Person, Person.id == Nudge.person_id)
        .with_only_columns(Nudge.id, Person)
        .limit(_limit)
        .with_for_update(of=Person, skip_locked=True)
    )


def _waiting_by_kind(ripe: Select[UUID, UUID, NudgeKind, UUID | None, datetime]) -> Found:
    """Return the same for those that would go to an address of an open kind."""
    near = ripe.limit(LOOK_AT_MOST).subquery()
    # The coalesce keeps SQLite from the index on the kind, which half of all addresses share.
    of_a_kind_carried = func.coalesce(Address.kind, "").in_(bindparam("carried", expanding=True))
    preferred = (
        select(Address.kind)
        .where(
            Address.person_id == near.c.person_id,
            Address.dead_at.is_(None),
            Address.verified_at.is_not(None),
            of_a_kind_carried,
            ~exists().where(Suppression.kind == Address.kind, Suppression.lookup == Address.lookup),
        )
        .order_by(Address.priority, Address.id)
        .limit(1)
    ).scalar_subquery()
    own = select(Address.kind).where(Address.id == near.c.address_id).scalar_subquery()
    goes_back = and_(near.c.kind.in_(ASKED_FOR), near.c.address_id.is_not(None))
    return (
        select(near.c.id, Person)
        .join(Person, Person.id == near.c.person_id)
        .where(case((goes_back, own), else_=preferred).in_(bindparam("open", expanding=True)))
        .order_by(near.c.not_before, near.c.id)
        .limit(_limit)
        .with_for_update(of=Person, skip_locked=True)
    )


WAITING, WAITING_BY_KIND = _waiting(RIPE), _waiting_by_kind(RIPE)
URGENT_WAITING, URGENT_BY_KIND = _waiting(URGENT_ONES), _waiting_by_kind(URGENT_ONES)
PLANNED_OF = (
    select(Nudge)
    .where(
        Nudge.id.in_(bindparam("ids", expanding=True)),
        Nudge.person_id.in_(bindparam("people", expanding=True)),
        Nudge.state == NudgeState.PLANNED,
    )
    .order_by(Nudge.not_before, Nudge.id)
    .with_for_update(skip_locked=True)
)


def waiting_for_hand_over(
    session: Session,
    now: datetime,
    limit: int,
    kinds: Kinds | None = None,
    urgent_first: bool = False,
) -> dict[Nudge, Person]:
    """Return, locked, the oldest planned nudges that may go now, each with its person.

    `kinds`: those that would go to an address of an open kind only. Those of people whom another transaction
    holds are passed over: others do not wait for them.
    """
    values: dict[str, object] = {"now": now, "limit": limit}
    if kinds:
        values |= {"carried": list(kinds.carried), "open": list(kinds.open)}
    statements = (URGENT_BY_KIND, WAITING_BY_KIND) if kinds else (URGENT_WAITING, WAITING)
    found: dict[UUID, Person] = {}
    for statement in statements if urgent_first else statements[1:]:
        rows = session.execute(statement, values).all()
        found |= dict(rows[: limit - len(found)])
    if not found:
        return {}
    people = {person.id: person for person in found.values()}
    nudges = session.scalars(PLANNED_OF, {"ids": list(found), "people": list(people)})
    return {nudge: people[nudge.person_id] for nudge in nudges}


def unneeded(session: Session, nudge_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return those of these nudges whose habits have all been done or skipped, or have ended, and why."""
    rows = session.execute(SAID_OF_ITEMS, {"nudge_ids": list(nudge_ids)}).all()
    reasons: dict[UUID, set[str | None]] = {}
    for nudge_id, done, skipped, living in rows:
        over = Reason.DONE if done else Reason.SKIPPED if skipped else None if living else lapsing.ENDED
        reasons.setdefault(nudge_id, set()).add(over)
    return {
        nudge_id: next(why for why in (Reason.DONE, Reason.SKIPPED, lapsing.ENDED) if why in said)
        for nudge_id, said in reasons.items()
        if None not in said
    }


def _said(mark: Mark) -> ColumnElement[bool]:
    """Return the condition that this was said of an item's habit and day, and stands."""
    undoing = aliased(EntryRow)
    return outbox.found(
        EntryRow.person_id == NudgeItem.person_id,
        EntryRow.habit_id == NudgeItem.habit_id,
        EntryRow.day == NudgeItem.day,
        EntryRow.kind == mark,
        ~exists().where(undoing.undoes_id == EntryRow.id),
    )


SAID_OF_ITEMS = select(NudgeItem.nudge_id, _said(Mark.DONE), _said(Mark.SKIPPED), outbox.living()).where(
    NudgeItem.nudge_id.in_(bindparam("nudge_ids", expanding=True))
)


def abandoned(session: Session, before_at: datetime, limit: int) -> list[Attempt]:
    """Return, their people locked, the attempts that were claimed before `before_at` and never ended."""
    wanted = (
        select(Attempt)
        .join(Nudge, and_(Nudge.id == Attempt.nudge_id, Nudge.state == NudgeState.SENDING))
        .where(Attempt.outcome.is_(None), Attempt.claimed_at < before_at)
        .order_by(Attempt.claimed_at)
        .limit(limit)
    )
    person_ids = session.scalars(wanted.with_only_columns(Nudge.person_id)).all()
    people = outbox.lock_people(session, person_ids, wait=False)
    return list(session.scalars(wanted.where(Nudge.person_id.in_(people))))


def next_instant(session: Session, now: datetime) -> datetime | None:
    """Return when the next planned nudge may go or the next person is due, if later than now."""
    nudge, person = session.scalar(NEXT_NUDGE, {"now": now}), session.scalar(NEXT_PERSON, {"now": now})
    return min((at for at in (nudge, person) if at is not None), default=None)


def first_instants(session: Session) -> tuple[datetime | None, datetime | None]:
    """Return since when, or from when on, the first person is due and the first planned nudge may go.

    Asked each second by every worker: two entries of two indexes are read, however many people there are.
    """
    person, nudge = session.execute(FIRST_ONES).one()
    return person, nudge


def digests_wait(session: Session, person_ids: Collection[UUID], now: datetime) -> set[UUID]:
    """Return those of these people for whom a digest of three habits or more waits for an answer.

    Its numbers could be scores.
    """
    wait = select(Nudge.person_id).join(NudgeItem, NudgeItem.nudge_id == Nudge.id)
    several = wait.where(*_open_for_answer(person_ids, now - ANSWERABLE, now)).group_by(Nudge.id)
    return set(session.scalars(several.having(func.count() >= LIKE_SCORES)))


def sent_lately(session: Session, person_id: UUID, since_at: datetime, until_at: datetime) -> list[Nudge]:
    """Return all that went out to a person from `since_at` to `until_at`, the newest first."""
    gone = (NudgeState.SENDING, NudgeState.UNKNOWN, NudgeState.SENT, NudgeState.DELIVERED)
    return list(
        session.scalars(
            select(Nudge)
            .where(
                Nudge.person_id == person_id,
                Nudge.state.in_(gone),
                Nudge.not_before.between(since_at, until_at),
            )
            .order_by(Nudge.not_before.desc(), Nudge.id.desc())
        )
    )


def open_for_answer(session: Session, person_id: UUID, since_at: datetime, until_at: datetime) -> list[Nudge]:
    """Return a person's nudges from `since_at` to `until_at` that wait for an answer, the newest first.

    One still `sending` or `unknown` counts: the person may answer before we learn that it arrived.
    """
    return list(
        session.scalars(
            select(Nudge)
            .where(*_open_for_answer([person_id], since_at, until_at))
            .order_by(Nudge.not_before.desc(), Nudge.id.desc())
        )
    )


def _open_for_answer(
    person_ids: Collection[UUID], since_at: datetime, until_at: datetime
) -> list[ColumnElement[bool]]:
    on_the_way = (NudgeState.SENDING, NudgeState.UNKNOWN)
    arrived = (NudgeState.SENT, NudgeState.DELIVERED)
    return [
        Nudge.person_id.in_(person_ids),
        Nudge.answered_at.is_(None),
        Nudge.not_before <= until_at,
        or_(
            and_(Nudge.state.in_(arrived), Nudge.sent_at >= since_at),
            and_(Nudge.state.in_(on_the_way), Nudge.not_before >= since_at),
        ),
        Nudge.kind.in_(ASKING),
    ]
