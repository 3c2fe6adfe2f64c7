"""A spare day is told to the person whose run it kept: once with the next done, and to whoever asks."""

from datetime import timedelta
from uuid import UUID

import pytest

from notifiers.segments import count
from service.states import NudgeKind
from tests.walk.rows import agree, on
from tests.world import World

DAY = timedelta(days=1)


@pytest.fixture
def practising(world: World, alex: UUID) -> UUID:
    """Alex, who has a daily habit since today, and does it at eight in the evening or not at all."""
    world.at = on("19:00")
    world.take_up("gratitude", "daily", "daily 09:00", alex)
    world.at = on("20:00")
    return alex


def says(world: World, text: str, name: str = "Alex") -> str:
    understood = world.says(name, text)
    assert understood is not None
    return understood.answer or ""


def test_the_next_done_tells_of_a_forgiven_day_once(world: World, practising: UUID) -> None:
    assert "spare" not in says(world, "done 1")
    world.at += 2 * DAY
    assert says(world, "done 1").endswith("The streak holds: one of your two spare days was used.")
    assert "spare" not in says(world, "done 1")
    says(world, "undo")
    assert "spare" not in says(world, "done 1")
    world.at += DAY
    assert "spare" not in says(world, "done 1")
    world.at += 2 * DAY
    assert says(world, "done 1").endswith("The streak holds: one of your two spare days was used.")


def test_two_at_once_are_told_and_a_skip_leaves_it_to_the_next_done(world: World, practising: UUID) -> None:
    says(world, "done 1")
    world.at += 3 * DAY
    assert "spare" not in says(world, "skip 1")
    world.at += DAY
    assert says(world, "done 1").endswith("The streak holds: two of your two spare days were used.")


def test_a_run_that_no_spare_day_could_keep_is_not_said_to_hold(world: World, practising: UUID) -> None:
    says(world, "done 1")
    world.at += 4 * DAY
    assert "spare" not in says(world, "done 1")
    assert "spare" in says(world, "streak")  # Of the new run: the days are gone for four weeks all the same.


def test_streak_tells_of_the_spare_days_of_four_weeks(world: World, practising: UUID) -> None:
    says(world, "done 1")
    assert "spare" not in says(world, "streak")
    world.at += 2 * DAY
    told = "Used in four weeks: one of your two spare days."
    assert says(world, "streak").endswith(told)  # Also before the next done.
    says(world, "done 1")
    assert says(world, "streak").endswith(told)


def test_several_habits_are_named_in_one_segment(world: World, practising: UUID) -> None:
    world.take_up("patience", "daily", "daily 09:00", practising)
    world.take_up("empathy", "3 a week", "mon 09:00", practising)
    says(world, "1 2 3")
    world.at += 2 * DAY
    answer = says(world, "1 2 3")
    assert answer.endswith(" The streaks hold with spare days: Gratitude 1 of 2, Patience 1 of 2.")
    assert count(answer).segments == 1
    told = says(world, "streak")
    assert told.endswith("Spare days used: Gratitude 1 of 2, Patience 1 of 2.")
    assert count(told).segments == 1


def test_what_does_not_fit_beside_the_answer_is_left_to_streak(world: World, alex: UUID) -> None:
    world.at = on("20:00")
    for practice in ("gratitude", "patience", "empathy", "quality-time", "active-listening", "safe-space"):
        world.take_up(practice, "daily", "daily 09:00", alex)
    says(world, "1 2 3 4 5 6")
    world.at += 2 * DAY
    answer = says(world, "1 2 3 4 5 6")
    assert count(answer).segments == 1
    assert "Gratitude" in answer
    assert "spare" not in answer


def test_weeks_have_no_spare_days_and_the_partner_hears_of_none(
    world: World, practising: UUID, sam: UUID
) -> None:
    world.take_up("gratitude", "3 a week", "mon 09:00", sam)
    says(world, "done 1")
    says(world, "done 1", "Sam")
    world.at += 2 * DAY
    assert "spare" in says(world, "done 1")
    assert "spare" not in says(world, "done 1", "Sam") + says(world, "streak", "Sam")
    world.run()
    assert not any("spare" in told.words for told in world.told(sam, *NudgeKind))


def test_a_discreet_person_reads_no_practice(world: World) -> None:
    (charlie,) = agree(world, [world.enrol("Charlie", discreet=True)])
    world.at = on("20:00")
    for practice in ("gratitude", "patience"):
        world.take_up(practice, "daily", "daily 09:00", charlie)
    says(world, "1 2", "Charlie")
    world.at += 2 * DAY
    answer = says(world, "1 2", "Charlie")
    assert "Number 1 1 of 2, Number 2 1 of 2" in answer
    assert "ratitude" not in answer
