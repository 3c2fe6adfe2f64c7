"""What a message is read against: the habits it may name, and the messages that wait for an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from habits import context as against
from habits import pulse as checkin
from habits import reactions, replies
from habits.context import Asked, Known, Question, Sent
from habits.days import instant
from service import asked, consent, due, facts, scores, waiting
from service.facts import Share
from service.models import Address, Nudge, NudgeItem, Person, Pulse
from service.sealing import Sealer
from service.states import Joint, NudgeState

NOON = time(12)
"""An answer counts for the nudge's day until noon of the next."""


@dataclass(slots=True)
class Context:
    """What a message is read against."""

    shares: dict[int, Share]
    """The person's living habits by number."""
    dropped: dict[int, Share]
    """Those that they left and that go on, by number."""
    open: list[Nudge]
    """Nudges that wait for an answer, newest first."""
    items: dict[UUID, list[NudgeItem]]
    pulse: Pulse | None
    shareable: Pulse | None
    """The last answered check-in, if there is somebody to share it with."""
    question: asked.Open | None
    newest: Nudge | None
    """What last went out to the person, or is about to."""
    today: date
    local: datetime
    turn: int
    """How many answers the person has had: turns the alternatives of a text."""
    answered: Nudge | None = None
    """The message that this one evidently answers."""
    sent: list[Nudge] = field(default_factory=list)
    """What a reaction may be of, newest first: read only for a message that has the shape of one."""


def read(
    session: Session,
    sealer: Sealer,
    person: Person,
    address: Address,
    text: str,
    now: datetime,
    answered: Nudge | None = None,
) -> tuple[replies.Reading, Context]:
    """Understand a text of this person against what waited for an answer at `now`, when it came.

    `answered` is the message that it evidently answers, as a mail can show: it goes before the newest.
    """
    context = _context(session, person, now, answered)
    sent: tuple[Sent, ...] = ()
    if reactions.read(text):
        context.sent = waiting.sent_lately(session, person.id, now - waiting.ANSWERABLE, now)
        context.items |= _items(session, context.sent)
        sent = tuple(_sent(sealer, nudge, context) for nudge in context.sent)
    reading = replies.read(
        text,
        against.Context(
            now=context.local,
            today=context.today,
            habits=tuple(
                Known(number, share.practice, share.title(person.language), share.aliases(person.language))
                for number, share in context.shares.items()
            ),
            waiting=_waiting(context),
            asking_consent=address.verified_at is None and _is_asked(session, address, now),
            stopped=person.stopped_at is not None,
            pulse=_ranges(context.pulse),
            joint=tuple(n for n, share in context.shares.items() if share.joint is not Joint.NONE),
            question=context.question.question if context.question else None,
            dropped=tuple(context.dropped),
            shareable=len(checkin.asked(context.shareable.week_on)) if context.shareable else 0,
            sent=sent,
            language=person.language,
        ),
    )
    return reading, context


def _is_asked(session: Session, address: Address, at: datetime) -> bool:
    """Say whether the opt-in question was open when a message came; providers' times are whole seconds."""
    asked_at = consent.asked_at(session, address.lookup)
    if asked_at is None or at < asked_at.replace(microsecond=0):
        return False
    return consent.is_open(session, address.lookup)


def _context(session: Session, person: Person, now: datetime, answered: Nudge | None) -> Context:
    if answered and answered.not_before < now - asked.OPEN_FOR:
        answered = None
    opened = waiting.open_for_answer(session, person.id, now - waiting.ANSWERABLE, now)
    if answered and answered.kind in waiting.ASKING and answered.not_before >= now - waiting.ANSWERABLE:
        opened = [answered]
    all_shares = sorted(facts.shares(session, {person.id}).values(), key=lambda share: share.number)
    shares = {share.number: share for share in all_shares if share.living}
    return Context(
        shares=shares,
        dropped={share.number: share for share in all_shares if not share.living and not share.ended_on},
        open=opened,
        items=_items(session, opened),
        pulse=scores.open_pulse(session, person.id, opened),
        shareable=scores.last_answered(session, person.id) if person.couple_id else None,
        question=_question(answered or asked.newest(session, person.id, now), person, shares, now),
        newest=asked.newest_answer(session, person.id, now),
        today=due.today(person, now),
        local=now.astimezone(due.zone_of(person.zone)),
        turn=asked.answers(session, person.id),
        answered=answered,
    )


def _items(session: Session, nudges: Sequence[Nudge]) -> dict[UUID, list[NudgeItem]]:
    items: dict[UUID, list[NudgeItem]] = {}
    wanted = select(NudgeItem).where(NudgeItem.nudge_id.in_([nudge.id for nudge in nudges]))
    for item in session.scalars(wanted.order_by(NudgeItem.position)):
        items.setdefault(item.nudge_id, []).append(item)
    return items


def _sent(sealer: Sealer, nudge: Nudge, context: Context) -> Sent:
    numbers = {share.habit_id: number for number, share in context.shares.items()}
    of = tuple(numbers[item.habit_id] for item in context.items.get(nudge.id, []) if item.habit_id in numbers)
    return Sent(sealer.unseal(nudge.words_sealed) if nudge.words_sealed else "", of)


def _question(
    newest: Nudge | None, person: Person, shares: Mapping[int, Share], now: datetime
) -> asked.Open | None:
    """Return the question that a yes or a no belongs to: what last went out, if it asks one."""
    found = asked.question(newest, now)
    if newest is None or found is None or (person.stopped_at and found is not Asked.DELETE):
        return None
    if found is not Asked.TOGETHER:
        return asked.Open(Question(found), newest)
    for number, share in shares.items():
        if share.habit_id == newest.cause_id and share.joint is not Joint.NONE:
            return asked.Open(Question(Asked.TOGETHER, number), newest)
    return None


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
    day is done already; otherwise the person's own day now. Of a message that is evidently answered, it is
    that message's day until noon of the next.
    """
    if context.answered:
        for item in context.items.get(context.answered.id, []):
            if item.habit_id == share.habit_id:
                return _until_noon(person, item.day, context, now)
    rows = session.execute(
        select(NudgeItem.day, Nudge.state)
        .join(Nudge, Nudge.id == NudgeItem.nudge_id)
        .where(
            NudgeItem.person_id == person.id,
            NudgeItem.habit_id == share.habit_id,
            Nudge.kind.in_(waiting.OF_HABITS),
            Nudge.due_at <= now,
            Nudge.due_at >= now - waiting.ANSWERABLE,
        )
        .order_by(Nudge.due_at.desc(), Nudge.id.desc())
    ).all()
    gone = {row.day for row in rows if row.state is not NudgeState.LAPSED}
    # One that was let go, such as a rescue that was not needed, ends no day that a nudge went out for.
    newest = next((row for row in rows if row.state is not NudgeState.LAPSED or row.day not in gone), None)
    if newest is None or newest.state is NudgeState.LAPSED or share.done_on(newest.day):
        return context.today
    return _until_noon(person, newest.day, context, now)


def _until_noon(person: Person, day: date, context: Context, now: datetime) -> date:
    """Return a nudge's day until noon of the next, then the person's own day."""
    noon = instant(day + timedelta(days=1), NOON, due.zone_of(person.zone))
    return day if noon is None or now < noon else context.today
