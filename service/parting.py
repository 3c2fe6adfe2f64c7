"""What a person may end alone, at once and unannounced: their part in a habit, or all that we keep of them.

The caller holds the person's lock, and has one transaction for all of it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from service import due, joints, lapsing, traces
from service.models import (
    Address,
    Attempt,
    Consent,
    Couple,
    Habit,
    Member,
    Nudge,
    Pause,
    Person,
    Receipt,
    Reply,
)
from service.site import Site


def leave(session: Session, person: Person, habit_ids: Collection[UUID], now: datetime) -> int:
    """End a person's part in these habits as of their own today; return how many they were still in.

    The facts up to today stay and are judged as of today, and the number stays theirs. Nothing more goes out
    about these habits, unless it is planned already together with one that goes on.
    """
    today = due.today(person, now)
    left = 0
    for member, habit in session.execute(
        select(Member, Habit)
        .join(Habit, Habit.id == Member.habit_id)
        .where(Member.person_id == person.id, Member.habit_id.in_(habit_ids), Member.left_on.is_(None))
    ):
        member.left_on = max(today, habit.started_on)
        left += 1
    session.flush()
    lapsing.lapse_ended(session, [person.id])
    due.set_due(session, person)
    return left


def come_back(session: Session, person: Person, habit_ids: Collection[UUID], now: datetime) -> None:
    """Take up again what a person left, under its number; the days between count for nothing."""
    today = due.today(person, now)
    for member in session.scalars(
        select(Member)
        .join(Habit, Habit.id == Member.habit_id)
        .where(
            Member.person_id == person.id,
            Member.habit_id.in_(habit_ids),
            Member.left_on.is_not(None),
            Habit.ended_on.is_(None),
        )
    ):
        assert member.left_on is not None
        first, last = member.left_on + timedelta(days=1), today - timedelta(days=1)
        if first <= last:
            session.add(Pause(person_id=person.id, habit_id=member.habit_id, from_on=first, to_on=last))
        member.left_on = None
    session.flush()
    # What came due meanwhile was about nothing: it is not told as late.
    for reminder in due.live_reminders(session, [person.id]):
        if reminder.habit_id in habit_ids:
            reminder.next_at = due.next_of(reminder, person.zone, now)
    due.set_due(session, person)


def forget(session: Session, site: Site, person: Person, now: datetime) -> None:
    """Delete a person and all that is theirs; the ledger and the list of suppressed addresses stay.

    What is kept holds keyed hashes of the addresses and no person. What the couple has taken up goes on for
    the other one, who keeps the days that they had together; with the last of the two the couple goes, and
    all that was theirs.
    """
    joints.keep(session, person, now)
    traces.mark(session)
    traces.keep_ids(session, site, person.id, now)
    person_id, couple_id = person.id, person.couple_id
    theirs = select(Attempt.channel, Attempt.provider_id).join(Nudge).where(Nudge.person_id == person_id)
    session.execute(
        delete(Receipt).where(tuple_(Receipt.channel, Receipt.provider_id).in_(theirs)),
        execution_options={"synchronize_session": False},
    )
    # What they wrote before they were enrolled, or from an address that was out of use, names nobody.
    hashes = select(Address.lookup).where(Address.person_id == person_id)
    session.execute(
        delete(Reply).where(Reply.person_id.is_(None), Reply.lookup.in_(hashes)),
        execution_options={"synchronize_session": False},
    )
    # As with the address: what the ledger says stays, and no longer by which message, which goes.
    session.execute(
        update(Consent).where(Consent.lookup.in_(hashes)).values(reply_id=None),
        execution_options={"synchronize_session": False},
    )
    session.execute(delete(Person).where(Person.id == person_id))  # The foreign keys take the rest along.
    if couple_id:
        _end_if_empty(session, couple_id)


def _end_if_empty(session: Session, couple_id: UUID) -> None:
    # Locked as for somebody who joins: one of two who leave or join together sees the other.
    couple = session.get(Couple, couple_id, with_for_update=True)
    if couple and session.scalar(select(Person.id).where(Person.couple_id == couple_id).limit(1)) is None:
        session.execute(delete(Couple).where(Couple.id == couple_id))
