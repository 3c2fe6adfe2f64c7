"""A couple's habit is made joint: both are asked, answer alone, and take it back alone."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from habits import wording
from service import facts, joining, joints, outbox, people, reminding, rests
from service.joints import Joined
from service.models import Address, Event, Member, Nudge, Pause, Reminder, Rest
from service.states import Cause, Joint, NudgeKind, NudgeState, RestKind
from tests.walk.rows import on, rows
from tests.world import World

QUESTION = NudgeKind.QUESTION
Two = tuple[UUID, UUID]


@pytest.fixture
def two(world: World) -> Two:
    return world.couple()


@pytest.fixture
def habit(world: World, two: Two) -> UUID:
    """Gratitude, kept by both, each day and without spare days; its reminder does not come in these tests."""
    world.take_up("gratitude", "daily", "monthly 28 10:00", *two)
    (member, _) = rows(world, Member)
    return member.habit_id


def ask(world: World, habit: UUID, mode: Joint = Joint.BOTH) -> None:
    joining.set_joint(world.site, habit, mode, world.at)
    world.run()


def asked(world: World, person: UUID) -> list[str]:
    return [told.words for told in world.told(person, QUESTION)]


def says(world: World, name: str, text: str) -> str:
    understood = world.says(name, text)
    assert understood is not None
    world.run()
    return understood.answer or ""


def joined(world: World, person: UUID) -> Joined | None:
    with world.site.db.read() as session:
        return next(iter(joints.of(session, [person], world.at).values()), None)


def lines(world: World, person: UUID) -> list[str]:
    with world.site.db.read() as session:
        shares = facts.shares(session, [person]).values()
        return joints.lines(world.person(person), shares, joints.of(session, [person], world.at))


def shown(world: World, two: Two) -> str:
    """Return what both are shown, which is the same."""
    mine, theirs = (lines(world, person) for person in two)
    assert mine == theirs
    return "".join(mine)


def both_say_yes(world: World, habit: UUID, mode: Joint = Joint.BOTH) -> None:
    ask(world, habit, mode)
    for name in ("Alex", "Sam"):
        says(world, name, "yes")


def practise(world: World, *names: str) -> None:
    """Let these two do it, and a day go by."""
    for name in names:
        says(world, name, "done 1")
    world.goes_on(timedelta(days=1))


def test_both_are_asked_and_told_what_the_other_could_see(world: World, two: Two, habit: UUID) -> None:
    ask(world, habit)
    for person in two:
        (words,) = asked(world, person)
        assert "Gratitude" in words
        assert "the other left" in words
        assert all(answer in words for answer in ("TOGETHER 1", "NO"))


def test_it_is_joint_once_both_have_said_yes_and_nobody_is_told(world: World, two: Two, habit: UUID) -> None:
    ask(world, habit)
    assert "nobody is told" in says(world, "Alex", "Yes!")
    practise(world, "Alex", "Sam")
    assert shown(world, two) == ""

    before = [len(world.nudges(person)) for person in two]
    says(world, "Sam", "together 1")
    assert [len(world.nudges(person)) for person in two] == [before[0], before[1] + 1]
    assert shown(world, two) == ""
    practise(world, "Alex", "Sam")
    assert shown(world, two) == "Gratitude together: 1 day, streak 1 day"
    practise(world, "Alex")
    practise(world, "Alex", "Sam")
    assert shown(world, two) == "Gratitude together: 2 days, streak 2 days"  # A spare day was used.


def test_either_is_enough_where_it_was_so_agreed(world: World, two: Two, habit: UUID) -> None:
    both_say_yes(world, habit, Joint.EITHER)
    practise(world, "Alex")
    practise(world, "Sam")
    assert shown(world, two) == "Gratitude together: 2 days, streak 2 days"


def test_what_was_done_is_not_answered_with_what_is_joint(world: World, two: Two, habit: UUID) -> None:
    both_say_yes(world, habit)
    practise(world, "Alex", "Sam")
    assert "ogether" not in says(world, "Alex", "1") + says(world, "Alex", "streak")


def test_a_no_changes_nothing_and_nobody_is_told(world: World, two: Two, habit: UUID) -> None:
    ask(world, habit)
    assert "alone, and nobody is told" in says(world, "Alex", "no")
    says(world, "Sam", "yes")
    practise(world, "Alex", "Sam")
    assert shown(world, two) == ""
    assert rows(world, Rest) == []
    assert {event.kind for event in rows(world, Event)} == {"consent given", "nudge sent"}


def test_both_are_answered_alike_whatever_the_other_has_said(world: World, two: Two, habit: UUID) -> None:
    ask(world, habit)
    before = [says(world, "Alex", text) for text in ("together 1", "apart 1", "together 1", "apart 1")]
    says(world, "Sam", "yes")
    practise(world, "Sam")
    assert [says(world, "Alex", text) for text in ("together 1", "apart 1") * 2] == before


def test_a_yes_belongs_to_the_question_only_until_another_message_came(
    world: World, two: Two, habit: UUID
) -> None:
    reminding.add_reminder(world.site, habit, two[0], "daily 12:00", world.at)
    ask(world, habit)
    world.goes_on(on("12:00"))
    assert "1 day" in says(world, "Alex", "yes")
    assert [member.together_at for member in rows(world, Member)] == [None, None]
    assert "Which" not in says(world, "Sam", "yes")
    assert [member.together_at for member in rows(world, Member)] == [None, world.at]


def test_a_question_waits_a_week_and_is_answered_once(world: World, two: Two, habit: UUID) -> None:
    ask(world, habit)
    world.goes_on(timedelta(days=6))
    says(world, "Alex", "yes")
    (question,) = [n for n in world.nudges(two[0]) if n.kind is QUESTION]
    assert question.answered_at == world.at
    said_at = [member.together_at for member in rows(world, Member)]
    says(world, "Alex", "no")
    assert [member.together_at for member in rows(world, Member)] == said_at
    assert rows(world, Rest) == []

    world.goes_on(timedelta(days=2))
    says(world, "Sam", "yes")
    assert [member.together_at for member in rows(world, Member)] == said_at


def test_each_takes_it_back_unannounced_and_may_say_it_again(world: World, two: Two, habit: UUID) -> None:
    both_say_yes(world, habit)
    practise(world, "Alex", "Sam")
    first_said = [member.together_at for member in rows(world, Member)]
    before = len(world.nudges(two[0]))
    says(world, "Sam", "apart 1")
    assert shown(world, two) == "Gratitude together: 1 day, resting"
    for _ in range(4):
        practise(world, "Alex", "Sam")
    assert shown(world, two) == "Gratitude together: 2 days, resting"  # The day of the rest still counts.
    assert [member.together_at for member in rows(world, Member)] == first_said

    says(world, "Sam", "together 1")
    practise(world, "Alex", "Sam")
    assert shown(world, two) == "Gratitude together: 3 days, streak 2 days"
    assert {nudge.kind for nudge in world.nudges(two[0])[before:]} == {NudgeKind.ANSWER}


def test_all_rests_look_the_same(world: World, two: Two, habit: UUID) -> None:
    both_say_yes(world, habit)
    practise(world, "Alex", "Sam")
    resting = "Gratitude together: 1 day, resting"
    for begins, ends in (("pause", "resume"), ("stop", "start"), ("not together 1", "together 1")):
        says(world, "Sam", begins)
        assert shown(world, two) == resting
        says(world, "Sam", ends)
        assert shown(world, two) == "Gratitude together: 1 day, streak 1 day"
    silent(world, two[1])
    assert shown(world, two) == resting


def silent(world: World, person: UUID) -> None:
    with world.site.db.write() as session:
        rests.begin(session, person, RestKind.SILENT, world.at.date())


def test_silence_ends_with_a_sign_of_life_and_its_days_are_held(world: World, two: Two, habit: UUID) -> None:
    both_say_yes(world, habit)
    practise(world, "Alex", "Sam")
    silent(world, two[1])
    world.goes_on(timedelta(days=5))
    assert world.person(two[1]).last_sign_of_life_at != world.at
    says(world, "Sam", "hm")
    assert world.person(two[1]).last_sign_of_life_at == world.at
    practise(world, "Alex", "Sam")
    assert shown(world, two) == "Gratitude together: 2 days, streak 2 days"


def test_the_command_asks_again_only_who_has_not_said_yes_and_only_after_a_week(
    world: World, two: Two, habit: UUID
) -> None:
    ask(world, habit)
    says(world, "Alex", "yes")
    says(world, "Sam", "no")
    ask(world, habit, Joint.EITHER)
    world.goes_on(timedelta(days=8))
    ask(world, habit)
    assert [len(asked(world, person)) for person in two] == [1, 2]
    assert len(set(asked(world, two[1]))) == 2
    says(world, "Sam", "yes")
    practise(world, "Alex", "Sam")
    assert shown(world, two) == "Gratitude together: 1 day, streak 1 day"


def test_none_ends_it_for_both_and_both_are_asked_anew(world: World, two: Two, habit: UUID) -> None:
    both_say_yes(world, habit)
    says(world, "Sam", "apart 1")
    practise(world, "Alex", "Sam")
    before = [len(world.nudges(person)) for person in two]
    ask(world, habit, Joint.NONE)
    assert shown(world, two) == ""
    assert [len(world.nudges(person)) for person in two] == before
    assert rows(world, Rest) == []
    assert "yours alone" in says(world, "Alex", "together 1")

    both_say_yes(world, habit)
    assert [len(asked(world, person)) for person in two] == [2, 2]
    assert shown(world, two) == ""
    practise(world, "Alex", "Sam")
    assert shown(world, two) == "Gratitude together: 1 day, streak 1 day"


def test_a_question_that_is_not_wanted_any_more_does_not_go_out(world: World, two: Two, habit: UUID) -> None:
    joining.set_joint(world.site, habit, Joint.BOTH, world.at)
    joining.set_joint(world.site, habit, Joint.NONE, world.at)
    world.run()
    assert [asked(world, person) for person in two] == [[], []]
    says(world, "Alex", "yes")
    assert [member.together_at for member in rows(world, Member)] == [None, None]


def test_the_question_keeps_out_of_quiet_hours(world: World, two: Two, habit: UUID) -> None:
    world.goes_on(on("22:00"))
    ask(world, habit)
    assert asked(world, two[0]) == []
    world.goes_on(on("2026-03-03T08:00"))
    assert len(asked(world, two[0])) == 1
    # One that cannot be sent for hours is not sent at night.
    late = on("2026-03-03T20:00")
    world.goes_on(late)
    world.take_up("empathy", "daily", "monthly 28 10:00", *two)
    empathy = next(member.habit_id for member in rows(world, Member) if member.number == 2)
    joining.set_joint(world.site, empathy, Joint.BOTH, world.at)
    (question,) = rows(world, Nudge, Nudge.cause_id == empathy, Nudge.person_id == two[0])
    assert question.expires_at == late + timedelta(hours=1)


@pytest.mark.parametrize("said", ["pause", "stop"])
def test_who_rests_is_left_in_peace_and_asked_when_the_command_is_run_again(
    world: World, two: Two, habit: UUID, said: str
) -> None:
    says(world, "Sam", said)
    ask(world, habit)
    assert [len(asked(world, person)) for person in two] == [1, 0]
    says(world, "Sam", "start")
    ask(world, habit)
    assert [len(asked(world, person)) for person in two] == [1, 1]


def test_who_has_not_opted_in_is_not_asked(world: World, two: Two) -> None:
    with world.site.db.write() as session:
        session.scalars(select(Address).where(Address.person_id == two[1])).one().verified_at = None
    world.take_up("empathy", "daily", "monthly 28 10:00", *two)
    (member, _) = rows(world, Member)
    ask(world, member.habit_id)
    assert [len(asked(world, person)) for person in two] == [1, 0]


def test_a_no_after_an_answer_of_ours_belongs_to_no_question(world: World, two: Two, habit: UUID) -> None:
    ask(world, habit)
    world.take_up("empathy", "daily", "monthly 28 10:00", *two)
    empathy = next(member.habit_id for member in rows(world, Member) if member.number == 2)
    world.at += timedelta(minutes=1)
    ask(world, empathy)
    assert "Empathy" in says(world, "Alex", "yes")
    assert "Gratitude" not in says(world, "Alex", "no")
    assert "Gratitude" in says(world, "Alex", "apart 1")
    mine = [m for m in rows(world, Member) if m.person_id == two[0]]
    assert {m.number: m.together_at is not None for m in mine} == {1: False, 2: True}
    assert "TOGETHER 2" in says(world, "Alex", "together")
    assert "APART with which number" in says(world, "Alex", "apart")
    assert all(name in says(world, "Alex", "apart 1 2") for name in ("Gratitude", "Empathy"))


def test_a_habit_of_ones_own_is_nobody_elses(world: World, two: Two, habit: UUID) -> None:
    ask(world, habit)
    world.take_up("empathy", "daily", "monthly 28 10:00", two[0])
    assert "yours alone" in says(world, "Alex", "together 2")
    both = says(world, "Alex", "together 1 2")
    assert "Empathy is yours alone" in both
    assert "Gratitude" in both


def test_a_discreet_person_reads_no_title(world: World, habit: UUID, two: Two) -> None:
    with world.site.db.write() as session:
        outbox.lock_people(session, [two[1]])[two[1]].discreet = True
    both_say_yes(world, habit)
    practise(world, "Alex", "Sam")
    assert not any("Gratitude" in told.words for told in world.told(two[1], QUESTION))
    assert lines(world, two[1]) == ["Number 1 together: 1 day, streak 1 day"]


def useful(world: World, person: UUID) -> None:
    """Ask somebody whether nudges are still useful, as planning does after a long silence."""
    with world.site.db.write() as session:
        reminder = session.scalars(select(Reminder).where(Reminder.person_id == person)).one()
        question = outbox.NewNudge(
            person_id=person,
            kind=QUESTION,
            cause_kind=Cause.REMINDER,
            cause_id=reminder.id,
            due_at=world.at,
            not_before=world.at,
            expires_at=world.at + timedelta(hours=2),
            words=wording.variants("en", "still_useful")[0],
        )
        outbox.add(session, world.site.sealer, [question])
    world.run()


@pytest.mark.parametrize(
    ("text", "paused"), [("no", True), ("not really", True), ("yes", False), ("still useful", False)]
)
def test_still_useful_is_answered_by_a_pause_or_by_carrying_on(
    world: World, two: Two, habit: UUID, text: str, paused: bool
) -> None:
    useful(world, two[0])
    says(world, "Alex", text)
    (question,) = [nudge for nudge in world.nudges(two[0]) if nudge.kind is QUESTION]
    assert question.answered_at == world.at
    assert question.state is NudgeState.SENT or question.state is NudgeState.DELIVERED
    assert [pause.to_on for pause in rows(world, Pause)] == ([None] if paused else [])


def test_whoever_logs_something_has_answered_that_nudges_are_useful(
    world: World, two: Two, habit: UUID
) -> None:
    useful(world, two[0])
    says(world, "Alex", "what?")
    assert [n.answered_at for n in world.nudges(two[0]) if n.kind is QUESTION] == [None]
    says(world, "Alex", "1")
    says(world, "Alex", "no")
    assert rows(world, Pause) == []


def test_whoever_was_not_told_what_the_other_sees_is_told_first(world: World, two: Two, habit: UUID) -> None:
    people.pause(world.site, two[1], None, world.at)  # So that the question does not go out.
    joining.set_joint(world.site, habit, Joint.BOTH, world.at)
    world.run()
    assert "Each can then see" in says(world, "Sam", "together 1")
    assert not any(member.together_at for member in rows(world, Member, Member.person_id == two[1]))
    says(world, "Sam", "together 1")
    assert all(member.together_at for member in rows(world, Member, Member.person_id == two[1]))


def test_a_yes_to_an_answer_of_ours_is_no_yes_to_the_question(world: World, two: Two, habit: UUID) -> None:
    joining.set_joint(world.site, habit, Joint.BOTH, world.at)
    world.run()
    says(world, "Sam", "1")
    says(world, "Sam", "yes")
    assert not any(member.together_at for member in rows(world, Member, Member.person_id == two[1]))
