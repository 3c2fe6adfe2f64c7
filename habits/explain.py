"""Why a habit stands where it stands, in plain English sentences for `--explain`."""

from datetime import date

from habits.entries import DONE, EXCUSED
from habits.goals import SPARE_WINDOW, Kind, Unit, goal_text
from habits.misses import miss, period_words
from habits.periods import Facts, Ledger, period_of
from habits.runs import count_of
from habits.spares import Spares, spares
from habits.streaks import Judged, Progress, judge, progress
from habits.strength import strength

LATEST = {Unit.DAY: 10, Unit.WEEK: 6, Unit.MONTH: 4}
"""How many finished periods are told one by one."""


def explain(facts: Facts, today: date) -> list[str]:
    """Return the whole reckoning as of `today`, one sentence a line, the finished periods newest first."""
    judged = judge(facts, today)
    if judged is None:
        return [f"It begins on {facts.started_on.isoformat()}."]
    book, shown = judged.book, progress(facts, today)
    return [
        f"Practised on {_many(shown.practised, 'day')} since {facts.started_on.isoformat()}.",
        _goal_words(book),
        _streak_words(shown),
        f"{_sentence(period_words(book, period_of(book, book.today)[0]))}: {_current_words(shown)}.",
        *_latest(judged),
        *([f"The latest run that broke: {shown.ended.words}."] if shown.ended else []),
        *(f"Longest run: {_many(count, unit)}." for unit, count in shown.longest.items()),
        *_spare_words(spares(facts, shown, today)),
        *_slack_words(shown),
        f"Strength: {strength(facts, today):.3f}, where 0 is new and 1 is second nature.",
    ]


def _goal_words(book: Ledger) -> str:
    goal = book.span_of(book.today).goal
    spare = f", {goal.reserve} spare in any {SPARE_WINDOW} days" if goal.unit is Unit.DAY else ""
    return f"Goal: {goal_text(goal)}{spare}."


def _streak_words(shown: Progress) -> str:
    if shown.since is None:
        return "No run goes on."
    return f"Streak: {_many(shown.streak, shown.unit)}, since {shown.since.isoformat()}."


def _current_words(shown: Progress) -> str:
    if not shown.target:
        return "nothing to do"
    if shown.unit is Unit.DAY:
        return "kept" if shown.period_met else "open"
    return f"{shown.done_in_period} of {shown.target}, {'kept' if shown.period_met else 'open'}"


def _latest(judged: Judged) -> list[str]:
    """Return a line for each of the newest finished periods."""
    book = judged.book
    lines: list[str] = []
    first = period_of(book, book.today)[0]
    while first > 0 and len(lines) < LATEST[judged.tally.unit]:
        first, last = period_of(book, first - 1)
        lines.append(f"{_sentence(_finished_words(judged, first, last))}.")
    return lines


def _finished_words(judged: Judged, first: int, last: int) -> str:
    book = judged.book
    name = period_words(book, first)
    done, target = count_of(book, judged.verdicts, first)
    if not target:
        return f"{name}: {_held_words(book, first)}, held"
    if done >= target:
        return f"{name}: {_kept_words(book, first, done, target)}kept"
    words = miss(book, first, last).words
    if first in judged.tally.forgiven:
        return f"{words}, but forgiven: a spare day"
    if _is_first(book, first):
        return f"{words}, but the first is never a miss"
    return f"{words}, missed"


def _kept_words(book: Ledger, first: int, done: int, target: int) -> str:
    if book.span_of(first).goal.unit is not Unit.DAY:
        return f"{done} of {target}, "
    return "done, " if book.marks[first] & DONE else ""


def _held_words(book: Ledger, first: int) -> str:
    if book.span_of(first).goal.kind is Kind.WEEKDAYS and not book.marks[first] & EXCUSED:
        return "nothing due"
    return "skipped or paused"


def _is_first(book: Ledger, first: int) -> bool:
    """Return whether a period is the first in its unit: of the habit, or after a change of unit."""
    return first == 0 or book.span_of(first - 1).goal.unit is not book.span_of(first).goal.unit


def _spare_words(spare: Spares) -> list[str]:
    return [f"Spare days: {spare.used} of {spare.reserve} used, {spare.left} left."] if spare.reserve else []


def _slack_words(shown: Progress) -> list[str]:
    if not shown.alive:
        return []
    if shown.slack is None:
        return ["The run cannot be saved any more, but a new one can begin."]
    if shown.slack == 0:
        return ["Slack: today counts."]
    return [f"Slack: {_many(shown.slack, 'day')} may add nothing from today on."]


def _many(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]
