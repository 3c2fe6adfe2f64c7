"""Why one message went out, or did not: what it was due for, which rule decided, what was drawn."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from habits import nudging, practices, schedule
from habits.reasons import Reason
from habits.rules import RULE_OF, RULES
from service import deliveries, due
from service.models import Habit, Nudge, NudgeItem, Person, Reminder
from service.reminding import WITHOUT_PRACTICE
from service.states import Cause, NudgeState

NO_RULE = "None of the ten rules: it was no reminder, or it was not for Attune to decide."
NOT_SHOWN = "One of the rules 1, 2, 4, 6, 7, 8 and 10; which of them would tell what the person did."


@dataclass(frozen=True, slots=True)
class DueFor:
    """What a message was due for: a practice's title, and its reminder's schedule unless it was removed."""

    title: str
    schedule: str | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A prompt by its id, and the chance with which it was drawn, in (0, 1]."""

    prompt: str
    chance: float


@dataclass(frozen=True, slots=True)
class Why:
    """The rule that decided, by number and in words; `moved_to`: the end of quiet hours that moved it."""

    due_for: tuple[DueFor, ...]
    rule: int | None
    says: str
    moved_to: datetime | None
    prompts: tuple[Drawn, ...]


def why(session: Session, nudge: Nudge, show_all: bool) -> Why:
    """Return why a message went out or not; without `show_all` nothing that tells of a person's doings."""
    rule, says = _rule(deliveries.delivery(session, nudge, show_all).reason)
    return Why(
        due_for=_due_for(session, nudge, show_all),
        rule=rule,
        says=says,
        moved_to=_moved_to(session, nudge),
        # A welcome has no prompt: one tells by being there.
        prompts=_prompts(session, nudge) if show_all else (),
    )


def _rule(reason: str) -> tuple[int | None, str]:
    if reason == deliveries.NOT_NEEDED:
        return None, NOT_SHOWN
    if reason not in set(Reason):
        return None, NO_RULE
    rule = RULE_OF[Reason(reason)]
    return rule, RULES[rule]


def _due_for(session: Session, nudge: Nudge, show_all: bool) -> tuple[DueFor, ...]:
    reminder = session.get(Reminder, nudge.cause_id) if nudge.cause_kind is Cause.REMINDER else None
    if reminder and reminder.habit_id is None:
        return (DueFor(WITHOUT_PRACTICE[reminder.purpose], reminder.schedule),)
    found = _items(session, nudge) if show_all else []
    if not found and reminder:
        found = _due_together(session, nudge, reminder)
    titles = practices.catalogue()
    return tuple(DueFor(titles[practice].title, text) for practice, text in found)


def _items(session: Session, nudge: Nudge) -> list[tuple[str, str | None]]:
    """Return the practices that got into a message, with the schedules of their reminders."""
    rows = session.execute(
        select(Habit.practice, Reminder.schedule)
        .select_from(NudgeItem)
        .join(Habit, Habit.id == NudgeItem.habit_id)
        .outerjoin(Reminder, Reminder.id == NudgeItem.reminder_id)
        .where(NudgeItem.nudge_id == nudge.id)
        .order_by(NudgeItem.position)
    )
    return [(practice, text) for practice, text in rows]


def _due_together(session: Session, nudge: Nudge, first: Reminder) -> list[tuple[str, str | None]]:
    """Return the practices that were due with a message by their schedules, whether they got into it or not.

    Which of them did would tell which were done, and a welcome has none at all.
    """
    person = session.get_one(Person, nudge.person_id)
    until = nudging.joins_until(nudge.due_at, due.rules_of(person))
    rows = session.execute(
        select(Habit.practice, Reminder)
        .join(Habit, Habit.id == Reminder.habit_id)
        .where(Reminder.person_id == person.id)
        .where(or_(Habit.ended_on.is_(None), Habit.ended_on >= due.today(person, nudge.due_at)))
        .order_by(Habit.practice, Reminder.id)
    ).all()
    together = [
        (practice, reminder.schedule)
        for practice, reminder in rows
        if reminder.id == first.id or _comes(reminder, person, nudge.due_at - nudging.DIGEST, until)
    ]
    return list(dict.fromkeys(together))


def _comes(reminder: Reminder, person: Person, first_at: datetime, last_at: datetime) -> bool:
    """Say whether a reminder's schedule brings it between two instants, both included."""
    zone = due.zone_of(person.zone)
    before = first_at - timedelta.resolution
    at = schedule.next_at(due.parse(reminder.schedule), before, zone, reminder.starts_on, reminder.seed)
    return at is not None and at <= last_at


def _moved_to(session: Session, nudge: Nudge) -> datetime | None:
    moved = due.out_of_quiet(session.get_one(Person, nudge.person_id), nudge.due_at)
    gone = nudge.state is NudgeState.LAPSED
    return None if gone or not nudge.due_at < moved <= nudge.not_before else moved


def _prompts(session: Session, nudge: Nudge) -> tuple[Drawn, ...]:
    items = session.scalars(
        select(NudgeItem).where(NudgeItem.nudge_id == nudge.id).order_by(NudgeItem.position)
    )
    return tuple(Drawn(item.prompt_id, item.chance or 1) for item in items if item.prompt_id)
