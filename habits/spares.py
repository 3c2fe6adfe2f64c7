"""Spare days: what the reserve forgave, and what of it a person has not been told yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from habits.entries import Entry, Mark
from habits.goals import Unit, goal_on
from habits.periods import Facts
from habits.streaks import Progress


@dataclass(frozen=True, slots=True)
class Spares:
    """How many of the `reserve` spare days the 28 days up to today have used; `left` + `used` = `reserve`."""

    used: int = 0
    left: int = 0

    @property
    def reserve(self) -> int:
        return self.used + self.left


def spares(facts: Facts, shown: Progress, today: date) -> Spares:
    """Return the spare days as of `today`; none before the start, nor for weeks and months."""
    last = facts.judged_on(today)
    if shown.unit is not Unit.DAY or last < facts.started_on:
        return Spares()
    return Spares(goal_on(facts.goals, last).reserve - shown.spares, shown.spares)


def not_told(entries: Sequence[Entry], shown: Progress) -> tuple[date, ...]:
    """Return the forgiven days of the current run, oldest first, that the answer to a new done is to tell.

    `entries` are those before the new one. Told are the days after all that were done by then, or that were
    and were taken back: so each forgiven day is told once at the most.
    """
    if shown.since is None:
        return ()
    newest = max((entry.day for entry in entries if entry.kind is Mark.DONE), default=date.min)
    return tuple(day for day in shown.forgiven if day >= max(newest, shown.since))
