"""Due people become nudges with their words: the first step of the walk.

People are claimed, not reminders, so that two workers can never split a digest. One transaction a batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from habits import needs, nudging, streaks
from habits.nudging import Due, History, Kind, Reason, Rules, Silence, Standing
from service import drafting, due, meter, outbox, rests
from service.db import insert_new
from service.drafting import at_of, day_of, lapsed, week_on
from service.looking import Looked, look
from service.models import Member, Pause, Person, Pulse, Reminder
from service.outbox import NewNudge
from service.site import Site
from service.states import NudgeKind, NudgeState, Purpose, RestKind

BATCH = 500
"""People claimed in one transaction at the most: other writers get their turn in between."""
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


def plan_due(site: Site, now: datetime, limit: int = BATCH) -> Planned:
    """Plan for up to `limit` people who are due at `now`; safe to repeat and to run in many processes."""
    with site.db.write() as session:
        people = list(
            session.scalars(
                select(Person)
                .where(Person.due_at <= now)
                .order_by(Person.due_at)
                .limit(min(limit, BATCH))
                .with_for_update(skip_locked=True)
            )
        )
        if not people:
            return Planned()
        looked = look(session, people, now)
        nudges: list[NewNudge] = []
        for person in people:
            nudges += _plan_person(site, person, looked, now)
        new = outbox.add(session, site.sealer, nudges)
        added = [nudge for nudge in nudges if nudge.id in new]
        live = [nudge for nudge in added if nudge.state is NudgeState.PLANNED]
        _follow_up(session, live, people, looked)
    meter.decided(added)
    return Planned(len(people), len(live), len(added) - len(live))


def _plan_person(site: Site, person: Person, looked: Looked, now: datetime) -> list[NewNudge]:
    """Return what is due for one person, and move the reminders on."""
    rules = replace(due.rules_of(person), catch_up=site.catch_up)
    reminders = looked.reminders[person.id]
    nudges = [late for r in reminders for late in _catch_up(person, r, rules, now)]
    joined: list[Reminder] = []
    for purposes in SAME_MESSAGE:
        if group := _joined([r for r in reminders if r.purpose in purposes], rules, now):
            nudges += _decide(site, person, group, rules, looked, now)
            joined += group
    for reminder in joined:
        _move_on(person, reminder, max(now, at_of(reminder)))
    person.due_at = min((r.next_at for r in reminders if r.next_at), default=None)
    # Rows that change in different columns would be written one by one.
    flag_modified(person, "away_on")
    for reminder in joined:
        flag_modified(reminder, "thinned")
    return nudges


def _joined(reminders: Sequence[Reminder], rules: Rules, now: datetime) -> list[Reminder]:
    """Return those that are due now, and those that join their message."""
    ripe = [at_of(r) for r in reminders if r.next_at and r.next_at <= now]
    if not ripe:
        return []
    until = max(now, nudging.joins_until(min(ripe), rules))
    return [r for r in reminders if r.next_at and r.next_at <= until]


def _catch_up(person: Person, reminder: Reminder, rules: Rules, now: datetime) -> list[NewNudge]:
    """Move a reminder on past all that is late, and return the rows that say so.

    After a long outage the first and those of about the last day get a row each.
    """
    late: list[NewNudge] = []
    while reminder.next_at and nudging.is_late(reminder.next_at, rules, now):
        late.append(lapsed(person, NudgeKind(reminder.purpose.value), [reminder], Reason.LATE, rules))
        _move_on(person, reminder, max(reminder.next_at, now - AGO - rules.catch_up))
    return late


def _move_on(person: Person, reminder: Reminder, after: datetime) -> None:
    """Note that a reminder fired at its time, and set the next one after `after`."""
    reminder.fired_on = due.fires_on(reminder, person.zone, at_of(reminder))
    reminder.next_at = due.next_of(reminder, person.zone, after)


def _decide(
    site: Site, person: Person, reminders: list[Reminder], rules: Rules, looked: Looked, now: datetime
) -> list[NewNudge]:
    """Ask the policy about reminders that share a message; return the message and what was let go."""
    asked = tuple(Due(r.id, at_of(r), Kind(r.purpose.value), _standing(person, r, looked)) for r in reminders)
    decision = nudging.decide(asked, rules, _history(person, looked, now), now)
    person.away_on = decision.away_on
    made: list[NewNudge] = []
    if decision.send:
        sent = [r for r in reminders if r.id in decision.send]
        made.append(drafting.message(site, person, sent, decision, looked))
        looked.planned[person.id].append(made[0].not_before)
        if decision.kind is not Kind.SUMMARY:
            looked.unanswered[person.id].append((made[0].kind, made[0].not_before))
        for reminder in sent:
            reminder.thinned = 0
    for reason in dict.fromkeys(why for _, why in decision.let_go):
        gone = [r for r in reminders if (r.id, reason) in decision.let_go]
        kind = NudgeKind(min(gone, key=lambda r: r.purpose is Purpose.RESCUE).purpose.value)
        made.append(lapsed(person, kind, gone, reason, rules))
        if reason is Reason.TAPERED:
            for reminder in gone:
                reminder.thinned += 1
    return made


def _history(person: Person, looked: Looked, now: datetime) -> History:
    today = due.today(person, now)
    unanswered = looked.unanswered[person.id]
    return History(
        consent=person.id in looked.verified,
        stopped=person.stopped_at is not None,
        paused_on=min(
            (p.from_on for p in looked.paused[person.id] if p.habit_id is None and _covers(p, today)),
            default=None,
        ),
        rested_until=person.rested_until,
        planned=tuple(looked.planned[person.id]),
        silence=Silence(
            [at for _, at in unanswered],
            any(kind is NudgeKind.QUESTION for kind, _ in unanswered),
            person.away_on,
        ),
    )


def _covers(pause: Pause, day: date) -> bool:
    return pause.from_on <= day and (pause.to_on is None or day <= pause.to_on)


def _standing(person: Person, reminder: Reminder, looked: Looked) -> Standing:
    """Return how the subject of a reminder stands on the day that it is about."""
    today = day_of(person, reminder)
    if reminder.purpose is Purpose.PULSE:
        return Standing(asked=(person.id, week_on(person, today)) in looked.pulses)
    if reminder.habit_id is None:
        told_on = [due.today(person, at) for at in looked.summaries[person.id]]
        return Standing(
            asked=any(week_on(person, day) == week_on(person, today) for day in told_on),
            empty=not looked.living[person.id],
        )
    share = looked.members[person.id, reminder.habit_id]
    rescue = reminder.purpose is Purpose.RESCUE
    progress = share.progress(today) if rescue or share.taper else None
    return Standing(
        paused=any(p.habit_id == share.habit_id and _covers(p, today) for p in looked.paused[person.id]),
        asked=(reminder.id, today) in looked.asked,
        done=share.done_on(today),
        skipped=share.skipped_on(today),
        met=streaks.quiet_when_done(share.facts, today),
        slack=progress.slack if progress else None,
        kept_weeks=needs.kept_weeks(progress.since, today) if progress and share.taper else 0,
        thinned=reminder.thinned,
    )


def _follow_up(session: Session, live: Sequence[NewNudge], people: Sequence[Person], looked: Looked) -> None:
    """Note what the new messages bring with them: open check-ins, rounds of prompts, rests."""
    by_id = {person.id: person for person in people}
    on = {nudge.id: due.today(by_id[nudge.person_id], nudge.due_at) for nudge in live}
    insert_new(
        session,
        Pulse,
        [
            {
                "person_id": nudge.person_id,
                "week_on": week_on(by_id[nudge.person_id], on[nudge.id]),
                "nudge_id": nudge.id,
            }
            for nudge in live
            if nudge.kind is NudgeKind.PULSE
        ],
    )
    rounds = [
        {"person_id": person_id, "habit_id": habit_id, "drawn_from_on": day, "drawn_from_id": nudge_id}
        for person_id, habit_id, day, nudge_id in looked.new_rounds
    ]
    if rounds:
        session.execute(update(Member), rounds)
    # Whoever is asked whether nudges are of use rests until they give a sign of life.
    asked = {nudge.person_id: on[nudge.id] for nudge in live if nudge.kind is NudgeKind.QUESTION}
    if asked:
        rests.begin_all(session, RestKind.SILENT, asked)
