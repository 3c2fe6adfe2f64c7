"""What two people have of a habit together: read for many at once, and kept when one of them is forgotten.

Only where both have said `together`. Whoever rests, and why, is never told apart.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from habits import joint, streaks
from habits.entries import Pause
from habits.joint import Mode, Partner
from habits.streaks import Progress
from service import composing, due, facts, rests
from service.db import insert_new
from service.facts import Share
from service.models import Habit, JointDay, Member, Person
from service.states import Joint


@dataclass(frozen=True, slots=True)
class Joined:
    """A habit that two keep together, the same for both of them."""

    habit_id: UUID
    days: int
    """Days together, ever; 1 or more."""
    progress: Progress | None
    """None while it rests, whoever of the two rests and why."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One member of a joint habit; `said_at` is when they first said `together`."""

    habit: Habit
    person: Person
    said_at: datetime
    left_on: date | None


def of(session: Session, person_ids: Collection[UUID], now: datetime) -> dict[UUID, Joined]:
    """Return what these people have together with another, by habit; seven statements, however many people.

    A habit in which nothing was done together yet is left out, and so is one that only one of the two wants
    to be joint. When one is forgotten it rests for good, with the days that they had.
    """
    parts = _parts(session, person_ids)
    shares, rested = _read(session, parts)
    kept = _kept(session, parts, now)
    found: dict[UUID, Joined] = {}
    for habit_id, two in parts.items():
        if len(two) == 1:
            days, progress = kept.get(habit_id, 0), None
        else:
            one, other = (_partner(part, shares, rested, due.today(part.person, now)) for part in two)
            days, progress = _judged(two[0], shares, one, other)
        if days:
            found[habit_id] = Joined(habit_id, days, progress)
    return found


class Reader(Protocol):
    """Whoever reads a message: a row, or what planning knows of one."""

    @property
    def language(self) -> str: ...
    @property
    def discreet(self) -> bool: ...


def lines(person: Reader, shares: Iterable[Share], joined: Mapping[UUID, Joined]) -> list[str]:
    """Return a line for each living habit of a person that is joint, as both of the two read it."""
    return [
        _line(person, share, joined[share.habit_id])
        for share in shares
        if share.living and share.habit_id in joined
    ]


def keep(session: Session, person: Person, now: datetime) -> None:
    """Keep the days that a person who is about to be forgotten has together with another; safe to repeat.

    The caller holds the person's lock. What else there was of the two is derived from entries and goes.
    """
    parts = {habit_id: two for habit_id, two in _parts(session, [person.id]).items() if len(two) > 1}
    shares, rested = _read(session, parts)
    for habit_id, two in parts.items():
        said = [entry.day for part in two for entry in shares[part.person.id, habit_id].facts.entries]
        last = min(max(said, default=two[0].habit.started_on), due.today(person, now))
        one, other = (_partner(part, shares, rested, last) for part in two)
        days = joint.days_of_both(one, other, _mode(two[0]), two[0].habit.ended_on)
        insert_new(session, JointDay, [{"habit_id": habit_id, "day": day} for day in days])


def _parts(session: Session, person_ids: Collection[UUID]) -> dict[UUID, list[_Part]]:
    """Return both members of these people's joint habits, in one order; one if the other is forgotten.

    Only those in which all who are left have said `together`.
    """
    theirs = select(Member.habit_id).where(Member.person_id.in_(person_ids))
    rows = session.execute(
        select(Habit, Member, Person)
        .join(Member, Member.habit_id == Habit.id)
        .join(Person, Person.id == Member.person_id)
        .where(Habit.id.in_(theirs), Habit.couple_id.is_not(None), Habit.joint != Joint.NONE)
        .order_by(Habit.id, Person.id)
    ).all()
    silent = {habit.id for habit, member, _ in rows if member.together_at is None}
    parts: dict[UUID, list[_Part]] = {}
    for habit, member, person in rows:
        if habit.id not in silent and member.together_at:
            parts.setdefault(habit.id, []).append(_Part(habit, person, member.together_at, member.left_on))
    return parts


Shares = dict[tuple[UUID, UUID], Share]
Rested = dict[tuple[UUID, UUID | None], list[Pause]]


def _read(session: Session, parts: Mapping[UUID, list[_Part]]) -> tuple[Shares, Rested]:
    people = {part.person.id for two in parts.values() for part in two}
    return facts.shares(session, people), rests.of(session, people)


def _kept(session: Session, parts: Mapping[UUID, list[_Part]], now: datetime) -> dict[UUID, int]:
    """Return how many days were kept for those who are left alone."""
    last = {habit_id: due.today(two[0].person, now) for habit_id, two in parts.items() if len(two) == 1}
    rows = session.execute(select(JointDay).where(JointDay.habit_id.in_(last))).scalars()
    found: dict[UUID, int] = {}
    for row in rows:
        if row.day <= last[row.habit_id]:
            found[row.habit_id] = found.get(row.habit_id, 0) + 1
    return found


def _partner(part: _Part, shares: Shares, rested: Rested, today: date) -> Partner:
    person_id, habit_id = part.person.id, part.habit.id
    known = shares[person_id, habit_id].facts
    gone = [Pause(part.left_on)] if part.left_on else []
    return Partner(
        started_on=max(part.habit.started_on, due.today(part.person, part.said_at)),
        today=today,
        entries=known.entries,
        holds=[*known.pauses, *rested[person_id, None], *rested[person_id, habit_id], *gone],
    )


def _mode(part: _Part) -> Mode:
    return Mode(part.habit.joint.value)


def _judged(part: _Part, shares: Shares, one: Partner, other: Partner) -> tuple[int, Progress | None]:
    """Return the days together and, unless it rests, the progress; weeks begin as the first of two likes."""
    ended_on, known = part.habit.ended_on, shares[part.person.id, part.habit.id].facts
    days = joint.days_together(one, other, _mode(part), ended_on)
    if joint.rests(one, other, ended_on):
        return days, None
    made = joint.joint_facts(one, other, _mode(part), known.goals, ended_on, known.week_starts)
    return days, streaks.progress(made, joint.joint_today(one, other))


def _line(person: Reader, share: Share, joined: Joined) -> str:
    language, progress = person.language, joined.progress
    title = composing.title(language, person.discreet, share.number, share.title(language))
    if progress is None:
        return composing.text(language, "joint_line_resting", title=title, total=joined.days)
    if not progress.streak:
        return composing.text(language, "joint_line_fresh", title=title, total=joined.days)
    run = composing.span(language, progress.streak, progress.unit)
    return composing.text(language, "joint_line", title=title, total=joined.days, streak=run)
