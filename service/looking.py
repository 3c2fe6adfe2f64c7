"""What planning has to know of a batch of people, read with a fixed number of statements."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service import addresses, due, facts
from service.models import Nudge, NudgeItem, Pause, Person, Pulse, Reminder
from service.states import Cause, NudgeKind, NudgeState


@dataclass(slots=True)
class Looked:
    """All that a batch needs, by person; `asked` and `pulses` are what it must not ask again."""

    reminders: dict[UUID, list[Reminder]] = field(default_factory=lambda: defaultdict(list))
    verified: set[UUID] = field(default_factory=set)
    paused: dict[UUID, list[Pause]] = field(default_factory=lambda: defaultdict(list))
    planned: dict[UUID, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    prompts: dict[tuple[UUID, UUID], list[str]] = field(default_factory=lambda: defaultdict(list))
    asked: set[tuple[UUID | None, date]] = field(default_factory=set)
    pulses: set[tuple[UUID, date]] = field(default_factory=set)
    members: dict[tuple[UUID, UUID], facts.Share] = field(default_factory=dict)


def look(session: Session, people: Sequence[Person], now: datetime) -> Looked:
    """Return what planning needs of these people; the number of statements does not grow with theirs."""
    ids = {person.id for person in people}
    looked = Looked()
    for reminder in due.live_reminders(session, ids):
        looked.reminders[reminder.person_id].append(reminder)
    for person_id, found in addresses.open_addresses(session, ids).items():
        if any(address.verified_at for address in found):
            looked.verified.add(person_id)
    earliest = (now - timedelta(days=2)).date()
    for pause in session.scalars(
        select(Pause).where(Pause.person_id.in_(ids), or_(Pause.to_on.is_(None), Pause.to_on >= earliest))
    ):
        looked.paused[pause.person_id].append(pause)
    for person_id, at in session.execute(
        select(Nudge.person_id, Nudge.not_before).where(
            Nudge.person_id.in_(ids),
            Nudge.kind.in_((NudgeKind.NUDGE, NudgeKind.RESCUE, NudgeKind.PULSE)),
            Nudge.cause_kind == Cause.REMINDER,
            Nudge.due_at >= now - timedelta(days=2),
            Nudge.state.not_in((NudgeState.LAPSED, NudgeState.FAILED)),
        )
    ):
        looked.planned[person_id].append(at)
    looked.members = facts.shares(session, ids)
    for person_id, habit_id, reminder_id, day, prompt_id in session.execute(
        select(
            NudgeItem.person_id, NudgeItem.habit_id, NudgeItem.reminder_id, NudgeItem.day, NudgeItem.prompt_id
        )
        # By habit first: that is what the rows' unique key begins with.
        .where(
            NudgeItem.habit_id.in_({habit_id for _, habit_id in looked.members}), NudgeItem.person_id.in_(ids)
        )
        .order_by(NudgeItem.nudge_id)
    ):
        if prompt_id:
            looked.prompts[person_id, habit_id].append(prompt_id)
        looked.asked.add((reminder_id, day))
    for person_id, week_on in session.execute(
        select(Pulse.person_id, Pulse.week_on).where(
            Pulse.person_id.in_(ids), Pulse.week_on >= earliest - timedelta(days=7)
        )
    ):
        looked.pulses.add((person_id, week_on))
    return looked
