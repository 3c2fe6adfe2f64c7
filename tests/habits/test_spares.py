"""Spare days, and which of them an answer tells."""

from datetime import date

import pytest

from habits.spares import Spares, not_told, spares
from habits.streaks import progress
from tests.habits.histories import day, entries, habit


@pytest.mark.parametrize(
    ("goal", "letters", "reserve", "today", "found"),
    [
        ("daily", "d.d", 2, 2, Spares(1, 1)),
        ("daily", "d..d", 2, 3, Spares(2, 0)),
        ("daily", "d...d", 2, 4, Spares(2, 0)),
        ("daily", "ddd", 2, 2, Spares(0, 2)),
        ("daily", "d.d", 0, 2, Spares(0, 0)),
        ("3 a week", "d.d", 2, 2, Spares()),
        ("daily", "d." + "d" * 27, 1, 28, Spares(1, 0)),
        ("daily", "d." + "d" * 28, 1, 29, Spares(0, 1)),
        ("daily", "d", 2, -1, Spares()),
    ],
)
def test_spare_days_are_used_and_left(
    goal: str, letters: str, reserve: int, today: int, found: Spares
) -> None:
    facts = habit(goal, letters, reserve)
    shown = progress(facts, day(today))
    assert spares(facts, shown, day(today)) == found
    assert found.reserve == (reserve if found != Spares() else 0)


def told(letters: str, new: int) -> tuple[date, ...]:
    """Return what a done of the day `new` tells, after what was said before it."""
    before = entries(letters)
    facts = habit("daily", letters[:new].ljust(new, ".") + "d", reserve=2)
    return not_told(before, progress(facts, day(new)))


def test_a_forgiven_day_is_told_with_the_next_done_and_only_then() -> None:
    assert told("d", 2) == (day(1),)
    assert told("d", 3) == (day(1), day(2))
    assert told("d.d", 3) == ()
    assert told("d.d.", 4) == (day(3),)
    assert told("dd", 2) == ()
    assert told("", 0) == ()


def test_a_skip_in_between_tells_nothing_and_a_done_that_was_taken_back_has_told() -> None:
    assert told("d.s", 3) == (day(1),)
    assert told("d.u", 3) == (day(2),)


def test_what_could_not_save_the_run_is_not_told() -> None:
    assert told("d..", 3) == (day(1), day(2))
    assert told("d...", 4) == ()
    assert told("", 5) == ()
    assert not_told((), progress(habit("daily", ""), day(0))) == ()
