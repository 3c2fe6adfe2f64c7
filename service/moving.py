"""Another time of day for a nudge, from now on: what a person says with `at 19:30`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time
from uuid import UUID

from sqlalchemy import select

from habits import hours, schedule_text
from service import due
from service.acting import Acting
from service.models import Reminder
from service.states import Purpose


def at_time(at: Acting, clock: time, numbers: Sequence[int]) -> str:
    """Let the nudge of these habits come at `clock`, the person's own time; return the answer.

    None named: that of the newest nudge that waits, else of the only habit. A time in quiet hours is refused,
    because nothing would come then.
    """
    rules = due.rules_of(at.person)
    shown = f"{clock:%H:%M}"
    if hours.in_quiet(clock, rules):
        return at.text(
            "at_quiet", time=shown, start=f"{rules.quiet_from:%H:%M}", end=f"{rules.quiet_to:%H:%M}"
        )
    wanted = list(numbers) or _meant(at)
    if len(wanted) != 1:
        if not at.context.shares:
            return at.branded("no_habits")
        return at.text("which_at", time=shown, list=at.listed(wanted))
    share = at.context.shares[wanted[0]]
    reminder = _reminder(at, share.habit_id)
    if reminder is None:
        return at.text("at_none", title=at.title(share))
    schedule = due.parse(reminder.schedule)
    before = f"{schedule.opens:%H:%M}"
    reminder.schedule = schedule_text.text(replace(schedule, opens=clock, closes=clock))
    reminder.next_at = due.next_of(reminder, at.person.zone, at.now)
    due.set_due(at.session, at.person)
    return at.text("at_changed", title=at.title(share), time=shown, before=before)


def _meant(at: Acting) -> list[int]:
    for nudge in at.context.open:
        waiting = {item.habit_id for item in at.context.items.get(nudge.id, [])}
        if of := [number for number, share in at.context.shares.items() if share.habit_id in waiting]:
            return of
    return list(at.context.shares)


def _reminder(at: Acting, habit_id: UUID) -> Reminder | None:
    """Return the reminder that brought the habit's newest nudge, else the one that comes next."""
    theirs = at.session.scalars(
        select(Reminder)
        .where(
            Reminder.person_id == at.person.id,
            Reminder.habit_id == habit_id,
            Reminder.purpose == Purpose.NUDGE,
        )
        .order_by(Reminder.next_at, Reminder.id)
    ).all()
    brought = {
        item.reminder_id
        for nudge in at.context.open
        for item in at.context.items.get(nudge.id, [])
        if item.habit_id == habit_id
    }
    return next((one for one in theirs if one.id in brought), next(iter(theirs), None))
