"""Entries: one mark a day, whatever was said, taken back and said again."""

from datetime import date

import pytest
from hypothesis import given, settings

from habits.entries import Entry, Mark, Pause, fold
from habits.periods import Facts
from tests.habits import reference
from tests.habits.histories import day, entries, histories


def marks(letters: str, *pauses: Pause, first: int = 0, last: int = 9, ahead: int = 0) -> str:
    """Return the marks of days 0 to 9 as letters: d done, s excused, b both."""
    folded = fold(entries(letters), pauses, day(first), day(last), ahead)
    return "".join(".sdb"[mark] for mark in folded)


def test_a_day_is_done_once_and_done_wins_but_is_still_known_to_be_excused() -> None:
    assert marks("d.sbdd") == "d.sbdd...."


def test_an_undo_takes_back_one_entry_and_what_else_was_said_stands_again() -> None:
    # u: done, undone. v: done twice, one undone. w: skipped, done, undone. x: the undo itself undone.
    assert marks("uvwx") == ".dsd......"


def test_entries_before_the_start_and_after_today_are_ignored() -> None:
    assert marks("dsdsdsdsds", first=2, last=4) == "dsd"


def test_a_pause_has_both_its_ends_and_an_open_one_holds_up_to_today() -> None:
    assert marks("", Pause(day(2), day(4))) == "..sss....."
    assert marks("", Pause(day(8)), ahead=3) == "........ss..."
    assert marks("", Pause(day(8), day(10)), ahead=3) == "........sss.."
    assert marks("d", Pause(day(-5), day(99))) == "bsssssssss"
    assert marks("", Pause(day(3), day(2)), Pause(day(20)), Pause(day(-4), day(-1))) == ".........."


def test_an_undo_counts_whatever_day_it_carries_and_may_name_what_is_not_there() -> None:
    done = Entry("a", 1, day(0), Mark.DONE)
    late = Entry("b", 2, day(50), Mark.UNDONE, "a")
    assert fold([done, late], (), day(0), day(0)) == b"\0"
    assert fold([done, Entry("c", 3, day(0), Mark.UNDONE, "gone")], (), day(0), day(0)) == b"\2"


@pytest.mark.parametrize(("kind", "undoes"), [(Mark.UNDONE, None), (Mark.DONE, "a"), (Mark.SKIPPED, "a")])
def test_only_an_undone_entry_names_another(kind: Mark, undoes: str | None) -> None:
    with pytest.raises(ValueError, match="takes back one other entry"):
        Entry("b", 2, day(0), kind, undoes)


@given(histories())
@settings(deadline=None)
def test_marks_agree_with_the_reference(history: tuple[Facts, date]) -> None:
    facts, today = history
    today = max(today, facts.started_on)
    folded = fold(facts.entries, facts.pauses, facts.started_on, today)
    days = reference.days_from(facts.started_on, today)
    assert {each for each, mark in zip(days, folded, strict=True) if mark & 2} == reference.said(
        facts, today, Mark.DONE
    )
    assert {each for each, mark in zip(days, folded, strict=True) if mark & 1} == {
        each for each in reference.excused_days(facts, today) if facts.started_on <= each <= today
    }
