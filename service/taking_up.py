"""Habits taken up: with a goal and reminders, edited, archived."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from habits import practices, schedule
from habits.goals import Goal, GoalError, parse_goal, weekday_mask
from habits.practices import Practice
from habits.schedule import ScheduleError
from service import due, outbox
from service.errors import WrongUsage
from service.ids import as_id, ends_with, new_id
from service.models import GoalRow, Habit, Member, Person, Reminder
from service.site import Site
from service.states import Purpose

LONGEST_CUE = 100
LONGEST_AGO = timedelta(days=3653)
"""A habit starts at most ten years ago: every look at it goes through all of its days."""
CHECK_IN = "check-in"
"""What an admin types in place of a practice for the weekly check-in."""
NO_HABIT = "There is no such habit; `attune habit list` shows them all."


@dataclass(frozen=True, slots=True)
class NewHabit:
    """A practice for one person or for both of a couple; None stands for the practice's own default."""

    practice: str
    goal: str | None = None
    schedules: tuple[str, ...] = ()
    started_on: date | None = None
    cue: str | None = None


def find_practice(name: str) -> Practice:
    """Return the practice of that name. Raises WrongUsage with the nearest one."""
    try:
        return practices.find(name)
    except ValueError as error:
        raise WrongUsage(str(error)) from None


def check_goal(text: str) -> Goal:
    """Return the goal. Raises WrongUsage that points at the word which is wrong."""
    try:
        return parse_goal(text)
    except GoalError as error:
        raise WrongUsage(str(error)) from None


def check_schedule(text: str) -> str:
    """Return the schedule in its one form. Raises WrongUsage that points at the word which is wrong."""
    try:
        return schedule.text(schedule.parse(text))
    except ScheduleError as error:
        raise WrongUsage(str(error)) from None


def check_cue(text: str | None) -> str | None:
    """Return what a habit follows in somebody's day. Raises WrongUsage for what a message cannot hold."""
    if text and not (text.isprintable() and len(text) <= LONGEST_CUE):
        raise WrongUsage(f"A cue has at most {LONGEST_CUE} characters, on one line.")
    return text or None


def add_habit(site: Site, person_ids: Sequence[UUID], new: NewHabit, now: datetime) -> UUID:
    """Take up a practice for one person, or for both of a couple; each gets a number and the reminders.

    Raises WrongUsage for an unknown practice, a goal, schedule or cue with a mistake, a start in the future
    or more than ten years ago, and a practice that one of them has taken up already.
    """
    practice = find_practice(new.practice)
    goal = check_goal(practice.goal if new.goal is None else new.goal)
    cue = check_cue(new.cue)
    schedules = dict.fromkeys(check_schedule(text) for text in new.schedules or (practice.schedule,))
    with site.db.write() as session:
        people = _locked(session, person_ids)
        couple_id = _couple_of(people)
        today = min(due.today(person, now) for person in people)
        started_on = new.started_on or today
        if started_on > today:
            raise WrongUsage("A habit starts today or earlier; leave the start out to begin today.")
        if started_on < today - LONGEST_AGO:
            raise WrongUsage("A habit starts at most ten years ago; give a later start.")
        _refuse_twice(session, people, practice)
        habit = Habit(
            id=new_id(),
            couple_id=couple_id,
            person_id=None if couple_id else people[0].id,
            practice=practice.slug,
            started_on=started_on,
        )
        session.add(habit)
        session.flush()
        session.add(_goal_row(habit.id, started_on, goal))
        sealed = site.sealer.seal(cue) if cue else None
        for person in people:
            number = _number(session, person)
            session.add(Member(habit_id=habit.id, person_id=person.id, number=number, cue_sealed=sealed))
            for text in schedules:
                session.add(_reminder(person, habit.id, text, now))
            due.refresh(session, person, now)
        return habit.id


def add_check_in(site: Site, person_id: UUID, text: str, now: datetime) -> UUID:
    """Give a person the weekly check-in. Raises WrongUsage if they have it already."""
    when = check_schedule(text)
    with site.db.write() as session:
        (person,) = _locked(session, [person_id])
        has = select(Reminder.id).where(Reminder.person_id == person.id, Reminder.purpose == Purpose.PULSE)
        if session.scalar(has):
            raise WrongUsage("They have the weekly check-in already; remove its reminder first.")
        reminder = _reminder(person, None, when, now)
        session.add(reminder)
        due.refresh(session, person, now)
        return reminder.id


def edit_habit(site: Site, habit_id: UUID, goal: str, now: datetime) -> date:
    """Give a habit another goal from today on, and return today; what was before is judged as before."""
    parsed = check_goal(goal)
    with site.db.write() as session:
        habit, people = _with_members(session, habit_id)
        if habit.ended_on:
            raise WrongUsage("That habit has ended; take the practice up again to give it another goal.")
        today = max(min(due.today(person, now) for person in people), habit.started_on)
        session.merge(_goal_row(habit.id, today, parsed))
        return today


def archive_habit(site: Site, habit_id: UUID, now: datetime) -> date:
    """End a habit as of today, and return today; its days stay, its reminders do not fire again."""
    with site.db.write() as session:
        habit, people = _with_members(session, habit_id)
        if habit.ended_on is None:
            habit.ended_on = max(max(due.today(person, now) for person in people), habit.started_on)
        for person in people:
            due.set_due(session, person)
        return habit.ended_on


def add_reminder(site: Site, habit_id: UUID, person_id: UUID, text: str, now: datetime) -> UUID:
    """Add one more reminder of a habit for one of its members."""
    when = check_schedule(text)
    with site.db.write() as session:
        habit, people = _with_members(session, habit_id)
        person = next((p for p in people if p.id == person_id), None)
        if person is None or habit.ended_on:
            raise WrongUsage(
                "That habit is not theirs, or has ended; `attune habit list` shows what there is."
            )
        reminder = _reminder(person, habit.id, when, now)
        session.add(reminder)
        due.refresh(session, person, now)
        return reminder.id


def remove_reminder(site: Site, reminder_id: UUID) -> None:
    """Remove a reminder; nudges that it brought stay in the history."""
    with site.db.write() as session:
        person_id = session.scalar(select(Reminder.person_id).where(Reminder.id == reminder_id))
        if person_id is None:
            raise WrongUsage("There is no such reminder; `attune reminder list` shows them all.")
        (person,) = _locked(session, [person_id])
        session.execute(delete(Reminder).where(Reminder.id == reminder_id))
        due.set_due(session, person)


def find_habit(session: Session, wanted: str) -> Habit:
    """Return the habit with this id or end of an id. Raises WrongUsage if it is not just one."""
    if (id_ := as_id(wanted)) and (habit := session.get(Habit, id_)):
        return habit
    found = [habit for habit in session.scalars(select(Habit)) if ends_with(habit.id, wanted)]
    if len(found) > 1:
        raise WrongUsage("Several habits are meant by that; give more of the id that `habit list` shows.")
    if not found:
        raise WrongUsage(NO_HABIT)
    return found[0]


def _locked(session: Session, person_ids: Sequence[UUID]) -> list[Person]:
    found = outbox.lock_people(session, person_ids)
    if len(found) != len(set(person_ids)) or not found:
        raise WrongUsage("There is no such person; `attune person list` shows them all.")
    return [found[person_id] for person_id in dict.fromkeys(person_ids)]


def _couple_of(people: Sequence[Person]) -> UUID | None:
    """Return the couple that a habit of these people belongs to, None for one person alone."""
    if len(people) == 1:
        return None
    couple_ids = {person.couple_id for person in people}
    if len(couple_ids) > 1 or None in couple_ids:
        raise WrongUsage("Only the two of one couple can share a habit; take it up for each alone.")
    return couple_ids.pop()


def _with_members(session: Session, habit_id: UUID) -> tuple[Habit, list[Person]]:
    here = select(Member.person_id).where(Member.habit_id == habit_id, Member.left_on.is_(None))
    ids = session.scalars(here).all()
    if not ids:
        raise WrongUsage(NO_HABIT)
    people = _locked(session, ids)
    # Read only now, under the lock: another process may have ended it since.
    return session.get_one(Habit, habit_id, populate_existing=True), people


def _refuse_twice(session: Session, people: Sequence[Person], practice: Practice) -> None:
    taken = session.scalar(
        select(Habit.id)
        .join(Member, Member.habit_id == Habit.id)
        .where(
            Member.person_id.in_([person.id for person in people]),
            Habit.practice == practice.slug,
            Habit.ended_on.is_(None),
            Member.left_on.is_(None),
        )
        .limit(1)
    )
    if taken:
        raise WrongUsage(f"{practice.title} is taken up already; edit that habit, or archive it first.")


def _number(session: Session, person: Person) -> int:
    """Return the next number of a person's habits; one that was ever given is never given again."""
    newest = session.scalar(select(func.max(Member.number)).where(Member.person_id == person.id))
    return (newest or 0) + 1


def _goal_row(habit_id: UUID, effective_on: date, goal: Goal) -> GoalRow:
    return GoalRow(
        habit_id=habit_id,
        effective_on=effective_on,
        kind=goal.kind.value,
        times=goal.times,
        days=goal.days,
        weekdays=weekday_mask(goal),
        reserve=goal.reserve,
    )


def _reminder(person: Person, habit_id: UUID | None, text: str, now: datetime) -> Reminder:
    return Reminder(
        id=new_id(),
        habit_id=habit_id,
        person_id=person.id,
        purpose=Purpose.NUDGE if habit_id else Purpose.PULSE,
        schedule=text,
        seed=int.from_bytes(os.urandom(4)),
        starts_on=now.astimezone(due.zone_of(person.zone)).date(),
    )
