"""Orders of events that went wrong once: a late START, a pause beside a rest, answers that had no room."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from notifiers.base import Inbound
from service import inbound, jobs, reminding
from service.models import EntryRow, NudgeItem, PulseAnswer, Suppression
from service.states import AddressKind, Cause, NudgeKind, NudgeState
from tests.walk.rows import nudges, on, rows, words
from tests.walk.saying import says
from tests.world import NUMBERS, World


def stored(world: World, text: str, name: str = "Alex") -> UUID:
    message = Inbound(f"in-{uuid4().hex}", NUMBERS[name], text)
    reply_id = inbound.store(world.site, "phone", AddressKind.SMS, message, world.at)
    assert reply_id
    return reply_id


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("consented", [True, False])
def test_a_stop_is_not_undone_by_an_older_start(
    world: World, order: tuple[int, int], consented: bool
) -> None:
    alex = world.join("Alex") if consented else world.enrol("Alex")
    world.run()
    replies = [stored(world, "START"), stored(world, "STOP")]
    for place in order:
        inbound.understand(world.site, replies[place], world.at)
    assert world.person(alex).stopped_at is not None

    # The other way round they are back.
    world.at += timedelta(minutes=1)
    says(world, "START")
    assert world.person(alex).stopped_at is None


def test_a_strangers_stop_is_not_undone_by_an_older_start(world: World) -> None:
    start = stored(world, "START", "Charlie")
    world.at += timedelta(seconds=1)
    stored(world, "STOP", "Charlie")
    world.at += timedelta(seconds=40)
    inbound.understand(world.site, start, world.at)
    inbound.sweep(world.site, world.at)
    assert len(rows(world, Suppression)) == 1


def test_a_strangers_opt_out_that_was_left_is_kept(world: World) -> None:
    stored(world, "wrong number, please take me off your list", "Charlie")
    world.at += timedelta(minutes=1)
    assert inbound.sweep(world.site, world.at) == 1
    assert len(rows(world, Suppression)) == 1


@pytest.mark.parametrize("text", ["call. more", "call, streak", "1. call", "call and habits"])
def test_who_stopped_gets_nothing_beside_help_lines(world: World, alex: UUID, text: str) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    says(world, "STOP")
    answer = says(world, text)
    assert "988" in answer or "emergency number" in answer
    assert "Gratitude" not in answer
    assert "Reply 1" not in answer


def test_who_stopped_still_logs_and_hears_nothing(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    says(world, "STOP")
    understood = world.says("Alex", "1")
    assert understood
    assert (understood.answer, understood.unanswered) == (None, "they asked for no more messages")
    assert len(rows(world, EntryRow)) == 1


def test_what_has_no_room_is_named_and_what_was_done_is_said(world: World) -> None:
    alex = world.join("Alex", language="es")
    for practice in ("empathy", "vulnerability", "inner-world"):
        world.take_up(practice, "daily", "daily 19:00", alex)
    answer = says(world, "1 2, saltar 3, racha y lista")
    assert "DESHACER" in answer
    assert "aparte" in answer
    before = len([item for item in rows(world, NudgeItem) if item.prompt_id])
    answer = says(world, "por que, como, mas 1, racha, lista, call")
    assert "aparte" in answer
    assert len([item for item in rows(world, NudgeItem) if item.prompt_id]) == before


def test_resuming_a_habit_ends_a_pause_of_all(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    for ended in ("leave", "pause"):
        says(world, ended)
        says(world, "resume 1")
        world.goes_on(on("19:00") + timedelta(days=(world.at - on("00:00")).days))
        assert nudges(world, alex)[-1].state is NudgeState.SENT, ended
        world.goes_on(timedelta(hours=14))


def test_a_bare_resume_ends_the_rest_of_a_habit_and_next_knows_of_it(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    says(world, "stop gratitude")
    assert "19:00" not in says(world, "next")
    assert "19:00" in says(world, "resume")
    world.goes_on(on("19:00"))
    assert nudges(world, alex)[-1].state is NudgeState.SENT


def test_a_pause_is_ended_before_the_rests_of_habits_are(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.take_up("empathy", "daily", "daily 12:00", alex)
    says(world, "stop gratitude")
    says(world, "pause")
    says(world, "resume")
    world.goes_on(on("19:00"))
    assert [nudge.state for nudge in nudges(world, alex)] == [NudgeState.SENT, NudgeState.LAPSED]


def test_coming_back_leaves_no_trace_of_what_was_missed(world: World, alex: UUID) -> None:
    reminding.add_check_in(world.site, alex, "sun 17:00", world.at)
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    says(world, "leave")
    world.goes_on(on("2026-03-06T09:00"))
    assert "at 19:00" in says(world, "resume")
    world.run()
    assert not [nudge for nudge in nudges(world, alex) if "late" in (nudge.reason or "")]
    world.goes_on(on("2026-03-06T19:00"))
    assert nudges(world, alex)[-1].state is NudgeState.SENT


def test_a_dropped_habit_does_not_come_back_by_itself(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    says(world, "drop gratitude")
    world.at += timedelta(days=1)
    says(world, "pause")
    world.at += timedelta(days=2)
    says(world, "resume")
    assert "Gratitude" not in says(world, "habits")


def test_an_automatic_reply_answers_no_question(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    while not nudges(world, alex, NudgeKind.QUESTION):
        world.goes_on(timedelta(days=1))
    (question,) = nudges(world, alex, NudgeKind.QUESTION)
    says(world, "I'm driving right now and will get back to you later.")
    assert nudges(world, alex, NudgeKind.QUESTION)[0].answered_at is None
    assert "RESUME" in says(world, "no")
    assert nudges(world, alex, NudgeKind.QUESTION)[0].answered_at
    assert question.state is NudgeState.SENT


def test_share_nothing_takes_back_older_weeks(world: World) -> None:
    alex, sam = world.couple()
    for person in (alex, sam):
        reminding.add_check_in(world.site, person, "mon 17:00", world.at)
    world.goes_on(on("17:00"))
    for name in ("Alex", "Sam"):
        says(world, "4 4 4", name)
        says(world, "share 1", name)
    world.goes_on(on("17:00") + timedelta(days=7))
    says(world, "3 3 3", "Alex")
    says(world, "share nothing", "Alex")
    assert "partner" not in says(world, "pulse", "Sam")
    assert sum(row.shared_at is not None for row in rows(world, PulseAnswer)) == 1


def test_a_rescue_that_was_not_needed_ends_no_day(world: World, alex: UUID) -> None:
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex)
    reminding.edit_rescue(world.site, habit, on("20:30").time(), world.at)
    world.goes_on(on("2026-03-03T10:00"))
    says(world, "done")
    assert [entry.day.day for entry in rows(world, EntryRow)] == [2]


def test_words_of_help_are_emptied_and_the_page_of_phones_lives_with_it(world: World, alex: UUID) -> None:
    says(world, "HELP")
    world.run()
    (answer,) = nudges(world, alex, NudgeKind.ANSWER)
    assert (answer.cause_kind, bool(words(world, answer))) == (Cause.HELP, True)
    world.at += timedelta(hours=2)
    jobs.tidy(world.site)
    assert nudges(world, alex, NudgeKind.ANSWER)[0].words_sealed is None


def test_a_tap_that_is_taken_back_after_a_skip_leaves_the_message_answered(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(on("19:00"))
    quoted = world.told(alex, NudgeKind.NUDGE)[-1].words
    says(world, f"Liked “{quoted}”")
    says(world, "skip 1")
    says(world, f"Removed a like from “{quoted}”")
    assert nudges(world, alex)[0].answered_at is not None
