"""The facts of people's habits, read with a fixed number of statements, as `habits` wants them."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from habits import days, practices, streaks
from habits.entries import Entry, Mark, Pause, taken_back
from habits.goals import DatedGoal, goal_of_row, goal_on, goal_text
from habits.periods import Facts
from habits.streaks import Progress
from service import due
from service.models import EntryRow, GoalRow, Habit, Member, Person
from service.models import Pause as PauseRow
from service.sealing import Sealer
from service.states import Joint

_ids: BindParameter[list[UUID]] = bindparam("ids", expanding=True)
LIGHT_ONLY = timedelta(days=14)
# Built once: to build a statement takes longer than to run it.
MEMBERS = (
    select(Member, Habit, Person.week_starts, Person.zone)
    .join(Habit, Habit.id == Member.habit_id)
    .join(Person, Person.id == Member.person_id)
    .where(Member.person_id.in_(_ids))
    .order_by(Member.person_id, Member.number)
)
GOALS = select(GoalRow).where(GoalRow.habit_id.in_(_ids))
ENTRIES = select(
    # Ids as the driver gives them: to make UUIDs of them all would take as long as everything else.
    type_coerce(EntryRow.person_id, NullType()),
    type_coerce(EntryRow.habit_id, NullType()),
    type_coerce(EntryRow.id, NullType()),
    type_coerce(EntryRow.undoes_id, NullType()),
    EntryRow.seq,
    EntryRow.day,
    EntryRow.kind,
).where(EntryRow.person_id.in_(_ids))
PAUSES = select(PauseRow).where(PauseRow.person_id.in_(_ids))


@dataclass(frozen=True)
class Share:
    """One person's part in one habit."""

    person_id: UUID
    habit_id: UUID
    practice: str
    number: int
    cue_sealed: bytes | None
    living: bool
    """Neither ended nor left."""
    taper: bool
    ended_on: date | None
    """The habit's own last day, whether or not this person has left it before."""
    joint: Joint
    facts: Facts

    @cached_property
    def _said(self) -> dict[Mark, set[date]]:
        """The days of which something was said that still stands, by what was said."""
        said: dict[Mark, set[date]] = {mark: set() for mark in Mark}
        taken = taken_back(self.facts.entries)
        for entry in self.facts.entries:
            if entry.id not in taken:
                said[entry.kind].add(entry.day)
        return said

    def done_on(self, day: date) -> bool:
        if not self.facts.entries:
            return day in self.facts.said.done
        return day in self._said[Mark.DONE]

    def skipped_on(self, day: date) -> bool:
        """Say whether the day was skipped, and not done all the same."""
        if not self.facts.entries:
            return day in self.facts.said.skipped and not self.done_on(day)
        return day in self._said[Mark.SKIPPED] and not self.done_on(day)

    def progress(self, today: date) -> Progress:
        return streaks.progress(self.facts, today)

    def deepest(self, today: date) -> int:
        """Return how deep prompts may go: light ones at first, deeper ones after two weeks."""
        return 1 if today - self.facts.started_on < LIGHT_ONLY else 2

    def goal(self, today: date) -> str:
        return goal_text(goal_on(self.facts.goals, today))

    def title(self, language: str) -> str:
        return self._practice(language).title

    def aliases(self, language: str) -> tuple[str, ...]:
        return self._practice(language).aliases

    def _practice(self, language: str) -> practices.Practice:
        return practices.catalogue(language)[self.practice]

    def cue(self, sealer: Sealer) -> str | None:
        return sealer.unseal(self.cue_sealed) if self.cue_sealed else None


def shares(session: Session, person_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], Share]:
    """Return each person's share in each habit, by (person, habit), in the order of their numbers.

    Four statements, however many people.
    """
    session.flush()
    ids = list(person_ids)
    rows = session.execute(MEMBERS, {"ids": ids}).all()
    goals = _goals(session, list({habit.id for _, habit, _, _ in rows}))
    entries = _entries(session, ids)
    pauses = _pauses(session, ids)
    return {
        (member.person_id, habit.id): Share(
            person_id=member.person_id,
            habit_id=habit.id,
            practice=habit.practice,
            number=member.number,
            cue_sealed=member.cue_sealed,
            living=habit.ended_on is None and member.left_on is None,
            taper=habit.taper,
            ended_on=habit.ended_on,
            joint=habit.joint,
            facts=Facts(
                started_on=habit.started_on,
                ended_on=_earliest(habit.ended_on, member.left_on),
                goals=goals[habit.id],
                entries=entries[member.person_id, habit.id],
                pauses=[
                    *pauses[member.person_id, None],
                    *pauses[member.person_id, habit.id],
                    *never_were(zone, habit.started_on),
                ],
                week_starts=week_starts,
            ),
        )
        for member, habit, week_starts, zone in rows
    }


@lru_cache(maxsize=4096)
def never_were(zone: str, started_on: date) -> tuple[Pause, ...]:
    """Return the dates that the person's zone skipped since the start: nobody can practise on them."""
    skipped = days.skipped_dates(due.zone_of(zone))
    return tuple(Pause(day, day) for day in skipped if day >= started_on)


def _earliest(*days: date | None) -> date | None:
    return min((day for day in days if day), default=None)


def _goals(session: Session, habit_ids: list[UUID]) -> dict[UUID, list[DatedGoal]]:
    found: dict[UUID, list[DatedGoal]] = defaultdict(list)
    for row in session.scalars(GOALS, {"ids": habit_ids}):
        goal = goal_of_row(row.kind, row.times, row.days, row.weekdays, row.reserve)
        found[row.habit_id].append(DatedGoal(row.effective_on, goal))
    return found


def _entries(session: Session, person_ids: list[UUID]) -> dict[tuple[UUID, UUID], list[Entry]]:
    by_raw: dict[tuple[object, object], list[Entry]] = defaultdict(list)
    for person, habit, entry_id, undoes, seq, day, kind in session.execute(ENTRIES, {"ids": person_ids}):
        by_raw[person, habit].append(Entry(entry_id, seq, day, kind, undoes))
    return defaultdict(list, {(UUID(str(p)), UUID(str(h))): said for (p, h), said in by_raw.items()})


def _pauses(session: Session, person_ids: list[UUID]) -> dict[tuple[UUID, UUID | None], list[Pause]]:
    found: dict[tuple[UUID, UUID | None], list[Pause]] = defaultdict(list)
    for row in session.scalars(PAUSES, {"ids": person_ids}):
        found[row.person_id, row.habit_id].append(Pause(row.from_on, row.to_on))
    return found
