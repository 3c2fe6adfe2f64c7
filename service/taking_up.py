"""Habits taken up: with a goal and reminders, edited, archived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from habits import practices
from habits.goals import Goal, GoalError, parse_goal, weekday_mask
from habits.practices import Practice
from service import due, lapsing, membership
from service.errors import WrongUsage
from service.ids import as_id, ends_with, new_id
from service.models import GoalRow, Habit, Member, Person
from service.site import Site

LONGEST_CUE = 100
LONGEST_AGO = timedelta(days=3653)
"""A habit starts at most ten years ago: every look at it goes through all of its days."""


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
    schedules = dict.fromkeys(
        membership.check_schedule(text) for text in new.schedules or (practice.schedule,)
    )
    with site.db.write() as session:
        people = membership.locked(session, person_ids)
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
            member = Member(habit_id=habit.id, person_id=person.id, number=number, cue_sealed=sealed)
            member.drawn_from_on, member.drawn_from_id = _drawn_from(session, person, practice)
            session.add(member)
            for text in schedules:
                session.add(membership.new_reminder(person, habit.id, text, now))
            due.refresh(session, person, now)
        return habit.id


def edit_habit(site: Site, habit_id: UUID, goal: str, now: datetime) -> date:
    """Give a habit another goal from today on, and return today; what was before is judged as before."""
    parsed = check_goal(goal)
    with site.db.write() as session:
        habit, people = membership.with_members(session, habit_id)
        if habit.ended_on:
            raise WrongUsage("That habit has ended; take the practice up again to give it another goal.")
        today = max(min(due.today(person, now) for person in people), habit.started_on)
        session.merge(_goal_row(habit.id, today, parsed))
        return today


def edit_cue(site: Site, habit_id: UUID, cue: str, person_id: UUID | None = None) -> None:
    """Give a habit another cue, or with an empty one none, for one of its members or for all of them."""
    checked = check_cue(cue)
    of_them = [Member.person_id == person_id] if person_id else []
    with site.db.write() as session:
        membership.with_members(session, habit_id)
        session.execute(
            update(Member)
            .where(Member.habit_id == habit_id, *of_them)
            .values(cue_sealed=site.sealer.seal(checked) if checked else None)
        )


def edit_taper(site: Site, habit_id: UUID, on: bool) -> None:
    """Let a habit's nudges be thinned out while its goal is kept for weeks, or not."""
    with site.db.write() as session:
        habit, _ = membership.with_members(session, habit_id)
        habit.taper = on


def archive_habit(site: Site, habit_id: UUID, now: datetime) -> date:
    """End a habit as of today, and return today; its days stay, its reminders do not fire again.

    A nudge that is planned for it lapses, unless it is a digest with habits that go on.
    """
    with site.db.write() as session:
        habit, people = membership.with_members(session, habit_id)
        if habit.ended_on is None:
            habit.ended_on = max(max(due.today(person, now) for person in people), habit.started_on)
        session.flush()
        lapsing.lapse_ended(session, [person.id for person in people])
        for person in people:
            due.set_due(session, person)
        return habit.ended_on


def find_habit(session: Session, wanted: str) -> Habit:
    """Return the habit with this id or end of an id. Raises WrongUsage if it is not just one."""
    if (id_ := as_id(wanted)) and (habit := session.get(Habit, id_)):
        return habit
    found = [habit for habit in session.scalars(select(Habit)) if ends_with(habit.id, wanted)]
    if len(found) > 1:
        raise WrongUsage("Several habits are meant by that; give more of the id that `habit list` shows.")
    if not found:
        raise WrongUsage(membership.NO_HABIT)
    return found[0]


def _couple_of(people: Sequence[Person]) -> UUID | None:
    """Return the couple that a habit of these people belongs to, None for one person alone."""
    if len(people) == 1:
        return None
    couple_ids = {person.couple_id for person in people}
    if len(couple_ids) > 1 or None in couple_ids:
        raise WrongUsage("Only the two of one couple can share a habit; take it up for each alone.")
    return couple_ids.pop()


def _refuse_twice(session: Session, people: Sequence[Person], practice: Practice) -> None:
    taken = session.scalar(
        select(Habit.id)
        .join(Member, Member.habit_id == Habit.id)
        .where(
            Member.person_id.in_([person.id for person in people]),
            Habit.practice == practice.slug,
            Habit.ended_on.is_(None),  # Whether they have left it is not looked at: a refusal would tell.
        )
        .limit(1)
    )
    if taken:
        raise WrongUsage(f"{practice.title} is taken up already; edit that habit, or archive it first.")


def _drawn_from(session: Session, person: Person, practice: Practice) -> tuple[date | None, UUID | None]:
    """Return since when the prompts of a practice count as used, if the person had taken it up before."""
    former = session.execute(
        select(Member.drawn_from_on, Member.drawn_from_id)
        .join(Habit, Habit.id == Member.habit_id)
        .where(Member.person_id == person.id, Habit.practice == practice.slug)
        .order_by(Member.number.desc())
        .limit(1)
    ).first()
    return (former.drawn_from_on, former.drawn_from_id) if former else (None, None)


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
