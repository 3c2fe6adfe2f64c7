"""What a person asks for: another prompt, why, how, when, another time; and what is asked back, once."""

from datetime import timedelta
from uuid import UUID

import pytest

from habits import practices
from service import reminding
from service.models import NudgeItem, Reminder
from service.states import NudgeKind, NudgeState
from tests.walk.rows import nudges, on, rows
from tests.walk.saying import says
from tests.world import World

GRATITUDE = practices.find("gratitude")


@pytest.fixture
def gratitude(world: World, alex: UUID) -> UUID:
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(on("19:00"))
    return habit


def test_more_brings_another_prompt_that_counts_as_used(world: World, alex: UUID, gratitude: UUID) -> None:
    light = [prompt for prompt in GRATITUDE.prompts if prompt.depth == 1]
    answers = [says(world, f"more {'please ' * number}") for number in range(len(light) - 1)]
    world.goes_on(timedelta(seconds=1))

    ids = [item.prompt_id or "" for item in rows(world, NudgeItem)]
    assert sorted(ids) == sorted(prompt.id for prompt in light)  # All of them once, and none twice.
    assert all("Reply 1" in answer for answer in answers)
    assert all(n.state is NudgeState.SENT for n in nudges(world, alex, NudgeKind.ANSWER))
    # A done answers the nudge, and a prompt that was asked for goes out after it all the same.
    says(world, "done")
    says(world, "more")
    world.goes_on(timedelta(seconds=1))
    assert nudges(world, alex, NudgeKind.ANSWER)[-1].state is NudgeState.SENT
    assert not [n for n in nudges(world, alex) if n.answered_at is None]


def test_a_deep_prompt_comes_to_who_asks_for_it(world: World, alex: UUID, gratitude: UUID) -> None:
    vulnerability = practices.find("vulnerability")
    world.take_up("vulnerability", "daily", "monthly 28 10:00", alex)
    for number in range(len(vulnerability.prompts)):
        says(world, f"deeper 2 {'please ' * number}")
    depths = {prompt.id: prompt.depth for prompt in vulnerability.prompts}
    assert 3 in {depths[item.prompt_id] for item in rows(world, NudgeItem) if item.prompt_id in depths}
    says(world, "I'm afraid of him")
    assert depths_of(world, depths, "deeper 2") == {1}


def depths_of(world: World, depths: dict[str, int], said: str) -> set[int]:
    before = {item.nudge_id for item in rows(world, NudgeItem)}
    says(world, said)
    return {depths[item.prompt_id or ""] for item in rows(world, NudgeItem) if item.nudge_id not in before}


def test_why_and_how_are_about_the_nudge_that_waits(world: World, alex: UUID, gratitude: UUID) -> None:
    world.take_up("empathy", "daily", "monthly 28 10:00", alex)
    assert GRATITUDE.why in says(world, "why?")
    assert GRATITUDE.how in says(world, "How do I do that?")
    assert practices.find("empathy").why in says(world, "why 2")
    says(world, "done")
    assert "1 Gratitude, 2 Empathy" in says(world, "how")


def test_next_tells_when_the_next_one_comes(world: World, alex: UUID, gratitude: UUID) -> None:
    assert "tomorrow at 19:00" in says(world, "next")
    says(world, "pause")
    assert "RESUME" in says(world, "when is the next one?")


def test_a_time_holds_from_now_on(world: World, alex: UUID, gratitude: UUID) -> None:
    answer = says(world, "at 18:30")
    assert "18:30" in answer
    assert "AT 19:00" in answer
    assert [reminder.schedule for reminder in rows(world, Reminder)] == ["daily 18:30"]
    world.goes_on(on("2026-03-03T18:30"))
    assert nudges(world, alex)[-1].due_at == on("2026-03-03T18:30")
    says(world, "at 19:00 please")
    # It fires at most once a day.
    world.goes_on(on("2026-03-03T23:00"))
    assert nudges(world, alex)[-1].due_at == on("2026-03-03T18:30")
    world.goes_on(on("2026-03-04T19:00"))
    assert nudges(world, alex)[-1].due_at == on("2026-03-04T19:00")


def test_a_time_in_quiet_hours_is_refused(world: World, alex: UUID, gratitude: UUID) -> None:
    assert "quiet hours" in says(world, "at 22:00")
    assert [reminder.schedule for reminder in rows(world, Reminder)] == ["daily 19:00"]


def test_a_time_moves_the_reminder_that_brought_the_nudge(world: World, alex: UUID, gratitude: UUID) -> None:
    reminding.add_reminder(world.site, gratitude, alex, "sun 11:00", world.at)
    says(world, "at 20:00")
    assert sorted(reminder.schedule for reminder in rows(world, Reminder)) == ["daily 20:00", "sun 11:00"]


def test_a_time_of_several_habits_is_asked_about(world: World, alex: UUID) -> None:
    for practice in ("gratitude", "empathy"):
        world.take_up(practice, "daily", "daily 19:00", alex)
    assert "AT 20:00 2" in says(world, "at 20:00")
    assert "Empathy" in says(world, "at 20:00 for empathy")
    assert sorted(reminder.schedule for reminder in rows(world, Reminder)) == ["daily 19:00", "daily 20:00"]


def test_what_is_unclear_is_asked_back_once(world: World, alex: UUID, gratitude: UUID) -> None:
    assert "not clear" in says(world, "blue cheese")
    assert says(world, "blue cheese!") == ""
    world.goes_on(timedelta(seconds=1))
    assert says(world, "purple cheese") == ""
    assert "Gratitude" in says(world, "done")
    world.goes_on(timedelta(seconds=1))
    assert "not clear" in says(world, "blue cheese again")


def test_a_no_is_heard_and_a_skip_offered_where_it_holds_the_streak(
    world: World, alex: UUID, gratitude: UUID
) -> None:
    assert "SKIP" not in says(world, "not today")
    says(world, "done")
    for day in ("03", "04", "05"):
        world.goes_on(on(f"2026-03-{day}T19:00"))
        assert says(world, "streak")  # A sign of life, so that the nudges go on.
    # Tuesday and Wednesday used up the two spare days: today holds the run.
    assert "SKIP 1" in says(world, "no")
    assert "CALL" in says(world, "we had a big fight")


def test_what_was_not_understood_besides_is_named(world: World, alex: UUID, gratitude: UUID) -> None:
    answer = says(world, "1. please change my number to +1 555 0134")
    assert "Gratitude" in answer
    assert "rest" in answer
