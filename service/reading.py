"""What a message is read against: the habits it may name, and the nudges that wait for an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from habits import pulse as checkin
from habits import replies
from habits.days import instant
from service import consent, due, facts, scores, waiting
from service.facts import Share
from service.models import Address, Nudge, NudgeItem, Person, Pulse
from service.states import Cause, Joint, NudgeKind, NudgeState

NOON = time(12)
"""An answer counts for the nudge's day until noon of the next."""
QUESTION_OPEN = timedelta(days=7)
"""A question that is answered by yes or no waits for it this long."""


@dataclass(frozen=True, slots=True)
class Open:
    """A question that a yes or a no belongs to, and the message that asked it."""

    question: replies.Question
    nudge: Nudge


@dataclass(slots=True)
class Context:
    """What a message is read against."""

    shares: dict[int, Share]
    """The person's living habits by number."""
    open: list[Nudge]
    """Nudges that wait for an answer, newest first."""
    items: dict[UUID, list[NudgeItem]]
    pulse: Pulse | None
    question: Open | None
    today: date
    local: datetime
    turn: int
    """How many answers the person has had: turns the alternatives of a text."""


def read(
    session: Session, person: Person, address: Address, text: str, now: datetime
) -> tuple[tuple[replies.Part, ...], Context]:
    """Understand a text of this person against what waited for an answer at `now`, when it came."""
    context = _context(session, person, now)
    parts = replies.understand(
        text,
        replies.Context(
            now=context.local,
            habits=tuple(
                replies.Known(
                    number, share.practice, share.title(person.language), share.aliases(person.language)
                )
                for number, share in context.shares.items()
            ),
            waiting=_waiting(context),
            asking_consent=address.verified_at is None and consent.is_open(session, address.lookup),
            stopped=person.stopped_at is not None,
            pulse=_ranges(context.pulse),
            joint=tuple(n for n, share in context.shares.items() if share.joint is not Joint.NONE),
            question=context.question.question if context.question else None,
            language=person.language,
        ),
    )
    return parts, context


def _context(session: Session, person: Person, now: datetime) -> Context:
    opened = waiting.open_for_answer(session, person.id, now - waiting.ANSWERABLE, now)
    items: dict[UUID, list[NudgeItem]] = {}
    for item in session.scalars(
        select(NudgeItem).where(NudgeItem.nudge_id.in_([n.id for n in opened])).order_by(NudgeItem.position)
    ):
        items.setdefault(item.nudge_id, []).append(item)
    answers = select(func.count()).where(Nudge.person_id == person.id, Nudge.kind == NudgeKind.ANSWER)
    living = [share for share in facts.shares(session, {person.id}).values() if share.living]
    shares = {share.number: share for share in sorted(living, key=lambda share: share.number)}
    return Context(
        shares=shares,
        open=opened,
        items=items,
        pulse=scores.open_pulse(session, person.id, opened),
        question=None if person.stopped_at else _question(session, person, shares, now),
        today=due.today(person, now),
        local=now.astimezone(due.zone_of(person.zone)),
        turn=session.scalar(answers) or 0,
    )


def _question(session: Session, person: Person, shares: Mapping[int, Share], now: datetime) -> Open | None:
    """Return the question that is open, unless another message has gone out to the person since."""
    nudge = _newest(session, person.id, now - QUESTION_OPEN, now)
    if nudge is None or nudge.kind is not NudgeKind.QUESTION or nudge.answered_at:
        return None
    if nudge.cause_kind is not Cause.TOGETHER:
        return Open(replies.Question(replies.Asked.USEFUL), nudge)
    for number, share in shares.items():
        if share.habit_id == nudge.cause_id and share.joint is not Joint.NONE:
            return Open(replies.Question(replies.Asked.TOGETHER, number), nudge)
    return None


def _newest(session: Session, person_id: UUID, since_at: datetime, until_at: datetime) -> Nudge | None:
    """Return what last went out to a person from `since_at` to `until_at`; HELP changes no subject."""
    gone = (NudgeState.SENDING, NudgeState.UNKNOWN, NudgeState.SENT, NudgeState.DELIVERED)
    return session.scalar(
        select(Nudge)
        .where(
            Nudge.person_id == person_id,
            Nudge.state.in_(gone),
            Nudge.not_before.between(since_at, until_at),
            or_(
                Nudge.kind.in_(due.REMINDED),
                and_(Nudge.kind == NudgeKind.ANSWER, Nudge.cause_kind == Cause.REPLY),
            ),
        )
        .order_by(Nudge.not_before.desc(), Nudge.id.desc())
        .limit(1)
    )


def _waiting(context: Context) -> tuple[tuple[int, ...], ...]:
    """Return the habit numbers of each waiting nudge, newest first; a habit waits only in its newest."""
    numbers = {share.habit_id: number for number, share in context.shares.items()}
    seen: set[UUID] = set()
    waiting: list[tuple[int, ...]] = []
    for nudge in context.open:
        fresh = [i.habit_id for i in context.items.get(nudge.id, []) if i.habit_id not in seen]
        seen.update(fresh)
        known = tuple(numbers[habit_id] for habit_id in fresh if habit_id in numbers)
        if known:
            waiting.append(known)
    return tuple(waiting)


def _ranges(pulse: Pulse | None) -> tuple[tuple[int, int], ...]:
    return tuple((item.lowest, item.highest) for item in checkin.asked(pulse.week_on)) if pulse else ()


def day_of_answer(session: Session, person: Person, share: Share, context: Context, now: datetime) -> date:
    """Return the person's day that an answer about a habit counts for.

    It is the day of the habit's newest nudge until the next one is due or noon of the next day, unless that
    day is done already; otherwise the person's own day now.
    """
    newest = session.execute(
        select(NudgeItem.day, Nudge.state)
        .join(Nudge, Nudge.id == NudgeItem.nudge_id)
        .where(
            NudgeItem.person_id == person.id,
            NudgeItem.habit_id == share.habit_id,
            Nudge.due_at <= now,
            Nudge.due_at >= now - waiting.ANSWERABLE,
        )
        .order_by(Nudge.due_at.desc(), Nudge.id.desc())
        .limit(1)
    ).first()
    if newest is None or newest.state is NudgeState.LAPSED or share.done_on(newest.day):
        return context.today
    noon = instant(newest.day + timedelta(days=1), NOON, due.zone_of(person.zone))
    return newest.day if noon is None or now < noon else context.today
