"""Invented histories: one letter a day, and the facts that it stands for."""

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import strategies as st

from habits.entries import Entry, Mark, Pause
from habits.goals import DatedGoal, Goal, Kind, parse_goal
from habits.periods import Facts

START = date(2025, 10, 29)
"""A Wednesday, three days before a month and two months before a year begins."""
DAY = timedelta(days=1)

LETTERS = {
    ".": (),
    "d": (Mark.DONE,),
    "s": (Mark.SKIPPED,),
    "b": (Mark.SKIPPED, Mark.DONE),
    "u": (Mark.DONE, Mark.UNDONE),
    "v": (Mark.DONE, Mark.DONE, Mark.UNDONE),
    "w": (Mark.SKIPPED, Mark.DONE, Mark.UNDONE),
    "x": (Mark.DONE, Mark.UNDONE, Mark.UNDONE),
}
"""What is said of a day, in this order; an undo takes back the entry before it."""


def day(number: int) -> date:
    """Return the day `number` of the history; 0 is START."""
    return START + DAY * number


def entries(letters: str, first: int = 0) -> tuple[Entry, ...]:
    """Return the entries of days in a row, the first of them being day `first`."""
    made: list[Entry] = []
    for number, letter in enumerate(letters, start=first):
        for kind in LETTERS[letter]:
            before = made[-1].id if kind is Mark.UNDONE else None
            made.append(Entry(f"e{len(made)}", len(made), day(number), kind, before))
    return tuple(made)


def habit(
    goal: str,
    letters: str,
    reserve: int = 0,
    start: int = 0,
    pauses: Sequence[Pause] = (),
    changes: Sequence[tuple[int, str]] = (),
) -> Facts:
    """Return a habit begun on day `start`; its letters begin with day 0, whatever the start."""
    goals = [DatedGoal(day(start), parse_goal(goal, reserve))]
    goals += [DatedGoal(day(number), parse_goal(text, reserve)) for number, text in changes]
    return Facts(day(start), goals, entries(letters), pauses)


reserves = st.sampled_from([0, 0, 1, 2, 3])


@st.composite
def goals(draw: st.DrawFn, longest_window: int = 6) -> Goal:
    kind = draw(st.sampled_from(Kind))
    reserve = draw(reserves)
    if kind is Kind.CALENDAR:
        times, days = draw(
            st.sampled_from([(1, 1), (1, 1), (1, 7), (3, 7), (7, 7), (2, 30), (20, 30), (31, 30)])
        )
        return Goal(kind, times, days, reserve=reserve)
    if kind is Kind.WEEKDAYS:
        weekdays = draw(st.frozensets(st.integers(0, 6), min_size=1))
        return Goal(kind, len(weekdays), 7, weekdays, reserve)
    days = draw(st.integers(1, longest_window))
    return Goal(kind, draw(st.integers(1, days)), days, reserve=reserve)


@st.composite
def pauses(draw: st.DrawFn, length: int) -> Pause:
    first = draw(st.integers(-5, length + 3))
    last = draw(st.none() | st.integers(first - 1, first + 15))
    return Pause(day(first), None if last is None else day(last))


@st.composite
def lines(draw: st.DrawFn, length: int) -> str:
    """Draw a line of letters: mostly done, half and half, or seldom done, so that runs are long and short."""
    letters = draw(st.sampled_from(["ddddddd.s", "ddd...b", "d....", "ddddd.....sbuvwx"]))
    size = draw(st.sampled_from([length, length, length // 2, length // 5]))
    return draw(st.text(st.sampled_from(letters), min_size=size - 3, max_size=size))


@st.composite
def histories(draw: st.DrawFn, length: int = 60) -> tuple[Facts, date]:
    """Draw a habit and a today, somewhere around its letters: entries may lie before the start or ahead."""
    letters = draw(lines(length))
    start = draw(st.integers(-3, 5))
    changed = draw(st.lists(st.integers(-10, length), max_size=2, unique=True))
    dated = [DatedGoal(day(number), draw(goals())) for number in [start, *(n for n in changed if n != start)]]
    facts = Facts(
        day(start),
        dated,
        entries(letters),
        draw(st.lists(pauses(length), max_size=2)),
        draw(st.sampled_from([None, None, None, day(-1), day(length // 2)])),
        draw(st.integers(0, 6)),
    )
    return facts, day(len(letters) + draw(st.integers(-4, 4)))
