"""Nobody answers, and somebody comes back: rules 6 and 9 from row to row."""

from datetime import timedelta
from uuid import UUID

from habits.entries import Mark
from habits.nudging import Reason
from service import entering, people, reminding
from service.models import Nudge, Rest
from service.states import Cause, NudgeKind, NudgeState, RestKind
from tests.walk.rows import on, rows
from tests.world import World

DAY = timedelta(days=1)


def unprompted(world: World, person_id: UUID) -> list[Nudge]:
    """Return what went out without anybody asking for it."""
    return [
        nudge
        for nudge in rows(world, Nudge, Nudge.person_id == person_id, Nudge.cause_kind == Cause.REMINDER)
        if nudge.sent_at
    ]


def days(world: World, person_id: UUID) -> list[int]:
    """Return on which days of the test, from 0, something went out."""
    return [(nudge.due_at - on("09:00")).days for nudge in unprompted(world, person_id)]


def test_unanswered_nudges_become_fewer_then_a_question_then_none(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(DAY * 90)

    assert days(world, alex) == [0, 1, 2, 8, 23]
    kinds = [nudge.kind for nudge in unprompted(world, alex)]
    assert kinds == [NudgeKind.NUDGE] * 4 + [NudgeKind.QUESTION]
    assert world.told(alex)[-1].words.startswith("Are these little reminders still of use to you?")
    (rest,) = rows(world, Rest)
    assert (rest.kind, rest.from_on, rest.to_on) == (RestKind.SILENT, on("2026-03-25T19:00").date(), None)
    lapsed = Nudge.state == NudgeState.LAPSED
    held = {n.reason for n in rows(world, Nudge, lapsed, Nudge.cause_kind == Cause.REMINDER)}
    assert held == {Reason.SILENT, Reason.RESTING}


def test_a_sign_of_life_brings_them_back_with_a_welcome(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(DAY * 40)
    world.says("Alex", "habits")
    world.goes_on(DAY * 3)

    back = unprompted(world, alex)[5:]
    assert [nudge.kind for nudge in back] == [NudgeKind.WELCOME, NudgeKind.NUDGE, NudgeKind.NUDGE]
    assert back[0].reason == Reason.WELCOME
    (rest,) = rows(world, Rest)
    assert rest.to_on == on("2026-04-10T09:00").date()


def test_an_entry_by_the_admin_is_a_sign_of_life(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(DAY * 4)
    entering.log_for(world.site, alex, 1, None, Mark.DONE, world.at)
    world.goes_on(DAY * 2)

    # Logged on the fifth day; on the sixth all is as ever.
    assert days(world, alex) == [0, 1, 2, 5]


def test_what_failed_or_lapsed_is_not_unanswered(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(DAY * 2)
    with world.site.db.write() as session:
        session.get_one(Nudge, unprompted(world, alex)[0].id).state = NudgeState.FAILED
    world.goes_on(DAY * 3)

    assert days(world, alex) == [0, 1, 2, 3]


def test_what_was_asked_for_comes_in_the_middle_of_the_silence(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(DAY * 2 + timedelta(hours=11))
    world.says("Alex", "later 30m")
    world.goes_on(timedelta(hours=1))

    assert [told.kind for told in world.told(alex)][-2:] == [NudgeKind.ANSWER, NudgeKind.NUDGE]


def test_yes_to_the_question_goes_on_and_no_pauses(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(DAY * 24)
    world.says("Alex", "yes")
    world.goes_on(DAY * 3)
    assert days(world, alex)[5:] == [24, 25, 26]

    world.goes_on(DAY * 24)
    assert unprompted(world, alex)[-1].kind is NudgeKind.QUESTION
    world.says("Alex", "no")
    sent = len(unprompted(world, alex))
    world.goes_on(DAY * 30)
    assert len(unprompted(world, alex)) == sent


def test_whoever_paused_for_three_days_is_welcomed_back(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(DAY)
    people.pause(world.site, alex, 3, world.at)
    world.goes_on(DAY * 5)

    assert days(world, alex) == [0, 4, 5]
    assert [n.kind for n in unprompted(world, alex)][1:] == [NudgeKind.WELCOME, NudgeKind.NUDGE]
    assert world.person(alex).away_on is None
    welcome = unprompted(world, alex)[1]
    assert welcome.reason == Reason.WELCOME


def test_the_answer_to_resume_is_the_welcome(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.says("Alex", "pause")
    world.goes_on(DAY * 5)
    world.says("Alex", "resume")
    world.goes_on(DAY)

    assert "Welcome back" in world.told(alex, NudgeKind.ANSWER)[-1].words
    assert [n.kind for n in unprompted(world, alex)] == [NudgeKind.NUDGE]


def test_a_short_pause_needs_no_welcome(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(DAY)
    people.pause(world.site, alex, 2, world.at)
    world.goes_on(DAY * 3)

    assert [n.kind for n in unprompted(world, alex)] == [NudgeKind.NUDGE] * 2


def test_a_welcome_is_held_by_a_new_pause(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 06:00", alex)
    people.pause(world.site, alex, 4, world.at)
    world.goes_on(DAY * 3 + timedelta(hours=21, minutes=30))  # Planned at six, to go at eight.
    planned = rows(world, Nudge, Nudge.kind == NudgeKind.WELCOME)
    assert [nudge.state for nudge in planned] == [NudgeState.PLANNED]
    world.says("Alex", "pause")
    world.goes_on(DAY)

    assert [n.state for n in rows(world, Nudge, Nudge.kind == NudgeKind.WELCOME)] == [NudgeState.LAPSED]


def test_the_silence_of_one_is_not_that_of_the_other(world: World) -> None:
    alex, sam = world.couple()
    world.take_up("gratitude", "daily", "daily 19:00", alex, sam)
    for _ in range(8):
        world.goes_on(DAY)
        world.says("Sam", "done")
        world.goes_on(timedelta(0))

    reminding.add_check_in(world.site, sam, "tue 18:00", world.at)
    world.goes_on(DAY * 2)
    assert len(unprompted(world, alex)) == 4
    assert len(unprompted(world, sam)) > 4


def test_who_gives_a_sign_of_life_the_same_day_needs_no_welcome(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "2 a week", "daily 19:00", alex)
    world.goes_on(DAY * 3 + timedelta(hours=10, minutes=30))  # One was held back half an hour ago.
    assert world.person(alex).away_on is not None
    world.says("Alex", "habits")
    assert world.person(alex).away_on is None


def test_a_question_that_may_have_arrived_is_not_asked_again(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(DAY * 24)
    question = unprompted(world, alex)[-1]
    assert question.kind is NudgeKind.QUESTION
    with world.site.db.write() as session:
        session.get_one(Nudge, question.id).state = NudgeState.UNKNOWN
    world.goes_on(DAY * 30)

    assert len(rows(world, Nudge, Nudge.kind == NudgeKind.QUESTION)) == 1
