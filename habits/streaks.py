"""What is shown of a habit: practised days, streak, why the latest run ended, slack and spare days.

Everything is derived from the facts each time; nothing here is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from habits.entries import DONE, DONE_ANYHOW, EXCUSED, NOTHING, fold
from habits.goals import DatedGoal, Kind, Unit, goal_on
from habits.misses import Miss, miss
from habits.periods import Facts, Ledger, ledger, period_end, period_start
from habits.runs import Tally, advance, count_of, count_today
from habits.slack import checkpoint, slack
from habits.verdicts import day_verdicts


@dataclass(frozen=True, slots=True)
class Progress:
    """What is shown of a habit as of one day.

    `streak` counts kept periods of `unit`; `since` is the first day of the first of them, None at 0.
    `longest` has the longest run for each unit that ever had one. `ended` is the missed period that broke
    the latest run, also while a new one goes on. `slack` is in days, 0 is today; None without a run, or with
    one that nothing can save any more. `done_in_period` of `target` is the current period; for goals counted
    in days the period is today. `spares` are the missed days that the reserve can still forgive, 0 for weeks
    and months; `forgiven` are all days it ever forgave, oldest first.
    """

    unit: Unit
    practised: int = 0
    streak: int = 0
    since: date | None = None
    longest: dict[Unit, int] = field(default_factory=dict)
    ended: Miss | None = None
    slack: int | None = None
    done_today: bool = False
    excused_today: bool = False
    done_in_period: int = 0
    target: int = 0
    spares: int = 0
    forgiven: tuple[date, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether a run goes on; an open period never ends one."""
        return self.streak > 0

    @property
    def period_met(self) -> bool:
        """Whether the current period asks for nothing more; so too if all of it is excused or not due."""
        return self.done_in_period >= self.target


class Judged(NamedTuple):
    """A habit judged up to the day that counts as today: the tally includes that day's period once kept."""

    book: Ledger
    verdicts: bytearray
    before: Tally
    tally: Tally

    @property
    def since(self) -> date | None:
        """The first day of the running streak."""
        return self.book.date(self.tally.since) if self.tally.count else None

    @property
    def slack(self) -> int | None:
        """The slack in days, as in `Progress`."""
        return slack(self.book, self.verdicts, self.before, self.tally)

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to nudge for (see `quiet_when_done`)."""
        if self.tally.unit is not Unit.DAY:
            done, target = count_of(self.book, self.verdicts, self.book.today)
            return done >= target
        if self.book.marks[self.book.today] & DONE:
            return True
        return self.book.span_of(self.book.today).goal.kind is Kind.ROLLING and bool(self.slack)


def judge(facts: Facts, today: date) -> Judged | None:
    """Return the habit judged as of `today`; None if it has not begun by then."""
    book = ledger(facts, today)
    if book is None:
        return None
    verdicts = day_verdicts(book)
    before = Tally(book.spans[0].goal.unit)
    middle = checkpoint(book)
    advance(before, book, verdicts, 0, middle)
    tally = before.copy()
    advance(tally, book, verdicts, middle, book.today)
    count_today(tally, book, verdicts)
    return Judged(book, verdicts, before, tally)


def progress(facts: Facts, today: date) -> Progress:
    """Return what is shown of a habit on the person's day `today`; linear in days and entries.

    Before the start all is empty. An archived habit is judged as of its last day.
    """
    judged = judge(facts, today)
    if judged is None:
        return Progress(goal_on(facts.goals, facts.started_on).unit)
    book, verdicts, _, tally = judged
    goal = book.span_of(book.today).goal
    done, target = count_of(book, verdicts, book.today)
    told = book.marks[book.today]
    return Progress(
        unit=tally.unit,
        practised=book.marks.count(DONE) + book.marks.count(DONE_ANYHOW),
        streak=tally.count,
        since=judged.since,
        longest=tally.longest,
        ended=miss(book, *tally.broken) if tally.broken else None,
        slack=judged.slack,
        done_today=bool(told & DONE),
        excused_today=told == EXCUSED,
        done_in_period=done,
        target=target,
        spares=tally.spares(book.today, goal.reserve) if tally.unit is Unit.DAY else 0,
        forgiven=tuple(book.date(day) for day in tally.forgiven),
    )


def quiet_when_done(facts: Facts, today: date) -> bool:
    """Return whether there is nothing to nudge for today (rule 2 of the policy).

    A calendar goal: its period is met; weekdays and daily: done today; rolling: done today, or slack left.
    What was said before `matters_from` does not matter: a caller may leave it out.
    """
    if not _judged_alone(facts.goals):
        judged = judge(facts, today)
        return judged is not None and judged.is_quiet
    goal, today = facts.goals[0].goal, facts.judged_on(today)
    if today < facts.started_on:
        return False
    if goal.unit is Unit.DAY and not facts.entries:
        return today in facts.said.done
    first = matters_from(facts.goals, facts.started_on, facts.week_starts, today)
    ahead = _period(goal.unit, facts.week_starts, today)[1] - today.toordinal()
    marks = fold(facts.entries, facts.pauses, first, today, ahead, facts.said)
    if goal.unit is Unit.DAY:
        return bool(marks[0] & DONE)
    left = len(marks) - marks.count(EXCUSED)
    return left - marks.count(NOTHING) >= min(goal.times, left)


def matters_from(goals: Sequence[DatedGoal], started_on: date, week_starts: int, today: date) -> date:
    """Return the first day of which it matters to `quiet_when_done` what was said.

    The current period begins with it; it is the start where older days decide as well.
    """
    if not _judged_alone(goals):
        return started_on
    first = _period(goals[0].goal.unit, week_starts, today)[0]
    return date.fromordinal(max(first, started_on.toordinal()))


def _judged_alone(goals: Sequence[DatedGoal]) -> bool:
    """Say whether what was said of a period is all that counts for it: one goal ever, and no rolling one."""
    return len(goals) == 1 and goals[0].goal.kind is not Kind.ROLLING


def _period(unit: Unit, week_starts: int, today: date) -> tuple[int, int]:
    """Return the ordinals of the first and the last day of a period, as far as the calendar has it."""
    day = today.toordinal()
    if unit is Unit.DAY:
        return day, day
    last = min(period_end(day, unit, week_starts), date.max.toordinal())
    return period_start(day, unit, week_starts), last
