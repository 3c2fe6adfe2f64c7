"""What planning has to know of a batch of people, read with a fixed number of statements."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from habits import streaks
from habits.entries import NOTHING_SAID, Entry, Mark, Pause, Said
from habits.goals import DatedGoal, goal_of_row
from habits.periods import Facts
from service import batches, due, facts, joints
from service.facts import Share
from service.lookups import PARTS, SAID, Statements, statements
from service.ringing import PEOPLE, DuePerson, DueReminder
from service.states import Purpose

RECENT = timedelta(days=2)
"""What was planned longer ago than this is not due any more, and shares no day with what is."""
WEEK = timedelta(days=7)
Part = tuple[DuePerson, DueReminder]


def look(session: Session, people: Sequence[DuePerson], now: datetime) -> None:
    """Read all that is to be known to decide about the groups of these people's reminders."""
    on_sqlite = batches.on_sqlite(session)
    ask, given = statements(on_sqlite), PEOPLE.values(on_sqlite, [[person.id] for person in people])
    for (place,) in batches.read(session, ask.verified, given):
        people[place].verified = True
    for place, habit_id, from_on, to_on in batches.read(session, ask.pauses, given):
        people[place].pauses.setdefault(habit_id, []).append(Pause(from_on, to_on))
    for place, at in batches.read(session, ask.latest, {**given, "since": now - RECENT}):
        people[place].planned.append(at)
    for place, kind, at in batches.read(session, ask.unanswered, given):
        people[place].unanswered.append((kind, at))
    asked = [(person, one) for person in people for group in person.groups for one in group]
    _look_at_habits(session, ask, [part for part in asked if part[1].habit_id], (now - RECENT).date())
    if checked := [person for person, one in asked if one.purpose is Purpose.PULSE]:
        given = PEOPLE.values(on_sqlite, [[person.id] for person in checked])
        given["earliest"] = (now - RECENT - WEEK).date()
        for place, week_on in batches.read(session, ask.pulses, given):
            checked[place].pulses.append(week_on)
    if told := [person for person, one in asked if one.purpose is Purpose.SUMMARY]:
        given = PEOPLE.values(on_sqlite, [[person.id] for person in told])
        for place, at in batches.read(session, ask.summaries, {**given, "since": now - RECENT - WEEK}):
            told[place].summaries.append(at)
        _look_back(session, {person.id: person for person in told}, now)


def look_at_prompts(session: Session, wanted: Sequence[Part]) -> None:
    """Read the prompts that the habits of reminders had since all of them had last been used."""
    parts = [(person, one) for person, one in wanted if one.habit_id]
    on_sqlite = batches.on_sqlite(session)
    given = PARTS.values(on_sqlite, [(person.id, one.habit_id, one.id) for person, one in parts])
    for place, prompt_id in batches.read(session, statements(on_sqlite).prompts, given):
        if prompt_id:
            parts[place][1].prompts.append(prompt_id)


def prompts(session: Session, person_id: UUID, habit_id: UUID) -> list[str]:
    """Return the prompts that somebody had for a habit since all of them had last been used, oldest first."""
    session.flush()
    on_sqlite = batches.on_sqlite(session)
    given = PARTS.values(on_sqlite, [(person_id, habit_id, None)])
    found = batches.read(session, statements(on_sqlite).prompts, given)
    return [prompt_id for _, prompt_id in found if prompt_id]


def _look_back(session: Session, told: dict[UUID, DuePerson], now: datetime) -> None:
    """Read what a summary tells of: all that the people do, and what they have together with others."""
    for (person_id, _), share in facts.shares(session, told).items():
        if share.living:
            told[person_id].living.append(share)
    joined = joints.of(session, told, now)
    for person in told.values():
        person.joined = joined


def _look_at_habits(session: Session, ask: Statements, parts: Sequence[Part], earliest: date) -> None:
    """Read the habits that reminders are about, with their latest prompts, and the days asked about."""
    rows = [(person.id, one.habit_id, one.id) for person, one in parts]
    given = {**PARTS.values(batches.on_sqlite(session), rows), "earliest": earliest}
    for place, day in batches.read(session, ask.asked, given):
        parts[place][1].asked_on.append(day)
    habits: dict[int, Row[*tuple[Any, ...]]] = {}
    goals: list[list[DatedGoal]] = [[] for _ in parts]
    for row in batches.read(session, ask.shares, given):
        habits[row.place] = row
        goal = goal_of_row(row.kind, row.times, row.days, row.weekdays, row.reserve)
        goals[row.place].append(DatedGoal(row.effective_on, goal))
    said = _said(
        session,
        ask,
        [
            (person, one, _since(person, one, habits[place], goals[place]))
            for place, (person, one) in enumerate(parts)
        ],
    )
    for place, (person, one) in enumerate(parts):
        one.share = _share(person, one, habits[place], goals[place], *said[place])


def _since(
    person: DuePerson, reminder: DueReminder, habit: Row[*tuple[Any, ...]], goals: list[DatedGoal]
) -> date:
    """Return the first day of which it matters what was said."""
    began: date = habit.started_on
    if reminder.purpose is Purpose.RESCUE or habit.taper:
        return began
    assert reminder.next_at is not None
    today = due.today(person, reminder.next_at)
    return min(today, streaks.matters_from(goals, began, person.week_starts, today))


def _said(
    session: Session, ask: Statements, parts: Sequence[tuple[DuePerson, DueReminder, date]]
) -> list[tuple[list[Entry], Said]]:
    """Return what was said of each part: days where nothing was taken back, else all of its entries."""
    on_sqlite = batches.on_sqlite(session)
    rows = [(person.id, one.habit_id, since) for person, one, since in parts]
    found: list[dict[str, Sequence[date]]] = [{} for _ in parts]
    for place, kind, days in batches.read(session, ask.said, SAID.values(on_sqlite, rows)):
        found[place][kind] = list(map(date.fromisoformat, days.split()))
    entries: list[list[Entry]] = [[] for _ in parts]
    if corrected := [place for place, said in enumerate(found) if Mark.UNDONE in said]:
        given = SAID.values(on_sqlite, [rows[place] for place in corrected])
        for nth, *entry in batches.read(session, ask.entries, given):
            entries[corrected[nth]].append(Entry(*entry))
    return [
        ([], Said(said.get(Mark.DONE, ()), said.get(Mark.SKIPPED, ())))
        if Mark.UNDONE not in said
        else (entries[place], NOTHING_SAID)
        for place, said in enumerate(found)
    ]


def _share(
    person: DuePerson,
    reminder: DueReminder,
    habit: Row[*tuple[Any, ...]],
    goals: list[DatedGoal],
    entries: list[Entry],
    said: Said,
) -> Share:
    assert reminder.habit_id is not None
    pauses = [*person.pauses.get(None, ()), *person.pauses.get(reminder.habit_id, ())]
    return Share(
        person_id=person.id,
        habit_id=reminder.habit_id,
        practice=habit.practice,
        number=habit.number,
        cue_sealed=habit.cue_sealed,
        living=True,
        taper=habit.taper,
        ended_on=None,
        joint=habit.joint,
        facts=Facts(
            started_on=habit.started_on,
            goals=goals,
            entries=entries,
            pauses=[*pauses, *facts.never_were(person.zone, habit.started_on)],
            week_starts=person.week_starts,
            said=said,
        ),
    )
