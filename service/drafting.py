"""What was decided becomes rows: a message with its words, or one that says why there is none."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from habits import practices
from habits.nudging import Decision, Kind, Reason
from service import composing, due, joints
from service.composing import Line
from service.facts import Share
from service.outbox import NewItem, NewNudge
from service.ringing import DuePerson, DueReminder
from service.site import Site
from service.states import Cause, NudgeKind, NudgeState, Purpose

Round = tuple[UUID, UUID, date, UUID]
"""Person, habit, day and nudge of a prompt that is the first since all had last been used."""


def at_of(reminder: DueReminder) -> datetime:
    assert reminder.next_at is not None
    return reminder.next_at


def day_of(person: DuePerson, reminder: DueReminder) -> date:
    """Return the person's day that the reminder is about: after an outage not always today."""
    return due.today(person, at_of(reminder))


def week_on(person: DuePerson, day: date) -> date:
    """Return the first day of the person's week."""
    return day - timedelta(days=(day.weekday() - person.week_starts) % 7)


class Wanted(NamedTuple):
    """A message that was decided on, and the reminders that it is about."""

    person: DuePerson
    reminders: Sequence[DueReminder]
    decision: Decision
    id: UUID
    """Of the message: made when it is decided on, so that ids are in the order of the decisions."""


def message(site: Site, wanted: Wanted, rounds: list[Round]) -> NewNudge:
    """Return the message that was decided on, and note the rounds of prompts that begin with it."""
    person, reminders, decision, nudge_id = wanted
    assert decision.not_before is not None
    assert decision.expires_at is not None
    first = min(reminders, key=at_of)
    words, items = _words(site, person, reminders, decision.kind, rounds, nudge_id)
    return NewNudge(
        id=nudge_id,
        person_id=person.id,
        kind=NudgeKind(decision.kind.value),
        cause_kind=Cause.REMINDER,
        cause_id=first.id,
        turn=turn_of(first, person),
        due_at=at_of(first),
        not_before=decision.not_before,
        expires_at=decision.expires_at,
        words=words,
        reason=decision.reason,
        items=tuple(items),
    )


def lapsed(person: DuePerson, kind: NudgeKind, reminders: Sequence[DueReminder], reason: Reason) -> NewNudge:
    """Return the row that says why these reminders brought no message."""
    first = min(reminders, key=at_of)
    return NewNudge(
        person_id=person.id,
        kind=kind,
        cause_kind=Cause.REMINDER,
        cause_id=first.id,
        turn=turn_of(first, person),
        due_at=at_of(first),
        not_before=at_of(first),
        expires_at=at_of(first) + person.rules.catch_up,
        state=NudgeState.LAPSED,
        reason=reason,
        items=tuple(NewItem(r.habit_id, day_of(person, r), r.id) for r in reminders if r.habit_id),
    )


def turn_of(reminder: DueReminder, person: DuePerson) -> int:
    """Return the ordinal of the local date that the reminder fires on: it fires once a date."""
    return due.fires_on(reminder, person.zone, at_of(reminder)).toordinal()


def _words(
    site: Site,
    person: DuePerson,
    reminders: Sequence[DueReminder],
    kind: Kind,
    rounds: list[Round],
    nudge_id: UUID,
) -> tuple[str, list[NewItem]]:
    day = day_of(person, min(reminders, key=at_of))
    turn = day.toordinal()
    match kind:
        case Kind.NUDGE | Kind.RESCUE:
            # One habit with two reminders at the same hour is one item, a nudge before a rescue.
            by_habit = {r.habit_id: r for r in sorted(reminders, key=lambda r: r.purpose is Purpose.NUDGE)}
            chosen = [r for r in reminders if by_habit[r.habit_id] is r]
            drawn = [_drawn(site, person, one, rounds, nudge_id) for one in chosen]
            lines, items = [line for line, _ in drawn], [item for _, item in drawn]
            return composing.nudge(person.language, person.discreet, lines, turn, kind is Kind.RESCUE), items
        case Kind.PULSE:
            return composing.pulse(person.language, week_on(person, day)), []
        case Kind.SUMMARY:
            return _summary(person, day), []
        case Kind.WELCOME:
            return composing.text(person.language, "welcome_back", turn), []
        case Kind.QUESTION:
            return composing.text(person.language, "still_useful", turn), []


def _summary(person: DuePerson, day: date) -> str:
    """Return how each of the person's living habits stands, by the title that their messages have."""
    habits = [(_title(person, share), share.progress(day)) for share in person.living]
    return composing.summary(person.language, habits, joints.lines(person, person.living, person.joined))


def _title(person: DuePerson, share: Share) -> str:
    return composing.title(person.language, person.discreet, share.number, share.title(person.language))


def _drawn(
    site: Site, person: DuePerson, reminder: DueReminder, rounds: list[Round], nudge_id: UUID
) -> tuple[Line, NewItem]:
    """Draw from the practice's bank: light prompts first, deeper ones after two weeks."""
    share, day = reminder.share, day_of(person, reminder)
    practice = practices.catalogue(person.language)[share.practice]
    rng = random.Random(f"{reminder.seed}:{day.isoformat()}")  # noqa: S311 (Not a secret; repeatable.)
    prompt, chance, first = practices.draw(practice, reminder.prompts, share.deepest(day), rng)
    if first:
        rounds.append((person.id, share.habit_id, day, nudge_id))
    line = Line(share.number, share.title(person.language), prompt.text, share.cue(site.sealer))
    return line, NewItem(share.habit_id, day, reminder.id, 0, prompt.id, chance)
