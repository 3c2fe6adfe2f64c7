"""Due people become nudges with their words: the first step of the walk.

People are claimed, not reminders, so that two workers can never split a digest. One transaction a batch, and
in it as many statements for five hundred people as for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm import Session

from habits import needs, nudging, streaks
from habits.entries import Pause
from habits.nudging import Due, History, Kind, Reason, Silence, Standing
from service import batches, drafting, due, meter, outbox, rests, ringing
from service.db import insert_new
from service.drafting import Round, Wanted, at_of, day_of, lapsed, week_on
from service.ids import new_id
from service.looking import look, look_at_prompts
from service.models import Member, Person, Pulse
from service.outbox import NewNudge
from service.ringing import DuePerson, DueReminder
from service.site import Site
from service.states import NudgeKind, NudgeState, Purpose, RestKind
from service.trouble import DatabaseError

BATCH = 500
"""People claimed in one transaction at the most: other writers get their turn in between."""
UNPLANNABLE_FOR = timedelta(hours=1)
AGO = timedelta(days=1)
"""What was due longer ago than this and catch-up is of no use, wherever quiet hours moved it."""
SAME_MESSAGE = ((Purpose.NUDGE, Purpose.RESCUE), (Purpose.PULSE,), (Purpose.SUMMARY,))
"""What shares a message."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What one batch did: people looked at, messages planned, messages let go."""

    people: int = 0
    planned: int = 0
    let_go: int = 0

    def __add__(self, other: "Planned") -> "Planned":
        return Planned(self.people + other.people, self.planned + other.planned, self.let_go + other.let_go)


class Unplannable(Exception):  # noqa: N818 (It is caught where it is expected.)
    """Nothing can be planned for one of these: something of theirs cannot be read. Nothing was changed."""

    def __init__(self, person_ids: Sequence[UUID]) -> None:
        self.person_ids = person_ids


def plan_due(site: Site, now: datetime, limit: int = BATCH) -> Planned:
    """Plan for up to `limit` people who are due at `now`; safe to repeat and to run in many processes.

    Raises Unplannable, with nothing changed, for what is wrong with one of them.
    """
    people: list[DuePerson] = []
    try:
        return _plan_due(site, now, limit, people)
    except (DBAPIError, DatabaseError, NoneFree):
        raise
    except Exception as error:
        if people:
            raise Unplannable([person.id for person in people]) from error
        raise


def put_off(site: Site, person_id: UUID, now: datetime) -> None:
    """Look again in an hour at somebody for whom nothing can be planned: others do not wait for them."""
    with site.db.write() as session:
        later = update(Person).where(Person.id == person_id, Person.due_at <= now)
        session.execute(later.values(due_at=now + UNPLANNABLE_FOR))


def _plan_due(site: Site, now: datetime, limit: int, people: list[DuePerson]) -> Planned:
    with site.db.write() as session:
        people += ringing.claim(session, now, min(limit, BATCH))
        if not people:
            return Planned()
        nudges: list[NewNudge] = []
        for person in people:
            person.rules = due.rules_of(person, site.catch_up)
            nudges += [late for one in person.reminders for late in _catch_up(person, one, now)]
            person.groups = [group for of in SAME_MESSAGE if (group := _joined(person, of, now))]
        look(session, people, now)
        wanted: list[Wanted] = []
        for person in people:
            for group in person.groups:
                nudges += _decide(person, group, wanted, now)
        look_at_prompts(session, [(one.person, reminder) for one in wanted for reminder in one.reminders])
        rounds: list[Round] = []
        nudges += [drafting.message(site, one, rounds) for one in wanted]
        for person in people:
            _move_all_on(person, now)
        new = outbox.add(session, site.sealer, nudges)
        added = nudges if len(new) == len(nudges) else [nudge for nudge in nudges if nudge.id in new]
        live = [nudge for nudge in added if nudge.state is NudgeState.PLANNED]
        _follow_up(session, live, people, rounds)
        ringing.save(session, people)
        if site.on_planned:
            site.on_planned(session, sum(nudge.not_before <= now for nudge in live))
    meter.decided(added)
    return Planned(len(people), len(live), len(added) - len(live))


def _joined(person: DuePerson, purposes: Sequence[Purpose], now: datetime) -> list[DueReminder]:
    """Return those of these purposes that are due now, and those that join their message."""
    coming = [one for one in person.reminders if one.next_at and one.purpose in purposes]
    ripe = [at_of(one) for one in coming if at_of(one) <= now]
    if not ripe:
        return []
    until = max(now, nudging.joins_until(min(ripe), person.rules))
    return [one for one in coming if at_of(one) <= until]


def _catch_up(person: DuePerson, reminder: DueReminder, now: datetime) -> list[NewNudge]:
    """Move a reminder on past all that is late, and return the rows that say so.

    After a long outage the first and those of about the last day get a row each.
    """
    late: list[NewNudge] = []
    while reminder.next_at and nudging.is_late(reminder.next_at, person.rules, now):
        late.append(lapsed(person, NudgeKind(reminder.purpose.value), [reminder], Reason.LATE))
        _move_on(person, reminder, max(reminder.next_at, now - AGO - person.rules.catch_up))
    return late


def _move_all_on(person: DuePerson, now: datetime) -> None:
    """Move on the reminders that were decided about, and set when the person is due next."""
    for group in person.groups:
        for reminder in group:
            _move_on(person, reminder, max(now, at_of(reminder)))
    person.due_at = min((one.next_at for one in person.reminders if one.next_at), default=None)


def _move_on(person: DuePerson, reminder: DueReminder, after: datetime) -> None:
    """Note that a reminder fired at its time, and set the next one after `after`."""
    reminder.fired_on = due.fires_on(reminder, person.zone, at_of(reminder))
    reminder.next_at = due.next_of(reminder, person.zone, after)
    reminder.has_moved = True


def _decide(
    person: DuePerson, reminders: list[DueReminder], wanted: list[Wanted], now: datetime
) -> list[NewNudge]:
    """Ask the policy about reminders that share a message; note the message, and return what was let go."""
    asked = tuple(
        Due(place, at_of(one), Kind(one.purpose.value), _standing(person, one))
        for place, one in enumerate(reminders)
    )
    decision = nudging.decide(asked, person.rules, _history(person, now), now)
    person.away_on = decision.away_on
    made: list[NewNudge] = []
    if decision.not_before:
        sent = [one for place, one in enumerate(reminders) if place in decision.send]
        wanted.append(Wanted(person, sent, decision, new_id()))
        person.planned.append(decision.not_before)
        if decision.kind is not Kind.SUMMARY:
            person.unanswered.append((NudgeKind(decision.kind.value), decision.not_before))
        for reminder in sent:
            reminder.thinned = 0
    for reason in dict.fromkeys(why for _, why in decision.let_go):
        gone = [one for place, one in enumerate(reminders) if (place, reason) in decision.let_go]
        kind = NudgeKind(min(gone, key=lambda r: r.purpose is Purpose.RESCUE).purpose.value)
        made.append(lapsed(person, kind, gone, reason))
        if reason is Reason.TAPERED:
            for reminder in gone:
                reminder.thinned += 1
    return made


def _history(person: DuePerson, now: datetime) -> History:
    today = due.today(person, now)
    return History(
        consent=person.verified,
        stopped=person.stopped_at is not None,
        paused_on=min((p.from_on for p in person.pauses.get(None, ()) if _covers(p, today)), default=None),
        rested_until=person.rested_until,
        planned=tuple(person.planned),
        silence=Silence(
            [at for _, at in person.unanswered],
            any(kind is NudgeKind.QUESTION for kind, _ in person.unanswered),
            person.away_on,
        ),
    )


def _covers(pause: Pause, day: date) -> bool:
    return pause.from_on <= day and (pause.to_on is None or day <= pause.to_on)


def _standing(person: DuePerson, reminder: DueReminder) -> Standing:
    """Return how the subject of a reminder stands on the day that it is about."""
    today = day_of(person, reminder)
    if reminder.purpose is Purpose.PULSE:
        return Standing(asked=week_on(person, today) in person.pulses)
    if reminder.habit_id is None:
        told_on = [due.today(person, at) for at in person.summaries]
        return Standing(
            asked=any(week_on(person, day) == week_on(person, today) for day in told_on),
            empty=not person.living,
        )
    share = reminder.share
    standing = Standing(
        paused=any(_covers(pause, today) for pause in person.pauses.get(reminder.habit_id, ())),
        asked=today in reminder.asked_on,
        done=share.done_on(today),
        skipped=share.skipped_on(today),
        met=streaks.quiet_when_done(share.facts, today),
        thinned=reminder.thinned,
    )
    rescue = reminder.purpose is Purpose.RESCUE
    if not (rescue or share.taper) or needs.needless(Kind.NUDGE, standing):
        return standing  # A run is followed through all of its days only where that decides.
    judged = streaks.judge(share.facts, today)
    assert judged
    return replace(
        standing,
        slack=judged.slack if rescue else None,
        kept_weeks=needs.kept_weeks(judged.since, today) if share.taper else 0,
    )


def _follow_up(
    session: Session, live: Sequence[NewNudge], people: Sequence[DuePerson], rounds: Sequence[Round]
) -> None:
    """Note what the new messages bring with them: open check-ins, rounds of prompts, rests."""
    by_id = {person.id: person for person in people}
    days = {
        nudge.id: due.today(by_id[nudge.person_id], nudge.due_at)
        for nudge in live
        if nudge.kind in (NudgeKind.PULSE, NudgeKind.QUESTION)
    }
    insert_new(
        session,
        Pulse,
        [
            {
                "person_id": nudge.person_id,
                "week_on": week_on(by_id[nudge.person_id], days[nudge.id]),
                "nudge_id": nudge.id,
            }
            for nudge in live
            if nudge.kind is NudgeKind.PULSE
        ],
    )
    batches.update_many(
        session,
        Member,
        [
            {"person_id": person_id, "habit_id": habit_id, "drawn_from_on": day, "drawn_from_id": nudge_id}
            for person_id, habit_id, day, nudge_id in rounds
        ],
        ("person_id", "habit_id"),
    )
    # Whoever is asked whether nudges are of use rests until they give a sign of life.
    asked = {nudge.person_id: days[nudge.id] for nudge in live if nudge.kind is NudgeKind.QUESTION}
    if asked:
        rests.begin_all(session, RestKind.SILENT, asked)
