"""What a person's reminders bring by their schedules alone: seen ahead, and as a calendar. Reads only.

Neither tells what the person did or wished: not whether they paused, stopped or left, nor what is needed.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from habits import ics, outlook, practices, schedule
from service import composing, due
from service.errors import WrongUsage
from service.models import Habit, Member, Person, Reminder
from service.site import Site
from service.states import NudgeKind, Purpose

MOST_DAYS = 366
NAMES = {Purpose.PULSE: "check-in"}
"""What people call a purpose, where that is not its own name."""
IF_NEEDED = "only if its run needs a rescue that day"
"""Why a rescue is shown without a message: it depends on what the person does, and mostly does not come."""


@dataclass(frozen=True, slots=True)
class Living:
    """A reminder of a habit that has not ended, or one without any; with what it is about."""

    reminder: Reminder
    habit: Habit | None
    number: int
    """The habit's number for this person, 0 without one."""

    @property
    def practice(self) -> str | None:
        return self.habit.practice if self.habit else None

    @property
    def purpose(self) -> str:
        return NAMES.get(self.reminder.purpose, self.reminder.purpose.value)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """One time that a reminder is due, and what schedules and quiet hours make of it.

    Those with one `message` number share a message, sent at `sends_at`. None: there is no message then.
    """

    due_at: datetime
    practice: str | None
    """None for the check-in and the like."""
    purpose: str
    message: int | None
    sends_at: datetime | None
    reason: str
    """A `Reason`, or `IF_NEEDED`."""


def upcoming(session: Session, person: Person, now: datetime, days: int) -> list[Upcoming]:
    """Return what is due for a person in the next 1 to 366 days, strictly after `now`, in order."""
    if not 1 <= days <= MOST_DAYS:
        raise WrongUsage(f"A preview shows the next 1 to {MOST_DAYS} days.")
    living: dict[Hashable, Living] = {one.reminder.id: one for one in _living(session, person)}
    until = now + timedelta(days=days)
    dues = [(one, at) for one in living.values() for at in _times(one.reminder, person, now, until)]
    coming = [
        outlook.Coming(one.reminder.id, at, joins=one.reminder.purpose is Purpose.NUDGE)
        for one, at in dues
        if one.reminder.purpose is not Purpose.RESCUE
    ]
    found = [_upcoming(living[one.key], one) for one in outlook.foresee(coming, due.rules_of(person))]
    found += [_if_needed(one, at) for one, at in dues if one.reminder.purpose is Purpose.RESCUE]
    return sorted(found, key=lambda one: one.due_at)


def _times(reminder: Reminder, person: Person, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield when a reminder is due after `after` and up to `until`, whatever it brought before."""
    parsed, zone = due.parse(reminder.schedule), due.zone_of(person.zone)
    while at := schedule.next_at(parsed, after, zone, reminder.starts_on, reminder.seed):
        if at > until:
            return
        yield at
        after = at


def _upcoming(found: Living, one: outlook.Foreseen) -> Upcoming:
    return Upcoming(one.due_at, found.practice, found.purpose, one.message, one.sends_at, one.reason)


def _if_needed(found: Living, at: datetime) -> Upcoming:
    return Upcoming(at, found.practice, found.purpose, None, None, IF_NEEDED)


def calendar(session: Session, site: Site, person: Person, now: datetime) -> str:
    """Return a person's reminders as an RFC 5545 calendar in their zone, with neutral titles if discreet.

    A rescue is none of it: it comes only on a day on which a run could be lost.
    """
    events = [
        ics.Event(
            uid=str(one.reminder.id),
            summary=_title(site, person, one),
            schedule=due.parse(one.reminder.schedule),
            starts_on=one.reminder.starts_on,
        )
        for one in _living(session, person)
        if one.reminder.purpose is not Purpose.RESCUE
    ]
    return ics.calendar(events, due.zone_of(person.zone), now)


def _title(site: Site, person: Person, one: Living) -> str:
    if one.habit is None:
        kind = NudgeKind(one.reminder.purpose.value)
        return composing.subject(person.language, kind, site.settings.brand, person.discreet, 0)
    plain = practices.catalogue(person.language)[one.habit.practice].title
    return composing.title(person.language, person.discreet, one.number, plain)


def _living(session: Session, person: Person) -> list[Living]:
    """Return a person's reminders in the order they were made, even of what they left: that is their own."""
    rows = session.execute(
        select(Reminder, Habit, Member.number)
        .outerjoin(Habit, Habit.id == Reminder.habit_id)
        .outerjoin(Member, (Member.habit_id == Reminder.habit_id) & (Member.person_id == Reminder.person_id))
        .where(Reminder.person_id == person.id, Habit.ended_on.is_(None))
        .order_by(Reminder.id)
    )
    return [Living(reminder, habit, number or 0) for reminder, habit, number in rows]
