"""What must never have happened: one function for each rule, over the rows of one person.

Each yields once for every time it looked: nothing if the rule was kept, else a sentence that tells of the
breach. Rules that need a person's history, of silences, streaks and times away, are in `patience.py`.
"""

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from habits import practices
from habits.entries import Mark
from service.models import GoalRow
from service.states import Cause, ConsentEvent, NudgeKind, NudgeState, Outcome, ReplyState
from tests.simulation.rows import DAY, One, Rows, Rule, Told, breach

CATCH_UP = timedelta(hours=2)
DIGEST = timedelta(minutes=10)
EVEN_IF_STOPPED = (Cause.OPT_OUT, Cause.HELP)


def no_quiet_hour(rows: Rows, one: One) -> Told:
    """Rule 3: nothing unasked goes in quiet hours, by the clocks where the person is."""
    for message in one.went:
        for attempt in message.attempts:
            quiet = one.out_of_quiet(attempt.claimed_at, attempt.id) != attempt.claimed_at
            yield breach(quiet, one, message, "went in quiet hours")


def no_more_than_the_cap(rows: Rows, one: One) -> Told:
    """Rule 4: a person's day has no more messages than they want."""
    before: list[datetime] = []
    for message in one.went:
        by = message.attempts[0].id
        day = one.day(message.went_at, by)
        before.append(message.went_at)
        used = sum(one.day(at, by) == day for at in before[-30:])
        yield breach(used > one.person.daily_cap, one, message, f"was number {used} of its day")


def nothing_late(rows: Rows, one: One) -> Told:
    """Rule 5: nothing goes after it expired, or later than catch-up after its hour or the quiet hours."""
    for message in one.messages:
        for attempt in message.attempts:
            late = attempt.claimed_at >= message.row.expires_at
            if message.unprompted:
                effective_at = one.out_of_quiet(message.row.due_at, message.row.id)
                late = late or attempt.claimed_at >= effective_at + CATCH_UP
            yield breach(late, one, message, "went too late")


def no_burst(rows: Rows, one: One) -> Told:
    """Rules 4 and 5: whatever happened, habits are asked about once in ten minutes at the most."""
    about_habits = [message for message in one.went if message.about_habits]
    for before, after in pairwise(about_habits):
        soon = timedelta(0) <= after.went_at - before.went_at < DIGEST
        yield breach(soon, one, after, f"went right after another, of {before.went_at:%H:%M}")


def one_message_of_what_is_due_together(rows: Rows, one: One) -> Told:
    """Rule 4: what is due up to ten minutes after the first goes with it."""
    planned = sorted((m for m in one.messages if m.about_habits), key=lambda message: message.row.due_at)
    first_at: datetime | None = None
    went = 0
    for message in planned:
        if first_at is None or message.row.due_at > first_at + DIGEST:
            first_at, went = message.row.due_at, 0
        went += bool(message.attempts)
        yield breach(went > 1, one, message, "was not in the message of what was due with it")


def nothing_without_a_yes(rows: Rows, one: One) -> Told:
    """Rule 1: nothing before the yes but the question, nothing after STOP but its confirmation and help."""
    for message in one.messages:
        for attempt in message.attempts:
            known = [consent.event for consent in one.consents if consent.id < attempt.id]
            if message.row.kind is NudgeKind.CONSENT:
                allowed = known == [ConsentEvent.ASKED]
            elif message.row.cause_kind in EVEN_IF_STOPPED:
                allowed = bool(known)
            elif message.row.kind is NudgeKind.ANSWER and known == [ConsentEvent.ASKED]:
                allowed = True  # Who writes before they said yes is told how to say it.
            else:
                allowed = known[-1:] in ([ConsentEvent.GIVEN], [ConsentEvent.RESTORED])
            yield breach(not allowed, one, message, f"went after {known[-1:]}")


def nothing_during_a_pause(rows: Rows, one: One) -> Told:
    """Rule 1: nothing unasked goes on a paused day."""
    for message in one.went:
        for attempt in message.attempts:
            day = one.day(attempt.claimed_at, attempt.id)
            paused = any(
                pause.id < attempt.id and pause.from_on <= day and (pause.to_on is None or day <= pause.to_on)
                for pause in one.pauses
            )
            yield breach(paused, one, message, "went during a pause")


def quiet_when_done(_rows: Rows, one: One) -> Told:
    """Rule 2: no habit is asked about that was done that day, whoever asked for the message."""
    for message in one.messages:
        if message.attempts and message.items:
            by = message.attempts[0].id
            done = [one.said(item.habit_id, item.day, Mark.DONE, by) for item in message.items]
            yield breach(all(done), one, message, "asked about what was done already")
        if message.attempts and message.unprompted:
            for item in message.items:
                over = any(
                    one.said(item.habit_id, item.day, mark, message.row.id)
                    for mark in (Mark.SKIPPED, Mark.DONE)
                )
                yield breach(over, one, message, "was planned although the day was done or skipped")


def quiet_when_the_goal_is_met(rows: Rows, one: One) -> Told:
    """Rule 2: nothing more is asked of a week or month that has what its goal wants."""
    for message in one.went:
        for item in message.items:
            goal = rows.goal(item.habit_id, item.day)
            done = one.said_days(item.habit_id, Mark.DONE, message.row.id)
            if _in_periods(goal):
                in_period = {day for day in done if _period(goal, day) == _period(goal, item.day)}
                begun = {day for day in in_period if day >= rows.habits[item.habit_id].started_on}
                met = len(begun) >= goal.times
                yield breach(met, one, message, f"{goal.times} were done in this period of {goal.days}")


def _in_periods(goal: GoalRow) -> bool:
    return goal.kind == "calendar" and goal.days > 1


def _period(goal: GoalRow, day: date) -> date:
    """Return the first day of a week, from Monday, or of a month."""
    return day.replace(day=1) if goal.days == 30 else day - DAY * day.weekday()


def every_none_has_its_reason(rows: Rows, one: One) -> Told:
    """Every decision tells why; what came to nothing did not go, and nothing is left lying about."""
    over = (NudgeState.SENT, NudgeState.DELIVERED, NudgeState.LAPSED, NudgeState.FAILED, NudgeState.UNKNOWN)
    for message in one.messages:
        state, reason = message.row.state, message.row.reason
        waits = state is NudgeState.PLANNED and message.row.expires_at > rows.over_at
        wrong = not reason or not (state in over or waits)
        yield breach(wrong, one, message, f"is {state} because of {reason}")
        accepted = any(attempt.outcome is Outcome.ACCEPTED for attempt in message.attempts)
        yield breach(state is NudgeState.LAPSED and accepted, one, message, "lapsed, and went all the same")


def once_a_date(rows: Rows, one: One) -> Told:
    """Each reminder asks once about a day, and fires once on a local date, wherever the person moves."""
    asked = Counter(
        (item.reminder_id, item.day)
        for message in one.messages
        for item in message.items
        if item.reminder_id and item.turn == 0
    )
    fired = Counter(
        (message.row.cause_id, message.row.due_at.astimezone(one.zone(message.row.id)).date())
        for message in one.messages
        if message.unprompted and message.attempts
    )
    for key, times in (*asked.items(), *fired.items()):
        yield f"{one.name()}: reminder …{key[0].hex[-6:]} fired twice for {key[1]}." if times > 1 else None


def at_most_once(rows: Rows, one: One) -> Told:
    """Nothing is sent again after it was accepted, or nobody knew; attempts are counted without a gap."""
    for message in one.messages:
        outcomes = [attempt.outcome for attempt in message.attempts]
        again = any(outcome is not Outcome.RETRY for outcome in outcomes[:-1])
        yield breach(again, one, message, f"was sent again: {outcomes}")
        numbers = [attempt.n for attempt in message.attempts]
        yield breach(numbers != list(range(1, len(numbers) + 1)), one, message, f"has attempts {numbers}")


def at_the_hour(rows: Rows, one: One) -> Told:
    """A reminder is due when the clocks where the person is show its time, but for a skipped hour."""
    for message in one.messages:
        reminder = rows.reminders.get(message.row.cause_id)
        if reminder is None or not message.unprompted or one.moved_about(message.row.due_at):
            continue
        clock = reminder.schedule.split()[-1]
        opens, closes = (time.fromisoformat(part) for part in (clock.split("-") * 2)[:2])
        local = message.row.due_at.astimezone(one.zone(message.row.id))
        changed = (local - DAY).utcoffset() != (local + DAY).utcoffset()
        wrong = not (opens <= local.time() <= closes or changed)
        yield breach(wrong, one, message, f"was due at {local:%H:%M}, not {clock}")


def no_prompt_again(rows: Rows, one: One) -> Told:
    """No prompt of a practice comes again before all were used, and the row has the chance it had."""
    used: dict[str, list[str]] = defaultdict(list)
    for message in one.messages:
        for item in message.items:
            habit = rows.habits[item.habit_id]
            if item.prompt_id is None or item.turn > 0:  # Put off: it comes once more, and was not drawn.
                continue
            deepest = 1 if item.day - habit.started_on < 14 * DAY else 2
            free, bank = _unused(habit.practice, deepest, used[habit.practice])
            if free == bank:
                used[habit.practice].clear()  # A new round begins.
            used[habit.practice].append(item.prompt_id)
            fair = item.prompt_id in free and item.chance == 1 / len(free)
            yield breach(not fair, one, message, f"{item.prompt_id} of {len(free)}, chance {item.chance}")


def _unused(slug: str, deepest: int, used_ids: list[str]) -> tuple[set[str], set[str]]:
    bank = {prompt.id for prompt in practices.catalogue()[slug].prompts if prompt.depth <= deepest}
    left = set(bank)
    for prompt_id in used_ids:
        left = (left - {prompt_id}) or set(bank)
    return left, bank


def no_reply_is_lost(rows: Rows, one: One) -> Told:
    """Each reply was understood, and answered once at the most."""
    answers = Counter(
        message.row.cause_id for message in one.messages if message.row.kind is NudgeKind.ANSWER
    )
    for reply in one.replies:
        wrong = reply.state is not ReplyState.UNDERSTOOD or answers[reply.id] > 1
        yield f"{one.name()}: a reply is {reply.state}, with {answers[reply.id]} answers." if wrong else None


RULES: tuple[Rule, ...] = (
    no_quiet_hour,
    no_more_than_the_cap,
    nothing_late,
    no_burst,
    one_message_of_what_is_due_together,
    nothing_without_a_yes,
    nothing_during_a_pause,
    quiet_when_done,
    quiet_when_the_goal_is_met,
    every_none_has_its_reason,
    once_a_date,
    at_most_once,
    at_the_hour,
    no_prompt_again,
    no_reply_is_lost,
)
