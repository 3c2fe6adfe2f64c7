"""When each reminder comes next, and when a person is due: kept together, in one transaction."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, bindparam, func, or_, select
from sqlalchemy.orm import Session

from habits import days, nudging, schedule
from habits.hours import CATCH_UP
from habits.nudging import Rules
from service import lapsing, outbox
from service.models import Address, Habit, Member, Pause, Person, Reminder
from service.states import NudgeKind

REMINDED = (
    NudgeKind.NUDGE,
    NudgeKind.RESCUE,
    NudgeKind.PULSE,
    NudgeKind.SUMMARY,
    NudgeKind.WELCOME,
    NudgeKind.QUESTION,
)
"""Messages that nobody asked for: a pause lets go of them."""
A_DAY = timedelta(days=1)
LATE = timedelta(minutes=15)
"""A message that was fetched so long after it came is not waited for any more: its writer may be asleep."""
LIVE_REMINDERS = (
    select(Reminder)
    .outerjoin(Habit, Habit.id == Reminder.habit_id)
    .outerjoin(Member, (Member.habit_id == Reminder.habit_id) & (Member.person_id == Reminder.person_id))
    .where(
        Reminder.person_id.in_(bindparam("ids", expanding=True)),
        Habit.ended_on.is_(None),
        Member.left_on.is_(None),
    )
    .order_by(Reminder.next_at, Reminder.id)
)
ALL_PAUSES = select(Pause.person_id, Pause.from_on, Pause.to_on).where(
    Pause.person_id.in_(bindparam("ids", expanding=True)),
    Pause.habit_id.is_(None),
    or_(Pause.to_on.is_(None), Pause.to_on >= bindparam("earliest", type_=Date)),
)

parse = lru_cache(maxsize=4096)(schedule.parse)
zone_of = lru_cache(maxsize=1024)(ZoneInfo)


class Somebody(Protocol):
    """Whoever has days of their own: a row, or what planning knows of one."""

    @property
    def zone(self) -> str: ...
    @property
    def day_starts(self) -> time: ...
    @property
    def quiet_from(self) -> time: ...
    @property
    def quiet_to(self) -> time: ...
    @property
    def daily_cap(self) -> int: ...


class Scheduled(Protocol):
    """A reminder: a row, or what planning knows of one."""

    @property
    def schedule(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def starts_on(self) -> date: ...
    @property
    def fired_on(self) -> date | None: ...


def rules_of(person: Somebody, catch_up: timedelta = CATCH_UP) -> Rules:
    """Return a person's own limits; the catch-up limit is the installation's and comes from the caller."""
    return _rules(
        person.zone, person.day_starts, person.quiet_from, person.quiet_to, person.daily_cap, catch_up
    )


@lru_cache(maxsize=4096)
def _rules(zone: str, day_starts: time, quiet_from: time, quiet_to: time, cap: int, up: timedelta) -> Rules:
    return Rules(zone_of(zone), day_starts, quiet_from, quiet_to, cap, up)


def today(person: Somebody, at: datetime) -> date:
    """Return the person's own day at an instant."""
    return days.day_of(at, zone_of(person.zone), person.day_starts)


def next_of(reminder: Scheduled, zone: str, after: datetime) -> datetime | None:
    """Return the reminder's next instant strictly after `after`, on a later local date than it last fired."""
    return schedule.next_at(
        parse(reminder.schedule),
        after,
        zone_of(zone),
        reminder.starts_on,
        reminder.seed,
        not_on_or_before=reminder.fired_on,
    )


def fires_on(reminder: Scheduled, zone: str, at: datetime) -> date:
    """Return the local date that the reminder's instant `at` stands for."""
    return schedule.fires_on(parse(reminder.schedule), at, zone_of(zone), reminder.starts_on, reminder.seed)


def refresh(session: Session, person: Person, now: datetime) -> None:
    """Recompute a person's reminders from now on, and when the person is due.

    Called after any change of schedule, zone, habits, consent or stop. Whoever cannot be reached is not due;
    for whoever is, a reminder whose time has come stays due until it is planned.
    """
    session.flush()
    for reminder in live_reminders(session, [person.id]):
        overdue = reminder.next_at is not None and reminder.next_at <= now
        if not overdue or person.due_at is None:
            reminder.next_at = next_of(reminder, person.zone, now)
    set_due(session, person)


def work_out(session: Session, people: Mapping[UUID, Person], now: datetime) -> None:
    """Work out from now on, in one look for all, when these locked people's reminders come and they are due.

    Called when the rules of time zones have changed. What is overdue stays due until it is planned, and who
    is not due, since nobody reaches them, is not.
    """
    soonest: dict[UUID, datetime] = {}
    for reminder in live_reminders(session, people):
        person = people[reminder.person_id]
        if reminder.next_at is None or reminder.next_at > now:
            reminder.next_at = next_of(reminder, person.zone, now)
        if reminder.next_at:
            soonest[person.id] = min(reminder.next_at, soonest.get(person.id, reminder.next_at))
    for person in people.values():
        if person.due_at is not None:
            person.due_at = soonest.get(person.id)


def set_due(session: Session, person: Person) -> None:
    """Set when a person is due from the reminders as they are."""
    session.flush()
    at = [r.next_at for r in live_reminders(session, [person.id]) if r.next_at]
    person.due_at = min(at) if at and reachable(session, person) else None


def reachable(session: Session, person: Person) -> bool:
    """Say whether the person wants messages and has a living address that said yes."""
    said_yes = select(Address.id).where(
        Address.person_id == person.id, Address.dead_at.is_(None), Address.verified_at.is_not(None)
    )
    return person.stopped_at is None and session.scalar(said_yes.limit(1)) is not None


def live_reminders(session: Session, person_ids: Collection[UUID]) -> list[Reminder]:
    """Return these people's reminders of habits that have not ended and that they have not left."""
    return list(session.scalars(LIVE_REMINDERS, {"ids": list(person_ids)}))


def paused_on(session: Session, person_id: UUID, day: date) -> bool:
    """Say whether all of a person's habits are paused on a day."""
    pauses = select(Pause.id).where(
        Pause.person_id == person_id,
        Pause.habit_id.is_(None),
        Pause.from_on <= day,
        or_(Pause.to_on.is_(None), Pause.to_on >= day),
    )
    return session.scalar(pauses.limit(1)) is not None


def all_paused(session: Session, days: Mapping[UUID, date]) -> set[UUID]:
    """Return those of these people all of whose habits are paused on the day that is given for them."""
    rows = session.execute(ALL_PAUSES, {"ids": list(days), "earliest": min(days.values())})
    return {who for who, first, last in rows if first <= days[who] and (last is None or days[who] <= last)}


def pause_began_on(session: Session, person_id: UUID, day: date) -> date | None:
    """Return when the pause of all of a person's habits began that has no end and covers a day, or None."""
    return session.scalar(
        select(func.max(Pause.from_on)).where(
            Pause.person_id == person_id,
            Pause.habit_id.is_(None),
            Pause.from_on <= day,
            Pause.to_on.is_(None),
        )
    )


def next_for(session: Session, person: Person) -> datetime | None:
    """Return when the next reminder comes that is not of a habit at rest; None if nobody can be reached."""
    if person.due_at is None:
        return None
    rests = session.scalars(
        select(Pause).where(Pause.person_id == person.id, Pause.habit_id.is_not(None))
    ).all()

    def rests_at(reminder: Reminder, at: datetime) -> bool:
        on = today(person, at)
        return any(
            one.habit_id == reminder.habit_id and one.from_on <= on and (one.to_on is None or on <= one.to_on)
            for one in rests
        )

    coming = live_reminders(session, [person.id])
    return min((r.next_at for r in coming if r.next_at and not rests_at(r, r.next_at)), default=None)


def pause(session: Session, person: Person, first: date, last: date | None) -> None:
    """Pause a person from `first` to `last`, both paused, or until resumed; what is planned lapses."""
    _end(session, first, Pause.person_id == person.id, Pause.habit_id.is_(None))
    session.add(Pause(person_id=person.id, from_on=first, to_on=last))
    lapsing.lapse_planned(session, person.id, nudging.Reason.PAUSED, REMINDED)


def rest_for_a_day(session: Session, person: Person, now: datetime) -> None:
    """Let a person's nudges rest for 24 hours; it looks like any pause, and RESUME ends it."""
    on = today(person, now)
    if not paused_on(session, person.id, on):
        session.add(Pause(person_id=person.id, from_on=on, to_on=on))
    person.rested_until = now + A_DAY
    lapsing.lapse_planned(session, person.id, nudging.Reason.PAUSED, REMINDED)
    session.flush()


def end_rests(session: Session, now: datetime, limit: int = 500) -> int:
    """Forget rests that are over, of people whom nobody else holds; return how many."""
    over = select(Person.id).where(Person.rested_until <= now).limit(limit)
    people = outbox.lock_people(session, session.scalars(over).all(), wait=False)
    for person in people.values():
        person.rested_until = None
    return len(people)


def rest_habits(
    session: Session, person: Person, habit_ids: Collection[UUID], first: date, last: date | None
) -> None:
    """Pause these habits of a person from `first` to `last`, both paused, or until resumed."""
    resume_habits(session, person, habit_ids, first)
    for habit_id in habit_ids:
        session.add(Pause(person_id=person.id, habit_id=habit_id, from_on=first, to_on=last))
    lapsing.lapse_habits(session, person.id, habit_ids, nudging.Reason.PAUSED)
    session.flush()


def resume_habits(session: Session, person: Person, habit_ids: Collection[UUID], day: date) -> None:
    """End every pause of these habits alone, so that `day` is the first day back."""
    _end(session, day, Pause.person_id == person.id, Pause.habit_id.in_(habit_ids))


def resume(session: Session, person: Person, day: date) -> None:
    """End every pause of the whole person so that `day` is the first day back, and any rest."""
    person.rested_until = None
    _end(session, day, Pause.person_id == person.id, Pause.habit_id.is_(None))


def _end(session: Session, day: date, *which: ColumnElement[bool]) -> None:
    """End these pauses so that `day` is the first day back."""
    for one in session.scalars(select(Pause).where(*which, or_(Pause.to_on.is_(None), Pause.to_on >= day))):
        if one.from_on >= day:
            session.delete(one)
        else:
            one.to_on = day - timedelta(days=1)
    session.flush()


def out_of_quiet(person: Person, at: datetime) -> datetime:
    """Return `at`, or the end of the person's quiet hours that it falls in."""
    return nudging.out_of_quiet(at, rules_of(person))


def soon_after(person: Person, came_at: datetime, now: datetime) -> datetime:
    """Return when what a message of `came_at` brings may go: now, or by day if it was fetched late."""
    return out_of_quiet(person, now) if now - came_at > LATE else now


def next_clock(person: Person, clock: time, now: datetime) -> datetime | None:
    """Return when the person's clocks show this time next, strictly after now."""
    today = now.astimezone(zone_of(person.zone)).date()
    found = (days.instant(today + timedelta(days=ahead), clock, zone_of(person.zone)) for ahead in range(3))
    return next((at for at in found if at and at > now), None)
