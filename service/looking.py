"""What planning has to know of a batch of people, read with a fixed number of statements."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import BindParameter, Date, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from service import addresses, due, facts, joints
from service.columns import UTCDateTime
from service.models import Habit, Member, Nudge, NudgeItem, Pause, Person, Pulse, Reminder
from service.states import Cause, NudgeKind, NudgeState, Purpose

RECENT = timedelta(days=2)
"""What was planned longer ago than this is not due any more, and shares no day with what is."""
WEEK = timedelta(days=7)
SOON = timedelta(days=1)
"""What quiet hours move takes along what comes due until their end."""
ON_ITS_WAY = (NudgeState.PLANNED, NudgeState.SENDING, NudgeState.SENT, NudgeState.DELIVERED)
NEVER = date(1, 1, 1)


_ids: BindParameter[list[UUID]] = bindparam("ids", expanding=True)
_UNPROMPTED = (Nudge.person_id.in_(_ids), Nudge.cause_kind == Cause.REMINDER)
_NOT_LET_GO = Nudge.state.not_in((NudgeState.LAPSED, NudgeState.FAILED))

# Built once: to build a statement takes longer than to run it.
PAUSES = select(Pause).where(
    Pause.person_id.in_(_ids),
    or_(Pause.to_on.is_(None), Pause.to_on >= bindparam("earliest", type_=Date)),
)
LATEST = select(Nudge.person_id, Nudge.not_before).where(
    *_UNPROMPTED, Nudge.due_at >= bindparam("since", type_=UTCDateTime), _NOT_LET_GO
)
UNANSWERED = (
    select(Nudge.person_id, Nudge.kind, func.coalesce(Nudge.sent_at, Nudge.not_before))
    .join(Person, Person.id == Nudge.person_id)
    .where(
        *_UNPROMPTED,
        or_(Person.last_sign_of_life_at.is_(None), Nudge.due_at > Person.last_sign_of_life_at),
        # A question that may have arrived is not asked again.
        or_(
            Nudge.state.in_(ON_ITS_WAY),
            and_(Nudge.kind == NudgeKind.QUESTION, Nudge.state == NudgeState.UNKNOWN),
        ),
        Nudge.kind != NudgeKind.SUMMARY,
    )
)
SUMMARIES = select(Nudge.person_id, Nudge.due_at).where(
    Nudge.person_id.in_(_ids),
    Nudge.kind == NudgeKind.SUMMARY,
    Nudge.due_at >= bindparam("since", type_=UTCDateTime),
    _NOT_LET_GO,
)
_former, _of_former, _own = aliased(Member), aliased(Habit), aliased(Habit)
PROMPTS = (
    select(Member.person_id, Member.habit_id, NudgeItem.prompt_id)
    .join(_own, _own.id == Member.habit_id)
    .join(_former, _former.person_id == Member.person_id)
    .join(_of_former, (_of_former.id == _former.habit_id) & (_of_former.practice == _own.practice))
    .join(NudgeItem, (NudgeItem.habit_id == _of_former.id) & (NudgeItem.person_id == Member.person_id))
    .where(
        Member.person_id.in_(_ids),
        Member.left_on.is_(None),
        _own.ended_on.is_(None),
        NudgeItem.prompt_id.is_not(None),
        NudgeItem.turn == 0,
        NudgeItem.day >= func.coalesce(Member.drawn_from_on, NEVER),
        or_(Member.drawn_from_id.is_(None), NudgeItem.nudge_id >= Member.drawn_from_id),
    )
    .order_by(NudgeItem.nudge_id)
)
"""The prompts that each member had since all of them had last been used, oldest first.

They count for the practice: whoever takes it up again goes on where they were. One that was put off and came
again was used once.
"""
# By habit first: that is what the rows' unique key begins with.
ASKED = select(NudgeItem.reminder_id, NudgeItem.day).where(
    NudgeItem.habit_id.in_(bindparam("habits", expanding=True)),
    NudgeItem.person_id.in_(_ids),
    NudgeItem.day >= bindparam("earliest", type_=Date),
)
PULSES = select(Pulse.person_id, Pulse.week_on).where(
    Pulse.person_id.in_(_ids), Pulse.week_on >= bindparam("earliest", type_=Date)
)


@dataclass(slots=True)
class Looked:
    """All that a batch needs, by person; `asked` and `pulses` are what it must not ask again.

    `unanswered` is what was due since the person's last sign of life and went out, summaries aside.
    """

    reminders: dict[UUID, list[Reminder]] = field(default_factory=lambda: defaultdict(list))
    verified: set[UUID] = field(default_factory=set)
    paused: dict[UUID, list[Pause]] = field(default_factory=lambda: defaultdict(list))
    planned: dict[UUID, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    unanswered: dict[UUID, list[tuple[NudgeKind, datetime]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    prompts: dict[tuple[UUID, UUID], list[str]] = field(default_factory=lambda: defaultdict(list))
    asked: set[tuple[UUID | None, date]] = field(default_factory=set)
    pulses: set[tuple[UUID, date]] = field(default_factory=set)
    members: dict[tuple[UUID, UUID], facts.Share] = field(default_factory=dict)
    living: dict[UUID, list[facts.Share]] = field(default_factory=lambda: defaultdict(list))
    """Each person's living habits, in the order of their numbers."""
    joined: dict[UUID, joints.Joined] = field(default_factory=dict)
    """What is joint, by habit, of those who are due a summary."""
    summaries: dict[UUID, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """When their latest summaries were due."""
    new_rounds: list[tuple[UUID, UUID, date, UUID]] = field(default_factory=list)
    """Person, habit, day and nudge of each prompt that is the first since all had last been used."""


def look(session: Session, people: Sequence[Person], now: datetime) -> Looked:
    """Return what planning needs of these people; the number of statements does not grow with theirs."""
    ids = [person.id for person in people]
    looked = Looked(members=facts.shares(session, ids))
    for (person_id, _), share in looked.members.items():
        if share.living:
            looked.living[person_id].append(share)
    for reminder in due.live_reminders(session, ids):
        looked.reminders[reminder.person_id].append(reminder)
    for person_id, found in addresses.open_addresses(session, set(ids)).items():
        if any(address.verified_at for address in found):
            looked.verified.add(person_id)
    if told := {r.person_id for of in looked.reminders.values() for r in of if _is_summary(r, now)}:
        looked.joined = joints.of(session, told, now)
        for person_id, at in session.execute(SUMMARIES, {"ids": list(told), "since": now - RECENT - WEEK}):
            looked.summaries[person_id].append(at)
    earliest = (now - RECENT).date()
    for pause in session.scalars(PAUSES, {"ids": ids, "earliest": earliest}):
        looked.paused[pause.person_id].append(pause)
    for person_id, at in session.execute(LATEST, {"ids": ids, "since": now - RECENT}):
        looked.planned[person_id].append(at)
    for person_id, kind, at in session.execute(UNANSWERED, {"ids": ids}):
        looked.unanswered[person_id].append((kind, at))
    for person_id, habit_id, prompt_id in session.execute(PROMPTS, {"ids": ids}):
        assert prompt_id is not None
        looked.prompts[person_id, habit_id].append(prompt_id)
    habit_ids = [habit_id for _, habit_id in looked.members]
    for reminder_id, day in session.execute(ASKED, {"ids": ids, "habits": habit_ids, "earliest": earliest}):
        looked.asked.add((reminder_id, day))
    for person_id, week_on in session.execute(PULSES, {"ids": ids, "earliest": earliest - WEEK}):
        looked.pulses.add((person_id, week_on))
    return looked


def _is_summary(reminder: Reminder, now: datetime) -> bool:
    return (
        reminder.purpose is Purpose.SUMMARY
        and reminder.next_at is not None
        and reminder.next_at <= now + SOON
    )
