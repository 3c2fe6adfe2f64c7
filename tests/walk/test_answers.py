"""What each message does to the rows, and what is answered: once, short, and true."""

from itertools import pairwise
from uuid import UUID

import pytest

from habits import practices
from notifiers.base import Inbound
from notifiers.segments import count
from service import inbound, taking_up
from service.models import EntryRow, Nudge
from service.states import AddressKind, Cause, NudgeKind, NudgeState
from tests.walk.rows import agree, nudges, on, rows, words
from tests.world import NUMBERS, World

LONGEST_TITLES = sorted(
    practices.catalogue().values(), key=lambda practice: len(practice.title), reverse=True
)[:6]


@pytest.fixture
def nudged(world: World, alex: UUID) -> UUID:
    """Alex, whose nudge for gratitude went out at seven o'clock, just now."""
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(on("19:00"))
    return alex


def says(world: World, text: str) -> str:
    understood = world.says("Alex", text)
    assert understood is not None
    return understood.answer or ""


def kinds(world: World) -> list[str]:
    return [entry.kind.value for entry in rows(world, EntryRow)]


def test_done_is_logged_and_the_answer_says_so(world: World, nudged: UUID) -> None:
    answer = says(world, "done")

    (entry,) = rows(world, EntryRow)
    assert (entry.kind, entry.day, entry.source) == ("done", world.at.date(), "reply")
    assert all(part in answer for part in ("Gratitude", "today", "1 day", "UNDO"))
    (row,) = nudges(world, nudged, NudgeKind.ANSWER)
    assert words(world, row) == answer
    assert (row.state, row.cause_kind, row.not_before) == (NudgeState.PLANNED, Cause.REPLY, world.at)
    assert nudges(world, nudged)[0].answered_at == world.at


def test_done_again_changes_nothing_and_undo_takes_it_back(world: World, nudged: UUID) -> None:
    says(world, "done")
    again = says(world, "done")
    assert "lready" in again
    assert kinds(world) == ["done"]

    assert "Gratitude" in says(world, "undo")
    assert kinds(world) == ["done", "undone"]
    assert "to take back" in says(world, "undo")
    assert "1 day" in says(world, "done")


def test_undo_takes_back_all_that_one_message_logged(world: World, nudged: UUID) -> None:
    world.take_up("empathy", "daily", "sun 19:00", nudged)
    says(world, "1")
    says(world, "1 2")
    answer = says(world, "undo")

    # The first was done before the second message, and so is not the second's to take back.
    assert "Empathy" in answer
    assert "Gratitude" not in answer
    assert kinds(world) == ["done", "done", "undone"]


def test_undo_of_two_names_both(world: World, nudged: UUID) -> None:
    world.take_up("empathy", "daily", "sun 19:00", nudged)
    says(world, "1 2")
    answer = says(world, "undo")

    assert "Gratitude" in answer
    assert "Empathy" in answer


def test_undo_names_a_habit_that_has_ended_since(world: World, alex: UUID) -> None:
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex)
    says(world, "done")
    taking_up.archive_habit(world.site, habit, world.at)

    assert "Gratitude" in says(world, "undo")
    assert kinds(world) == ["done", "undone"]


def test_skip_holds_the_day(world: World, nudged: UUID) -> None:
    assert "skip" in says(world, "skip").lower()
    assert kinds(world) == ["skipped"]
    assert nudges(world, nudged)[0].answered_at == world.at


def test_two_habits_are_skipped_in_one_answer(world: World, nudged: UUID) -> None:
    world.take_up("empathy", "daily", "sun 19:00", nudged)
    answer = says(world, "skip 1 2")

    assert "Gratitude" in answer
    assert "Empathy" in answer
    assert kinds(world) == ["skipped", "skipped"]


def test_streaks_are_told_with_practised_days_first(world: World, nudged: UUID) -> None:
    assert "0 days practised" in says(world, "streak")
    says(world, "done")
    world.goes_on(on("2026-03-03T19:00"))
    says(world, "done")

    answer = says(world, "streak")
    assert "2 days of Gratitude" in answer
    assert "2 days in a row" in answer
    world.take_up("empathy", "2 a week", "sun 19:00", nudged)
    answer = says(world, "streak")
    assert "Gratitude: 2 days, streak 2 days" in answer
    assert "Empathy: 0 days" in answer


def test_habits_are_listed_with_their_numbers(world: World, nudged: UUID) -> None:
    gone = world.take_up("empathy", "daily", "sun 19:00", nudged)
    taking_up.archive_habit(world.site, gone, world.at)
    world.take_up("patience", "daily", "sun 19:00", nudged)

    assert "1 Gratitude, 3 Patience." in says(world, "list")


def test_somebody_without_habits_is_told_so(world: World, alex: UUID) -> None:
    assert "list is still empty" in says(world, "list")
    assert "on your list yet" in says(world, "streak")
    assert "not clear" in says(world, "what?")


def test_a_discreet_person_reads_no_titles(world: World) -> None:
    (alex,) = agree(world, [world.enrol("Alex", discreet=True)])
    world.take_up("gratitude", "daily", "daily 19:00", alex)

    for said in ("done", "undo", "skip", "list", "streak", "what?"):
        answer = says(world, said)
        assert "Number 1" in answer
        assert "Gratitude" not in answer


def test_everything_else_gets_one_question_back_and_logs_nothing(world: World, nudged: UUID) -> None:
    answer = says(world, "the quick brown fox")

    assert answer.endswith("1 Gratitude.")
    assert kinds(world) == []
    assert len(nudges(world, nudged, NudgeKind.ANSWER)) == 1
    assert nudges(world, nudged)[0].answered_at is None


def test_a_done_that_could_mean_several_is_asked_about(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.take_up("empathy", "daily", "daily 19:00", alex)
    world.goes_on(on("19:00"))

    assert "1 Gratitude, 2 Empathy" in says(world, "done")
    assert "SKIP with its number" in says(world, "skip")
    assert kinds(world) == []


def test_numbers_that_are_none_of_theirs_are_named(world: World, nudged: UUID) -> None:
    answer = says(world, "1 7 8")

    assert kinds(world) == ["done"]
    assert "no number 7, 8 on your list" in answer


def test_the_opt_in_is_answered_with_a_welcome(world: World) -> None:
    alex = world.enrol("Alex")
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    answer = says(world, "Yes please")

    assert "Welcome to Attune: up to 3 messages a day, the first at 19:00." in answer
    address = world.address("Alex")
    assert address is not None
    assert address.verified_at == world.at
    assert world.person(alex).due_at == on("19:00")


def test_what_is_unclear_while_consent_is_asked_for_is_asked_again(world: World) -> None:
    world.enrol("Alex")

    assert "Reply YES to start" in says(world, "hm, whatever")


def test_a_no_to_the_opt_in_is_a_stop(world: World) -> None:
    alex = world.enrol("Alex")
    says(world, "no")

    assert world.person(alex).stopped_at == world.at


def test_help_tells_who_runs_this_and_how_to_stop(world: World, alex: UUID) -> None:
    answer = says(world, "HELP")

    assert "Attune" in answer
    assert "STOP" in answer
    assert nudges(world, alex, NudgeKind.ANSWER)[-1].cause_kind is Cause.HELP


def test_an_answer_is_not_the_same_twice_running(world: World, nudged: UUID) -> None:
    for said in ("done", "streak", "pause", "skip", "help", "undo", "next", "more"):
        answers = [says(world, said) for _ in range(4)]
        assert all(one != other for one, other in pairwise(answers))


def test_the_answer_to_what_was_left_names_the_day_as_it_is_read(world: World, nudged: UUID) -> None:
    message = Inbound("in-1", NUMBERS["Alex"], "done")
    inbound.store(world.site, "phone", AddressKind.SMS, message, world.at)
    world.at = on("2026-03-03T09:00")
    inbound.sweep(world.site, world.at)

    (answer,) = nudges(world, nudged, NudgeKind.ANSWER)
    assert "yesterday" in words(world, answer)


@pytest.fixture
def busy(world: World, alex: UUID) -> UUID:
    """Alex, with the six habits that have the longest titles, and a digest of them just now."""
    for practice in LONGEST_TITLES:
        world.take_up(practice.slug, "daily", "daily 19:00", alex)
    world.goes_on(on("19:00"))
    return alex


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (1, ("done", "1", "1 2", "1", "undo", "skip", "skip 1", "skip 2 3", "undo", "what?", "and?")),
        (1, ("list", "streak", "later", "later", "later 300h", "pause", "pause 3 days", "resume", "help")),
        (1, ("1 2 3 4 5 6", "undo", "skip 1 2 3 4 5 6", "undo", "undo", "17", "STOP", "help", "START")),
        (2, ("1 and skip 2 and pause 3 days", "streak and list and pause", "done, pause", "list and help")),
        (2, ("1 17 18 19 20 21", " ".join(str(number) for number in range(7, 60)), "1 2 3 99 list streak")),
    ],
)
def test_answers_are_short(world: World, busy: UUID, most: int, said: tuple[str, ...]) -> None:
    longest = 0
    for text in said:
        understood = world.says("Alex", text)
        assert understood is not None
        if understood.answer:
            longest = max(longest, count(understood.answer).segments)
        assert (most == 1) <= (len(understood.parts) == 1)
        if "pause" in text:
            assert "RESUME" in (understood.answer or "")  # Lists give way to what was done.

    sent = [words(world, row) for row in rows(world, Nudge, Nudge.kind == NudgeKind.ANSWER)]
    assert longest == most
    assert max(count(text).segments for text in sent) == most
