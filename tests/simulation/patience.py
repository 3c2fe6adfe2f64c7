"""Rules that need a person's history: silences, streaks that taper or need a rescue, times away, weeks."""

from collections import Counter
from datetime import date, datetime, timedelta
from uuid import UUID

from habits import entries, streaks
from habits.goals import DatedGoal, goal_of_row
from habits.nudging import Reason
from habits.periods import Facts
from service.states import Cause, NudgeKind, NudgeState, Purpose
from tests.simulation.rows import Message, One, Rows, Rule, Told, breach, skipped_dates

COUNTED = (NudgeKind.NUDGE, NudgeKind.RESCUE, NudgeKind.PULSE, NudgeKind.WELCOME, NudgeKind.QUESTION)
ARRIVED = (NudgeState.SENT, NudgeState.DELIVERED)
WAITS = {3: 6, 4: 15}
"""Days without a message after so many that nobody answered."""
AWAY = 3
HELD = (Reason.PAUSED, Reason.RESTING, Reason.SILENT)


def patience_with_the_silent(rows: Rows, one: One) -> Told:
    """Rule 6: after three unanswered messages 6 days, one more, 15 days, one question, and then nothing."""
    for message in one.went:
        surely = _unanswered(one, message, ARRIVED)
        last_at = max((before.went_at for before in surely), default=message.went_at)
        days = (one.day(message.went_at, message.row.id) - one.day(last_at, message.row.id)).days
        count, kind = len(surely), message.row.kind
        wrong = count > 4 or any(before.row.kind is NudgeKind.QUESTION for before in surely)
        wrong = wrong or days < WAITS.get(count, 0)
        wrong = wrong or (count == 3 and kind is NudgeKind.SUMMARY)
        wrong = wrong or (count == 4 and kind is not NudgeKind.QUESTION)
        yield breach(wrong, one, message, f"came {days} days after number {count} without an answer")
        possibly = len(_unanswered(one, message, tuple(NudgeState)))
        early = kind is NudgeKind.QUESTION and possibly < 4
        yield breach(early, one, message, f"asked after {possibly} without an answer")


def _unanswered(one: One, message: Message, states: tuple[NudgeState, ...]) -> list[Message]:
    """Return what had been planned before a message, and went after the last sign of life that was known."""
    by = message.row.id
    heard = [reply.received_at for reply in one.replies if reply.id < by]
    heard += [entry.at for entry in one.entries if entry.id < by]
    since = max(heard, default=datetime.min.replace(tzinfo=message.went_at.tzinfo))
    return [
        before
        for before in one.went
        if before.row.id < by
        and before.row.kind in COUNTED
        and before.row.state in states
        and before.went_at > since
    ]


def rescue_only_in_need(rows: Rows, one: One) -> Told:
    """Rule 8: one a habit and day, on the last day that can keep the run, while nothing was said of it."""
    rescued: Counter[tuple[UUID, date]] = Counter()
    for message in one.went:
        for item in message.items:
            reminder = rows.reminders.get(item.reminder_id) if item.reminder_id else None
            if reminder is None or reminder.purpose is not Purpose.RESCUE:
                continue
            rescued[item.habit_id, item.day] += 1
            progress = streaks.progress(facts(rows, one, item.habit_id, message.row.id), item.day)
            needed = progress.slack == 0 and not progress.done_today and not progress.excused_today
            yield breach(not needed, one, message, f"rescued with slack {progress.slack}")
            twice = rescued[item.habit_id, item.day] > 1
            yield breach(twice, one, message, "rescued the same day twice")
        rescue = message.row.kind is NudgeKind.RESCUE
        yield breach(rescue and not message.items, one, message, "rescued nothing")


def facts(rows: Rows, one: One, habit_id: UUID, by: UUID) -> Facts:
    """Return what was known of a habit when the row with this id was made."""
    habit = rows.habits[habit_id]
    return Facts(
        started_on=habit.started_on,
        ended_on=None,
        goals=[
            DatedGoal(
                goal.effective_on,
                goal_of_row(goal.kind, goal.times, goal.days, goal.weekdays, goal.reserve),
            )
            for goal in rows.goals[habit_id]
        ],
        entries=[
            entries.Entry(entry.id, entry.seq, entry.day, entry.kind, entry.undoes_id)
            for entry in one.entries
            if entry.habit_id == habit_id and entry.id < by
        ],
        pauses=[
            *(entries.Pause(pause.from_on, pause.to_on) for pause in one.pauses if pause.id < by),
            *(entries.Pause(day, day) for day in skipped_dates(one.zone(by)) if day >= habit.started_on),
        ],
        week_starts=one.person.week_starts,
    )


def fewer_while_the_goal_is_kept(rows: Rows, one: One) -> Told:
    """Rule 7: of a habit that tapers every second goes after 4 weeks of a run, every fourth after 12."""
    thinned: Counter[UUID] = Counter()
    for message in one.messages:
        if message.row.cause_kind is not Cause.REMINDER or message.row.kind is not NudgeKind.NUDGE:
            continue
        planned = message.row.words_sealed is not None
        left_out = message.row.reason == Reason.TAPERED
        if not (planned or left_out):
            continue
        for item in message.items:
            assert item.reminder_id is not None
            every = _every(rows, one, item.habit_id, item.day, message.row.id)
            wrong = left_out == (thinned[item.reminder_id] + 1 >= every)
            thinned[item.reminder_id] = thinned[item.reminder_id] + 1 if left_out else 0
            what = f"every {every} goes, {thinned[item.reminder_id]} were left out"
            yield breach(wrong, one, message, what)


def _every(rows: Rows, one: One, habit_id: UUID, day: date, by: UUID) -> int:
    if not rows.habits[habit_id].taper:
        return 1
    progress = streaks.progress(facts(rows, one, habit_id, by), day)
    weeks = (day - progress.since).days // 7 if progress.since else 0
    return 4 if weeks >= 12 else 2 if weeks >= 4 else 1


def a_welcome_after_a_while_away(rows: Rows, one: One) -> Told:
    """Rule 9: whoever was away for 3 days or more is welcomed, without a list; nobody else is."""
    for message, held in _with_what_was_held(one):
        day = one.day(message.row.not_before, message.row.id)
        if message.row.kind is NudgeKind.WELCOME:
            since = min((_away_since(one, row) for row in held), default=day)
            yield breach(bool(message.items), one, message, "welcomed with a list")
            yield breach((day - since).days < AWAY, one, message, f"welcomed, away since {since}")
        elif message.row.kind is not NudgeKind.SUMMARY and held:
            since = one.day(held[0].row.due_at, held[0].row.id)
            here = any(held[0].row.id < entry.id < message.row.id for entry in one.entries)
            unanswered = len(_unanswered(one, message, tuple(NudgeState)))
            wrong = (day - since).days >= AWAY and not here and unanswered < 3
            yield breach(wrong, one, message, f"was no welcome, away since {since}")


def _with_what_was_held(one: One) -> list[tuple[Message, list[Message]]]:
    """Return each message that went unasked with those held back since the one before, summaries aside.

    Whoever gives a sign of life within three days, or ends a pause by writing, has not been away.
    """
    found: list[tuple[Message, list[Message]]] = []
    held: list[Message] = []
    signs = [(reply.id, reply.received_at) for reply in one.replies]
    signs = sorted([*signs, *((entry.id, entry.at) for entry in one.entries)])
    before = UUID(int=0)
    for message in one.messages:
        for id_, at in signs:
            if held and before < id_ < message.row.id:
                since = min(_away_since(one, row) for row in held)
                held = [] if (one.day(at, id_) - since).days < AWAY else held
        if any(before < id_ <= message.row.id for id_ in one.resumed):
            held = []
        before = message.row.id
        if message.unprompted and message.row.words_sealed is not None:
            if message.attempts:
                found.append((message, held))
            if message.row.kind is not NudgeKind.SUMMARY:
                held = []
        elif message.unprompted and message.row.reason in HELD:
            held = [*held, message]
    return found


def _away_since(one: One, held: Message) -> date:
    day = one.day(held.row.due_at, held.row.id)
    begun = [pause.from_on for pause in one.pauses if pause.id < held.row.id and pause.from_on <= day]
    return min(day, *begun[-1:]) if held.row.reason == Reason.PAUSED and begun else day


def one_a_week(rows: Rows, one: One) -> Told:
    """Rule 10: at most one summary and one check-in in a person's week."""
    seen: Counter[tuple[NudgeKind, date]] = Counter()
    for message in one.went:
        if message.row.kind in (NudgeKind.SUMMARY, NudgeKind.PULSE):
            day = one.day(message.row.due_at, message.row.id)
            week = day - timedelta(days=(day.weekday() - one.person.week_starts) % 7)
            seen[message.row.kind, week] += 1
            twice = seen[message.row.kind, week] > 1
            yield breach(twice, one, message, f"came twice in the week of {week}")


RULES: tuple[Rule, ...] = (
    patience_with_the_silent,
    rescue_only_in_need,
    fewer_while_the_goal_is_kept,
    a_welcome_after_a_while_away,
    one_a_week,
)
