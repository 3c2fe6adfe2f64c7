"""What two years have left in the rows, read back once; local times are worked out anew, with zoneinfo alone.

Ids sort by the time at which they were made, whatever the clock of the site was set to meanwhile: they tell
what was known when something was decided.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from habits.entries import Mark
from service.db import Database
from service.models import (
    Address,
    Attempt,
    Consent,
    EntryRow,
    GoalRow,
    Habit,
    Nudge,
    NudgeItem,
    Pause,
    Person,
    Reminder,
    Reply,
    Row,
)
from service.sealing import Sealer
from service.states import Cause, NudgeKind
from tests.simulation.play import Moved

Kept = TypeVar("Kept", bound=Row)

DAY = timedelta(days=1)
RESUMED = ("Good to have you back", "Welcome back, nothing was lost", "Welcome back, your reminders are on")
ABOUT_HABITS = (NudgeKind.NUDGE, NudgeKind.RESCUE, NudgeKind.WELCOME, NudgeKind.QUESTION)


@dataclass(frozen=True, slots=True)
class Message:
    """One row of `nudge` with what belongs to it, in the order of attempts."""

    row: Nudge
    items: list[NudgeItem]
    attempts: list[Attempt]

    @property
    def unprompted(self) -> bool:
        return self.row.cause_kind is Cause.REMINDER

    @property
    def about_habits(self) -> bool:
        return self.unprompted and self.row.kind in ABOUT_HABITS

    @property
    def went_at(self) -> datetime:
        return self.attempts[0].claimed_at


@dataclass(slots=True)
class One:
    """All rows of one person, in the order in which they were made."""

    person: Person
    zones: list[tuple[UUID, ZoneInfo]] = field(default_factory=list)
    moves: list[datetime] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    resumed: list[UUID] = field(default_factory=list)
    """Answers that welcomed whoever ended a pause by writing."""

    @property
    def went(self) -> Iterator[Message]:
        """Messages that were handed over and that nobody had asked for, in the order in which they went."""
        sent = [one for one in self.messages if one.unprompted and one.attempts]
        return iter(sorted(sent, key=lambda one: one.attempts[0].id))

    def zone(self, by: UUID) -> ZoneInfo:
        """Return the person's zone when the row with this id was made."""
        return [zone for since, zone in self.zones if since < by][-1]

    def day(self, at: datetime, by: UUID) -> date:
        """Return the person's day of an instant, as their clocks were when a row was made."""
        zone = self.zone(by)
        day = at.astimezone(zone).date() + DAY
        while instant(day, self.person.day_starts, zone) > at:
            day -= DAY
        return day

    def out_of_quiet(self, at: datetime, by: UUID) -> datetime:
        """Return the instant, or the end of the quiet hours that it falls in."""
        zone, begins, ends = self.zone(by), self.person.quiet_from, self.person.quiet_to
        for ahead in (-2, -1, 0, 1):
            day = at.astimezone(zone).date() + DAY * ahead
            end = instant(day + DAY * (ends < begins), ends, zone)
            if begins != ends and instant(day, begins, zone) <= at < end:
                at = end
        return at

    def said(self, habit_id: UUID, day: date, mark: Mark, by: UUID) -> bool:
        """Say whether an entry stood for this day when the row with this id was made."""
        return day in self.said_days(habit_id, mark, by)

    def said_days(self, habit_id: UUID, mark: Mark, by: UUID) -> set[date]:
        """Return the days of which this was said, and not taken back, when the row with this id was made."""
        known = [entry for entry in self.entries if entry.id < by and entry.habit_id == habit_id]
        undone = {entry.undoes_id for entry in known}
        return {entry.day for entry in known if entry.kind is mark and entry.id not in undone}

    def moved_about(self, at: datetime) -> bool:
        """Say whether the person moved within three days of an instant: an outage may last two."""
        return any(abs(at - moved_at) < 3 * DAY for moved_at in self.moves)

    def name(self) -> str:
        return f"person …{self.person.id.hex[-6:]}"


@dataclass(slots=True)
class Rows:
    """All that was left, by person; habits, goals and reminders by id."""

    people: dict[UUID, One]
    habits: dict[UUID, Habit]
    goals: dict[UUID, list[GoalRow]]
    reminders: dict[UUID, Reminder]
    over_at: datetime
    """When the last message went, about the end of the play."""

    def goal(self, habit_id: UUID, day: date) -> GoalRow:
        """Return the goal in force on a day."""
        begun = [goal for goal in self.goals[habit_id] if goal.effective_on <= day]
        return max(begun, key=lambda goal: goal.effective_on)


Told = Iterator[str | None]
Rule = Callable[[Rows, One], Told]


def breach(broken: bool, one: One, message: Message, what: str) -> str | None:
    """Return what was wrong with a message, for somebody who wants to find it again; None if nothing was."""
    if not broken:
        return None
    at = message.went_at if message.attempts else message.row.due_at
    kind = f"{message.row.kind} …{message.row.id.hex[-6:]}"
    return f"{one.name()} in {one.person.zone}: {kind}, {at:%Y-%m-%d %H:%M}: {what}."


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return when clocks show this: what does not exist moves on, of what exists twice it is the first."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


@cache
def skipped_dates(zone: ZoneInfo) -> list[date]:
    """Return the dates of the years that are played which never were in a zone."""
    noon = time(12)
    days = (date(2010, 1, 1) + DAY * ahead for ahead in range(20 * 365))
    return [day for day in days if instant(day, noon, zone).astimezone(zone).date() != day]


def read(db: Database, sealer: Sealer, moved: Sequence[Moved]) -> Rows:
    """Return what is in the database; zones that people have left are told by those who moved."""
    with db.read() as session:
        people = {person.id: One(person) for person in _all(session, Person)}
        for move in moved:
            people[move.person_id].zones.append((move.id, ZoneInfo(move.zone)))
            people[move.person_id].moves.append(move.at)
        items: dict[UUID, list[NudgeItem]] = defaultdict(list)
        for item in sorted(_all(session, NudgeItem), key=lambda item: item.position):
            items[item.nudge_id].append(item)
        attempts: dict[UUID, list[Attempt]] = defaultdict(list)
        for attempt in _all(session, Attempt):
            attempts[attempt.nudge_id].append(attempt)
        for nudge in _all(session, Nudge):
            people[nudge.person_id].messages.append(Message(nudge, items[nudge.id], attempts[nudge.id]))
            words = sealer.unseal(nudge.words_sealed) if nudge.words_sealed else ""
            if nudge.kind is NudgeKind.ANSWER and any(welcome in words for welcome in RESUMED):
                people[nudge.person_id].resumed.append(nudge.id)
        owners = {address.lookup: address.person_id for address in _all(session, Address)}
        for consent in _all(session, Consent):
            people[owners[consent.lookup]].consents.append(consent)
        for reply in _all(session, Reply):
            people[owners[reply.lookup]].replies.append(reply)
        for entry in _all(session, EntryRow):
            people[entry.person_id].entries.append(entry)
        for pause in _all(session, Pause):
            people[pause.person_id].pauses.append(pause)
        goals: dict[UUID, list[GoalRow]] = defaultdict(list)
        for goal in _all(session, GoalRow):
            goals[goal.habit_id].append(goal)
        rows = Rows(
            people,
            {habit.id: habit for habit in _all(session, Habit)},
            goals,
            {reminder.id: reminder for reminder in _all(session, Reminder)},
            max(attempt.claimed_at for tried in attempts.values() for attempt in tried),
        )
        session.expunge_all()
        return rows


def _all(session: Session, row: type[Kept]) -> list[Kept]:
    """Return all rows of a table, in the order in which they were made if they have an id."""
    return sorted(session.scalars(select(row)), key=lambda one: getattr(one, "id", UUID(int=0)))
