"""A person's zone, hours and wishes changed: at once, also for what is planned already."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from habits import nudging
from habits.nudging import Reason, Rules
from service import due, lapsing, outbox, wishes
from service.errors import AttuneError
from service.models import Nudge, Person, Reminder
from service.site import Site
from service.states import Cause, NudgeKind, NudgeState
from service.wishes import Wishes

AS_GIVEN = (
    "zone",
    "language",
    "country",
    "day_starts",
    "week_starts",
    "quiet_from",
    "quiet_to",
    "daily_cap",
    "discreet",
)
"""Wishes that are kept in the column of that name as they are."""
PLANNED = (NudgeState.PLANNED,)
SAME_FOR_ALL = (NudgeKind.CONSENT, NudgeKind.NOTICE, NudgeKind.PULSE, NudgeKind.ANSWER)
WITH_TITLES = tuple(kind for kind in NudgeKind if kind not in SAME_FOR_ALL)
"""Messages that name a practice to whoever has not asked for discreet ones; an answer is on its way."""
TELLING = "its words were written before discreet ones were asked for"


def edit_person(site: Site, person_id: UUID, changes: Wishes, now: datetime) -> None:
    """Change what was said of a person; what is None stays as it is.

    Another zone moves their reminders at once, none of which fires twice on a date; what is planned already
    keeps out of the quiet hours that are theirs now. Raises WrongUsage, with nothing changed, as enrolling.
    """
    wishes.check(changes)
    with site.db.write() as session:
        person = outbox.lock_people(session, [person_id]).get(person_id)
        if person is None:
            raise AttuneError("There is no such person any more.")
        zone_before, discreet_before, rules_before = person.zone, person.discreet, due.rules_of(person)
        for name in AS_GIVEN:
            if (value := getattr(changes, name)) is not None:
                setattr(person, name, value)
        if changes.name is not None:
            person.name_sealed = site.sealer.seal(changes.name.strip())
        if person.zone != zone_before:
            _move(session, person, zone_before, now)
        if (rules := due.rules_of(person)) != rules_before:
            for nudge in _planned(session, person.id):
                _keep_quiet(session, nudge, replace(rules, catch_up=site.catch_up), now)
        if person.discreet and not discreet_before:
            lapsing.lapse_planned(session, person.id, TELLING, WITH_TITLES)


def _move(session: Session, person: Person, zone_before: str, now: datetime) -> None:
    """Recompute when a person's reminders come next, in the zone that is theirs now."""
    for reminder in due.live_reminders(session, [person.id]):
        if not _stays_due(reminder, zone_before, person.zone, now):
            reminder.next_at = due.next_of(reminder, person.zone, now)
    due.set_due(session, person)


def _stays_due(reminder: Reminder, before: str, after: str, now: datetime) -> bool:
    """Say whether a reminder has come due, is not yet planned, and counts for the same date in both zones."""
    at = reminder.next_at
    if at is None or at > now:
        return False
    return due.fires_on(reminder, before, at) == due.fires_on(reminder, after, at)


def _planned(session: Session, person_id: UUID) -> list[Nudge]:
    """Return what is planned for a person and has to keep out of quiet hours, locked.

    An answer, and what somebody asked for, comes when it comes.
    """
    return list(
        session.scalars(
            select(Nudge)
            .where(
                Nudge.person_id == person_id,
                Nudge.state == NudgeState.PLANNED,
                Nudge.cause_kind.in_((Cause.REMINDER, Cause.ENROLMENT, Cause.CODE, Cause.TOGETHER)),
            )
            .order_by(Nudge.id)
            .with_for_update()
        )
    )


def _keep_quiet(session: Session, nudge: Nudge, rules: Rules, now: datetime) -> None:
    """Move a planned message out of quiet hours, as planning would, or let it go if that is too late."""
    not_before = nudging.out_of_quiet(max(nudge.not_before, now), rules)
    moved = not_before > max(nudge.not_before, now)
    if nudge.cause_kind is not Cause.REMINDER:
        if moved:
            outbox.move(session, nudge.id, PLANNED, NudgeState.PLANNED, nudge.reason, not_before=not_before)
        return
    effective_at = nudging.out_of_quiet(nudge.due_at, rules)
    if rules.day(not_before) != rules.day(nudge.due_at) or not_before - effective_at >= rules.catch_up:
        outbox.move(session, nudge.id, PLANNED, NudgeState.LAPSED, Reason.QUIET_HOURS)
        return
    outbox.move(
        session,
        nudge.id,
        PLANNED,
        NudgeState.PLANNED,
        Reason.MOVED if moved else nudge.reason,
        not_before=not_before if moved else nudge.not_before,
        expires_at=nudging.expiry(effective_at, not_before, rules),
    )
