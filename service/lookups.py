"""The statements by which planning looks at a batch of people, built once for each store."""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Date, Select, String, Uuid, and_, bindparam, cast, func, or_, select, type_coerce
from sqlalchemy.orm import aliased
from sqlalchemy.types import NullType

from service.batches import Batch
from service.columns import UTCDateTime
from service.models import (
    Address,
    EntryRow,
    GoalRow,
    Habit,
    Member,
    Nudge,
    NudgeItem,
    Pause,
    Person,
    Pulse,
    Suppression,
)
from service.ringing import PEOPLE
from service.states import Cause, NudgeKind, NudgeState

ON_ITS_WAY = (NudgeState.PLANNED, NudgeState.SENDING, NudgeState.SENT, NudgeState.DELIVERED)
NEVER, EVER = date(1, 1, 1), datetime(1, 1, 2, tzinfo=UTC)
PARTS = Batch("parts", {"person_id": Uuid(), "habit_id": Uuid(), "reminder_id": Uuid()})
"""People's parts in habits, one for each reminder that is decided about."""
SAID = Batch("said", {"person_id": Uuid(), "habit_id": Uuid(), "since": Date()})
"""Parts in habits, and the day from which on it matters what was said of them."""


class Statements(NamedTuple):
    """What is asked of a store; built once: to build a statement takes longer than to run it."""

    verified: Select[int]
    pauses: Select[int, UUID | None, date, date | None]
    latest: Select[int, datetime]
    unanswered: Select[int, NudgeKind, datetime]
    summaries: Select[int, datetime]
    pulses: Select[int, date]
    shares: Select[*tuple[Any, ...]]
    prompts: Select[int, str | None]
    asked: Select[int, date]
    said: Select[int, str, str]
    entries: Select[*tuple[Any, ...]]


@cache
def statements(on_sqlite: bool) -> Statements:
    people, parts, said = (batch.table(on_sqlite) for batch in (PEOPLE, PARTS, SAID))
    since = bindparam("since", type_=UTCDateTime)
    earliest = bindparam("earliest", type_=Date)
    unprompted = (Nudge.person_id == people.c.id) & (Nudge.cause_kind == Cause.REMINDER)
    not_let_go = Nudge.state.not_in((NudgeState.LAPSED, NudgeState.FAILED))
    entries = (EntryRow.person_id == said.c.person_id) & (EntryRow.habit_id == said.c.habit_id)
    items = (NudgeItem.habit_id == parts.c.habit_id) & (NudgeItem.person_id == parts.c.person_id)
    former, of_former, own = aliased(Member), aliased(Habit), aliased(Habit)
    return Statements(
        verified=select(people.c.place)
        .join(Address, Address.person_id == people.c.id)
        .outerjoin(Suppression, (Suppression.kind == Address.kind) & (Suppression.lookup == Address.lookup))
        .where(Address.verified_at.is_not(None), Address.dead_at.is_(None), Suppression.lookup.is_(None)),
        pauses=select(people.c.place, Pause.habit_id, Pause.from_on, Pause.to_on).join(
            Pause, Pause.person_id == people.c.id
        ),
        latest=select(people.c.place, Nudge.not_before)
        .join(Nudge, unprompted)
        .where(Nudge.due_at >= since, not_let_go),
        unanswered=select(people.c.place, Nudge.kind, func.coalesce(Nudge.sent_at, Nudge.not_before))
        .join(Person, Person.id == people.c.id)
        .join(Nudge, unprompted)
        .where(
            Nudge.due_at > func.coalesce(Person.last_sign_of_life_at, bindparam("ever", EVER, UTCDateTime)),
            # A question that may have arrived is not asked again.
            or_(
                Nudge.state.in_(ON_ITS_WAY),
                and_(Nudge.kind == NudgeKind.QUESTION, Nudge.state == NudgeState.UNKNOWN),
            ),
            Nudge.kind != NudgeKind.SUMMARY,
        ),
        summaries=select(people.c.place, Nudge.due_at)
        .join(Nudge, Nudge.person_id == people.c.id)
        .where(Nudge.kind == NudgeKind.SUMMARY, Nudge.due_at >= since, not_let_go),
        pulses=select(people.c.place, Pulse.week_on)
        .join(Pulse, Pulse.person_id == people.c.id)
        .where(Pulse.week_on >= earliest),
        shares=select(
            parts.c.place,
            Member.number,
            Member.cue_sealed,
            Habit.practice,
            Habit.started_on,
            Habit.taper,
            Habit.joint,
            GoalRow.effective_on,
            GoalRow.kind,
            GoalRow.times,
            GoalRow.days,
            GoalRow.weekdays,
            GoalRow.reserve,
        )
        .join(Member, (Member.habit_id == parts.c.habit_id) & (Member.person_id == parts.c.person_id))
        .join(Habit, Habit.id == parts.c.habit_id)
        .join(GoalRow, GoalRow.habit_id == parts.c.habit_id),
        prompts=select(parts.c.place, NudgeItem.prompt_id)
        .join(Member, (Member.habit_id == parts.c.habit_id) & (Member.person_id == parts.c.person_id))
        .join(own, own.id == parts.c.habit_id)
        .join(former, former.person_id == parts.c.person_id)
        .join(of_former, (of_former.id == former.habit_id) & (of_former.practice == own.practice))
        .join(
            NudgeItem,
            (NudgeItem.habit_id == of_former.id) & (NudgeItem.person_id == parts.c.person_id),
        )
        .where(
            NudgeItem.prompt_id.is_not(None),
            NudgeItem.turn == 0,
            NudgeItem.day >= func.coalesce(Member.drawn_from_on, NEVER),
            or_(Member.drawn_from_id.is_(None), NudgeItem.nudge_id >= Member.drawn_from_id),
        )
        .order_by(NudgeItem.nudge_id, NudgeItem.position),
        # By habit first: that is what the rows' unique key begins with.
        asked=select(parts.c.place, NudgeItem.day)
        .join(NudgeItem, items)
        .where(NudgeItem.reminder_id == parts.c.reminder_id, NudgeItem.day >= earliest),
        # A row for each part and kind: to look at each day as a row of its own would take far longer.
        said=select(
            said.c.place,
            type_coerce(EntryRow.kind, String),
            func.aggregate_strings(cast(EntryRow.day, String), " "),
        )
        .join(EntryRow, entries & (EntryRow.day >= said.c.since))
        .group_by(said.c.place, EntryRow.kind),
        entries=select(
            said.c.place,
            # Ids as the driver gives them: to make UUIDs of them all would take as long as everything else.
            type_coerce(EntryRow.id, NullType()),
            EntryRow.seq,
            EntryRow.day,
            EntryRow.kind,
            type_coerce(EntryRow.undoes_id, NullType()),
        ).join(EntryRow, entries),
    )
