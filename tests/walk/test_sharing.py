"""The check-in's scores: one's own trend, shared only by both, and an offer after low weeks."""

from datetime import timedelta
from uuid import UUID

import pytest

from service import people, reminding
from service.models import PulseAnswer
from tests.walk.rows import agree, on, rows
from tests.walk.saying import says
from tests.world import World

WEEK = timedelta(days=7)


@pytest.fixture
def two(world: World) -> tuple[UUID, UUID]:
    """Alex and Sam, whose check-in went out just now."""
    couple = people.add_couple(world.site)
    alex, sam = agree(world, [world.enrol("Alex", couple), world.enrol("Sam", couple)])
    for person in (alex, sam):
        reminding.add_check_in(world.site, person, "mon 17:00", world.at)
    world.goes_on(on("17:00"))
    return alex, sam


def test_shared_is_what_both_have_shared(world: World, two: tuple[UUID, UUID]) -> None:
    says(world, "4 3 5", "Alex")
    says(world, "2 1 4", "Sam")
    before = says(world, "share 1", "Alex")
    assert "closeness" in before
    assert "2" not in before.replace("SHARE", "")
    after = says(world, "share 1 2", "Sam")
    assert "closeness: you 2, your partner 4" in after
    assert "heard: you" not in after
    assert "closeness: you 4, your partner 2" in says(world, "pulse", "Alex")


def test_what_is_shared_can_be_taken_back(world: World, two: tuple[UUID, UUID]) -> None:
    says(world, "4 3 5", "Alex")
    says(world, "2 1 4", "Sam")
    says(world, "share all", "Alex")
    assert sum(row.shared_at is not None for row in rows(world, PulseAnswer)) == 3
    says(world, "don't share 2", "Alex")
    assert all(row.shared_at is None for row in rows(world, PulseAnswer))
    assert "your partner 4" not in says(world, "share 1", "Sam")


@pytest.mark.parametrize("said", ["share", "share 7"])
def test_a_share_without_an_item_asks_which(world: World, two: tuple[UUID, UUID], said: str) -> None:
    says(world, "4 3 5", "Alex")
    answer = says(world, said, "Alex")
    if said == "share":
        assert "1 closeness, 2 heard" in answer
    assert all(row.shared_at is None for row in rows(world, PulseAnswer))


def test_the_answer_to_a_share_tells_nothing_of_the_other(world: World, two: tuple[UUID, UUID]) -> None:
    says(world, "4 3 5", "Alex")
    silent = says(world, "share 1", "Alex")
    says(world, "share nothing", "Alex")
    says(world, "4 4 4", "Sam")
    says(world, "share 2", "Sam")
    says(world, "next", "Alex")  # So that the same alternative of the text comes again.
    says(world, "next", "Alex")
    assert {silent, says(world, "share 1", "Alex")} == {silent}


def test_one_alone_has_nobody_to_share_with(world: World, alex: UUID) -> None:
    reminding.add_check_in(world.site, alex, "mon 17:00", world.at)
    world.goes_on(on("17:00"))
    says(world, "4 3 5")
    assert says(world, "share 1") in (
        "There is no check-in that could be shared right now.",
        "Nothing to share just now.",
    )


def test_the_own_scores_are_shown_oldest_first(world: World, alex: UUID) -> None:
    assert "answered yet" in says(world, "my scores") or "no answered" in says(world, "my scores")
    reminding.add_check_in(world.site, alex, "mon 17:00", world.at)
    for week, scores in enumerate(("4 3 5", "3 3 2", "5 1 4")):
        world.goes_on(on("17:00") + week * WEEK)
        says(world, scores)
    answer = says(world, "pulse")
    assert "closeness 4 3 5" in answer
    assert "heard 3 3 1" in answer


def test_low_scores_twice_running_bring_an_offer_and_not_every_week(world: World, alex: UUID) -> None:
    reminding.add_check_in(world.site, alex, "mon 17:00", world.at)
    offered = []
    for week in range(7):
        world.goes_on(on("17:00") + week * WEEK)
        offered.append("CALL" in says(world, "2 4 4"))
    assert offered == [False, True, False, False, False, True, False]


def test_a_zero_says_that_an_item_does_not_apply(world: World, alex: UUID) -> None:
    reminding.add_check_in(world.site, alex, "mon 17:00", world.at)
    for week in range(13):
        world.goes_on(on("17:00") + week * WEEK)
        answer = says(world, "4 4 0")
        assert "CALL" not in answer
        if "Nearly" in answer or "Almost" in answer:
            says(world, "4 4 4")
