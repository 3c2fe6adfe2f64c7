"""Due people become nudges with their words: the first step of the walk.

People are claimed, not reminders, so that two workers can never split a digest. One transaction a batch.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from habits import nudging, practices, streaks
from habits.nudging import Decision, Due, History, Reason, Rules
from service import composing, due, facts, outbox
from service.db import insert_new
from service.looking import Looked, look
from service.models import Pause, Person, Pulse, Reminder
from service.outbox import NewItem, NewNudge
from service.site import Site
from service.states import Cause, NudgeKind, NudgeState, Purpose

BATCH = 500
"""People claimed in one transaction at the most: other writers get their turn in between."""
AGO = timedelta(days=1)
"""What was due longer ago than this and catch-up is of no use, wherever quiet hours moved it."""
KINDS = {Purpose.NUDGE: NudgeKind.NUDGE, Purpose.PULSE: NudgeKind.PULSE, Purpose.SUMMARY: NudgeKind.NOTICE}


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
        _open_pulses(session, added, people)
        live = sum(nudge.state is NudgeState.PLANNED for nudge in added)
        return Planned(len(people), live, len(added) - live)


def _plan_person(site: Site, person: Person, looked: Looked, now: datetime) -> list[NewNudge]:
    """Return what is due for one person, and move the reminders on."""
    rules = replace(due.rules_of(person), catch_up=site.catch_up)
    reminders = looked.reminders[person.id]
    nudges = [late for r in reminders for late in _catch_up(person, r, rules, now)]
    ripe = [_at(r) for r in reminders if r.next_at and r.next_at <= now]
    together: list[Reminder] = []
    if ripe:
        until = max(now, nudging.joins_until(min(ripe), rules))
        together = [r for r in reminders if r.next_at and r.next_at <= until]
    habits = [r for r in together if r.purpose is Purpose.NUDGE]
    if habits:
        nudges += _habit_nudges(site, person, habits, rules, looked, now)
    for reminder in together:
        if reminder.purpose is Purpose.PULSE:
            nudges += _pulse_nudges(person, reminder, rules, looked, now)
    for reminder in together:
        _move_on(person, reminder, max(now, _at(reminder)))
    person.due_at = min((r.next_at for r in reminders if r.next_at), default=None)
    return nudges


def _catch_up(person: Person, reminder: Reminder, rules: Rules, now: datetime) -> list[NewNudge]:
    """Move a reminder on past all that is late, and return the rows that say so.

    After a long outage the first and those of about the last day get a row each.
    """
    late: list[NewNudge] = []
    while reminder.next_at and nudging.is_late(reminder.next_at, rules, now):
        late.append(_lapsed(person, KINDS[reminder.purpose], [reminder], Reason.LATE, rules))
        _move_on(person, reminder, max(reminder.next_at, now - AGO - rules.catch_up))
    return late


def _move_on(person: Person, reminder: Reminder, after: datetime) -> None:
    """Note that a reminder fired at its time, and set the next one after `after`."""
    reminder.fired_on = due.fires_on(reminder, person.zone, _at(reminder))
    reminder.next_at = due.next_of(reminder, person.zone, after)


def _at(reminder: Reminder) -> datetime:
    assert reminder.next_at is not None
    return reminder.next_at


def _day(person: Person, reminder: Reminder) -> date:
    """Return the person's day that the reminder is about: after an outage not always today."""
    return due.today(person, _at(reminder))


def _history(person: Person, looked: Looked, now: datetime) -> History:
    today = due.today(person, now)
    return History(
        consent=person.id in looked.verified,
        stopped=person.stopped_at is not None,
        paused=any(p.habit_id is None and _covers(p, today) for p in looked.paused[person.id]),
        rested_until=person.rested_until,
        planned=tuple(looked.planned[person.id]),
    )


def _covers(pause: Pause, day: date) -> bool:
    return pause.from_on <= day and (pause.to_on is None or day <= pause.to_on)


def _habit_nudges(
    site: Site, person: Person, reminders: list[Reminder], rules: Rules, looked: Looked, now: datetime
) -> list[NewNudge]:
    shares = {r.id: looked.members[person.id, r.habit_id] for r in reminders if r.habit_id}
    asked = tuple(Due(r.id, _at(r), _unneeded(person, r, shares[r.id], looked)) for r in reminders)
    decision = nudging.decide(asked, rules, _history(person, looked, now), now)
    by_id = {r.id: r for r in reminders}
    made: list[NewNudge] = []
    if decision.send:
        sent = [by_id[key] for key in by_id if key in decision.send]
        # One habit with two reminders at the same hour is one item.
        unique = list({r.habit_id: r for r in sent}.values())
        made.append(_message(site, person, unique, shares, decision, looked))
        looked.planned[person.id].append(made[0].not_before)
    for reason in dict.fromkeys(why for _, why in decision.let_go):
        gone = [by_id[key] for key in by_id if (key, reason) in decision.let_go]
        made.append(_lapsed(person, NudgeKind.NUDGE, gone, reason, rules))
    return made


def _unneeded(person: Person, reminder: Reminder, share: facts.Share, looked: Looked) -> Reason | None:
    today = _day(person, reminder)
    pauses = looked.paused[reminder.person_id]
    if any(p.habit_id == share.habit_id and _covers(p, today) for p in pauses):
        return Reason.PAUSED
    if (reminder.id, today) in looked.asked:
        return Reason.ASKED
    if share.skipped_on(today):
        return Reason.SKIPPED
    if not streaks.quiet_when_done(share.facts, today):
        return None
    return Reason.DONE if share.done_on(today) else Reason.GOAL_MET


def _message(
    site: Site,
    person: Person,
    reminders: list[Reminder],
    shares: dict[UUID, facts.Share],
    decision: Decision,
    looked: Looked,
) -> NewNudge:
    assert decision.not_before is not None
    assert decision.expires_at is not None
    items: list[NewItem] = []
    lines: list[composing.Line] = []
    for reminder in reminders:
        share, day = shares[reminder.id], _day(person, reminder)
        prompt, chance = _prompt(person, reminder, share, looked, day)
        lines.append(
            composing.Line(share.number, share.title(person.language), prompt.text, share.cue(site.sealer))
        )
        items.append(NewItem(share.habit_id, day, reminder.id, 0, prompt.id, chance))
    first = min(reminders, key=_at)
    return NewNudge(
        person_id=person.id,
        kind=NudgeKind.NUDGE,
        cause_kind=Cause.REMINDER,
        cause_id=first.id,
        turn=_turn(first, person),
        due_at=_at(first),
        not_before=decision.not_before,
        expires_at=decision.expires_at,
        words=composing.nudge(person.language, person.discreet, lines, _day(person, first).toordinal()),
        reason=decision.reason,
        items=tuple(items),
    )


def _prompt(
    person: Person, reminder: Reminder, share: facts.Share, looked: Looked, today: date
) -> tuple[practices.Prompt, float]:
    """Draw from the practice's bank: light prompts first, deeper ones after two weeks."""
    practice = practices.catalogue(person.language)[share.practice]
    deepest = 1 if today - share.facts.started_on < timedelta(days=14) else 2
    rng = random.Random(f"{reminder.seed}:{today.isoformat()}")  # noqa: S311 (Not a secret; repeatable.)
    return practices.draw(practice, looked.prompts[person.id, share.habit_id], deepest, rng)


def _lapsed(
    person: Person, kind: NudgeKind, reminders: list[Reminder], reason: Reason, rules: Rules
) -> NewNudge:
    """Return the row that says why these reminders brought no message."""
    first = min(reminders, key=_at)
    return NewNudge(
        person_id=person.id,
        kind=kind,
        cause_kind=Cause.REMINDER,
        cause_id=first.id,
        turn=_turn(first, person),
        due_at=_at(first),
        not_before=_at(first),
        expires_at=_at(first) + rules.catch_up,
        state=NudgeState.LAPSED,
        reason=reason,
        items=tuple(NewItem(r.habit_id, _day(person, r), r.id) for r in reminders if r.habit_id),
    )


def _turn(reminder: Reminder, person: Person) -> int:
    """Return the ordinal of the local date that the reminder fires on: it fires once a date."""
    return due.fires_on(reminder, person.zone, _at(reminder)).toordinal()


def _pulse_nudges(
    person: Person, reminder: Reminder, rules: Rules, looked: Looked, now: datetime
) -> list[NewNudge]:
    week_on = _week_on(person, _day(person, reminder))
    asked = Reason.ASKED if (person.id, week_on) in looked.pulses else None
    wanted = (Due(reminder.id, _at(reminder), asked),)
    decision = nudging.decide(wanted, rules, _history(person, looked, now), now)
    if not decision.send:
        return [_lapsed(person, NudgeKind.PULSE, [reminder], decision.reason, rules)]
    assert decision.not_before is not None
    assert decision.expires_at is not None
    return [
        NewNudge(
            person_id=person.id,
            kind=NudgeKind.PULSE,
            cause_kind=Cause.REMINDER,
            cause_id=reminder.id,
            turn=_turn(reminder, person),
            due_at=_at(reminder),
            not_before=decision.not_before,
            expires_at=decision.expires_at,
            words=composing.pulse(person.language, week_on),
            reason=decision.reason,
        )
    ]


def _week_on(person: Person, day: date) -> date:
    """Return the first day of the person's week."""
    return day - timedelta(days=(day.weekday() - person.week_starts) % 7)


def _open_pulses(session: Session, added: Sequence[NewNudge], people: Sequence[Person]) -> None:
    """Open a pulse for each check-in that was planned."""
    by_id = {person.id: person for person in people}
    insert_new(
        session,
        Pulse,
        [
            {
                "person_id": nudge.person_id,
                "week_on": _week_on(by_id[nudge.person_id], due.today(by_id[nudge.person_id], nudge.due_at)),
                "nudge_id": nudge.id,
            }
            for nudge in added
            if nudge.kind is NudgeKind.PULSE and nudge.state is NudgeState.PLANNED
        ],
    )
