"""A tap on one of our messages: logged for that message, taken back alone, and nothing else read into it."""

from datetime import timedelta
from uuid import UUID

import pytest

from habits.entries import Mark
from service.models import EntryRow
from service.states import NudgeKind
from tests.walk.rows import nudges, on, rows
from tests.walk.saying import says
from tests.world import World


@pytest.fixture
def gratitude(world: World, alex: UUID) -> UUID:
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(on("19:00"))
    return habit


def newest(world: World, person: UUID, *kinds: NudgeKind) -> str:
    return world.told(person, *kinds)[-1].words


def marks(world: World) -> list[Mark]:
    return [entry.kind for entry in rows(world, EntryRow)]


@pytest.mark.parametrize(
    "shape",
    ["Liked “{}”", "Loved “{}”", "Reacted 👍🏽 to “{}”", "\u200a\u200b👍\u200b to “\u200a{}\u200a”\u200a"],
)
def test_a_tap_logs_the_messages_habit(world: World, alex: UUID, gratitude: UUID, shape: str) -> None:
    answer = says(world, shape.format(newest(world, alex, NudgeKind.NUDGE)))

    assert "Gratitude" in answer
    assert marks(world) == [Mark.DONE]
    assert nudges(world, alex)[0].answered_at == world.at


def test_taking_it_back_undoes_its_own_entry_only(world: World, alex: UUID, gratitude: UUID) -> None:
    quoted = newest(world, alex, NudgeKind.NUDGE)
    world.take_up("empathy", "daily", "monthly 28 10:00", alex)
    says(world, f"Liked “{quoted}”")
    says(world, "2")
    assert "Gratitude" in says(world, f"Removed a like from “{quoted}”")

    entries = rows(world, EntryRow)
    assert [(entry.kind, entry.habit_id == gratitude) for entry in entries] == [
        (Mark.DONE, True),
        (Mark.DONE, False),
        (Mark.UNDONE, True),
    ]
    assert nudges(world, alex)[0].answered_at is None
    assert says(world, f"Removed a like from “{quoted}”") == ""
    # And once more: a new tap is a new entry.
    says(world, f"Liked “{quoted}”")
    assert marks(world)[-1] is Mark.DONE


def test_what_was_typed_is_not_taken_back_by_a_tap(world: World, alex: UUID, gratitude: UUID) -> None:
    quoted = newest(world, alex, NudgeKind.NUDGE)
    says(world, "done")
    assert says(world, f"Removed a heart from “{quoted}”") == ""
    assert marks(world) == [Mark.DONE]


def test_undo_takes_back_a_tap_too(world: World, alex: UUID, gratitude: UUID) -> None:
    says(world, f"Liked “{newest(world, alex, NudgeKind.NUDGE)}”")
    assert "Gratitude" in says(world, "undo")
    assert marks(world) == [Mark.DONE, Mark.UNDONE]


def test_a_question_mark_asks_how(world: World, alex: UUID, gratitude: UUID) -> None:
    answer = says(world, f"Questioned “{newest(world, alex, NudgeKind.NUDGE)}”")
    assert "Notice what your partner does" in answer
    assert marks(world) == []


@pytest.mark.parametrize(
    "shape", ["Disliked “{}”", "Laughed at “{}”", "Emphasized “{}”", "Reacted with a sticker to “{}”"]
)
def test_other_taps_say_nothing(world: World, alex: UUID, gratitude: UUID, shape: str) -> None:
    assert says(world, shape.format(newest(world, alex, NudgeKind.NUDGE))) == ""
    assert marks(world) == []


def test_a_tap_on_an_answer_of_ours_on_an_unknown_text_or_on_a_picture_is_ignored(
    world: World, alex: UUID, gratitude: UUID
) -> None:
    says(world, "done")
    world.goes_on(timedelta(seconds=1))
    for said in (f"Liked “{newest(world, alex)}”", "Liked “STOP”", "Loved “kill myself”", "Liked an image"):
        assert says(world, said) == ""
    assert marks(world) == [Mark.DONE]
    assert world.person(alex).stopped_at is None


def test_a_tap_is_never_consent(world: World) -> None:
    alex = world.enrol("Alex")
    world.run()
    assert says(world, f"Liked “{newest(world, alex)}”") == ""
    address = world.address("Alex")
    assert address
    assert address.verified_at is None


def test_a_tap_on_a_digest_asks_which(world: World, alex: UUID) -> None:
    for practice in ("gratitude", "empathy"):
        world.take_up(practice, "daily", "daily 19:00", alex)
    world.goes_on(on("19:00"))
    assert "1 Gratitude, 2 Empathy" in says(world, f"Liked “{newest(world, alex, NudgeKind.NUDGE)}”")
    assert marks(world) == []


def test_after_two_days_a_message_is_not_known_any_more(world: World, alex: UUID, gratitude: UUID) -> None:
    quoted = newest(world, alex, NudgeKind.NUDGE)
    says(world, "pause")
    world.goes_on(timedelta(hours=49))
    assert says(world, f"Liked “{quoted}”") == ""
    assert marks(world) == []
