"""Reminders added and removed: of a habit, of the weekly check-in and summary, and rescues."""

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import delete, select

from service import due, lapsing, membership
from service.errors import WrongUsage
from service.models import Reminder
from service.site import Site
from service.states import Purpose

CHECK_IN = "check-in"
"""What an admin types in place of a practice for the weekly check-in."""
SUMMARY = "summary"
"""What an admin types in place of a practice for the weekly summary."""
WITHOUT_PRACTICE = {Purpose.PULSE: CHECK_IN, Purpose.SUMMARY: SUMMARY}
HAVE_ALREADY = {
    Purpose.PULSE: "They have the weekly check-in already; remove its reminder first.",
    Purpose.SUMMARY: "They have the weekly summary already; remove its reminder first.",
}


def add_reminder(site: Site, habit_id: UUID, person_id: UUID, text: str, now: datetime) -> UUID:
    """Add one more reminder of a habit for one of its members."""
    when = membership.check_schedule(text)
    with site.db.write() as session:
        habit, people = membership.with_members(session, habit_id)
        person = next((p for p in people if p.id == person_id), None)
        if person is None or habit.ended_on:
            raise WrongUsage(
                "That habit is not theirs, or has ended; `attune habit list` shows what there is."
            )
        reminder = membership.new_reminder(person, habit.id, when, now)
        session.add(reminder)
        due.refresh(session, person, now)
        return reminder.id


def remove_reminder(site: Site, reminder_id: UUID) -> None:
    """Remove a reminder; nudges that it brought stay in the history, and a planned one lapses.

    A digest with other reminders' habits goes out as it is.
    """
    with site.db.write() as session:
        person_id = session.scalar(select(Reminder.person_id).where(Reminder.id == reminder_id))
        if person_id is None:
            raise WrongUsage("There is no such reminder; `attune reminder list` shows them all.")
        (person,) = membership.locked(session, [person_id])
        lapsing.lapse_removed(session, person.id, reminder_id)
        session.execute(delete(Reminder).where(Reminder.id == reminder_id))
        due.set_due(session, person)


def add_check_in(site: Site, person_id: UUID, text: str, now: datetime) -> UUID:
    """Give a person the weekly check-in. Raises WrongUsage if they have it already."""
    return _add_weekly(site, person_id, Purpose.PULSE, text, now)


def add_summary(site: Site, person_id: UUID, text: str, now: datetime) -> UUID:
    """Give a person the weekly summary. Raises WrongUsage if they have it already."""
    return _add_weekly(site, person_id, Purpose.SUMMARY, text, now)


def _add_weekly(site: Site, person_id: UUID, purpose: Purpose, text: str, now: datetime) -> UUID:
    when = membership.check_schedule(text)
    with site.db.write() as session:
        (person,) = membership.locked(session, [person_id])
        has = select(Reminder.id).where(Reminder.person_id == person.id, Reminder.purpose == purpose)
        if session.scalar(has):
            raise WrongUsage(HAVE_ALREADY[purpose])
        reminder = membership.new_reminder(person, None, when, now, purpose)
        session.add(reminder)
        due.refresh(session, person, now)
        return reminder.id


def edit_rescue(site: Site, habit_id: UUID, at: time | None, now: datetime) -> None:
    """Give each member of a habit one gentle nudge at `at`, their time, on the last day that keeps their run.

    None ends that. Raises WrongUsage for a habit that has ended.
    """
    with site.db.write() as session:
        habit, people = membership.with_members(session, habit_id)
        if habit.ended_on:
            raise WrongUsage("That habit has ended; take the practice up again first.")
        rescues = select(Reminder).where(Reminder.habit_id == habit.id, Reminder.purpose == Purpose.RESCUE)
        has = {reminder.person_id: reminder for reminder in session.scalars(rescues)}
        for person in people:
            reminder = has.get(person.id)
            text = f"daily {at:%H:%M}" if at else None
            if reminder and text:
                reminder.schedule = text  # The same reminder: one that came today does not come again today.
            elif reminder:
                lapsing.lapse_removed(session, person.id, reminder.id)
                session.delete(reminder)
            elif text:
                session.add(membership.new_reminder(person, habit.id, text, now, Purpose.RESCUE))
            due.refresh(session, person, now)
