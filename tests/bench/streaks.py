"""Streaks, slack and strength of a long history, beside working all of it out day by day with sets of dates.

The alternative is the reference of the tests without its slack, which would take it minutes.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from habits.entries import Entry, Mark, Pause
from habits.goals import DatedGoal, Unit, parse_goal
from habits.periods import Facts
from habits.streaks import progress
from habits.strength import strength
from tests.bench.measure import Pair
from tests.habits import reference

START = date(2016, 3, 1)
DAY = timedelta(days=1)
YEARS = {1: 365, 5: 1826, 10: 3652}
BESIDE = "day by day, no slack"


def history(goal: str, days: int) -> Facts:
    """Return a habit as somebody may have lived it: mostly done, some skipped, corrected and paused days."""
    chance = Random(days)
    entries: list[Entry] = []

    def say(day: date, kind: Mark, undoes: int | None = None) -> None:
        entries.append(Entry(len(entries), len(entries), day, kind, undoes))

    for number in range(days):
        day, drawn = START + DAY * number, chance.random()
        if drawn < 0.80:
            say(day, Mark.DONE)
        elif drawn < 0.86:
            say(day, Mark.SKIPPED)
        elif drawn < 0.89:
            say(day, Mark.DONE)
            say(day, Mark.UNDONE, len(entries) - 1)
        elif drawn < 0.91:
            say(day, Mark.SKIPPED)
            say(day, Mark.DONE)
    holidays = [START + DAY * number for number in range(150, days, 180)]
    pauses = [Pause(first, first + DAY * 9) for first in holidays]
    return Facts(START, [DatedGoal(START, parse_goal(goal))], entries, pauses)


def ours(facts: Facts, today: date) -> tuple[int, dict[Unit, int], float]:
    shown = progress(facts, today)
    return shown.streak, shown.longest, round(strength(facts, today), 9)


def day_by_day(facts: Facts, today: date) -> tuple[int, dict[Unit, int], float]:
    run, _ = reference.run_today(facts, today)
    return run.count, run.longest, round(reference.strength(facts, today), 9)


def pairs() -> Iterator[Pair]:
    for years, days in YEARS.items():
        yield _pair("daily", years, days)
    for goal in ("3 a week", "mon wed fri", "2 in 10 days"):
        yield _pair(goal, 5, YEARS[5])


def _pair(goal: str, years: int, days: int) -> Pair:
    facts, today = history(goal, days), START + DAY * (days - 1)
    what = f"streak, slack, strength: {goal}, {years} y"
    return Pair(what, lambda: ours(facts, today), BESIDE, lambda: day_by_day(facts, today))
