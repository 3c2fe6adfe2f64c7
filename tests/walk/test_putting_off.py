"""LATER, PAUSE and RESUME: what a person puts off comes when they said, unless it was settled since."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from habits.nudging import Reason
from notifiers.base import Inbound
from service import inbound
from service.models import EntryRow, NudgeItem, Pause
from service.states import AddressKind, Cause, NudgeKind, NudgeState
from tests.walk.rows import items, nudges, on, rows, words
from tests.world import NUMBERS, World


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


@pytest.mark.parametrize(
    ("said", "again_at", "named"),
    [
        ("later", "20:00", "at 20:00"),
        ("later 30m", "19:30", "at 19:30"),
        ("snooze 2h", "21:00", "at 21:00"),
        ("later 22:30", "22:30", "at 22:30"),  # Into quiet hours, as asked.
        ("later 08:00", "2026-03-03T08:00", "tomorrow at 08:00"),
    ],
)
def test_later_brings_the_same_words_again(
    world: World, nudged: UUID, said: str, again_at: str, named: str
) -> None:
    assert named in says(world, said)

    first, again = nudges(world, nudged)
    assert first.answered_at == on("19:00")
    assert (again.kind, again.cause_kind, again.reason) == (NudgeKind.NUDGE, Cause.REPLY, "asked for")
    assert (again.due_at, again.not_before) == (on(again_at), on(again_at))
    assert again.expires_at == on(again_at) + timedelta(hours=2)
    assert words(world, again) == words(world, first)
    (old,), (new,) = items(world, first), items(world, again)
    assert (new.habit_id, new.day, new.prompt_id, new.turn) == (old.habit_id, old.day, old.prompt_id, 1)

    world.goes_on(on(again_at))
    assert nudges(world, nudged)[1].state is NudgeState.SENT
    says(world, "done")
    assert [entry.day for entry in rows(world, EntryRow)] == [date(2026, 3, 2)]


def test_later_may_be_said_again(world: World, nudged: UUID) -> None:
    says(world, "later")
    world.goes_on(on("20:00"))
    says(world, "later 30m")
    world.goes_on(on("20:30"))

    assert [nudge.state for nudge in nudges(world, nudged)] == [NudgeState.SENT] * 3
    assert sorted(item.turn for item in rows(world, NudgeItem)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("said", "reason"), [("done", Reason.DONE), ("skip", Reason.SKIPPED), ("pause", Reason.PAUSED)]
)
def test_what_was_put_off_and_then_settled_does_not_come_again(
    world: World, nudged: UUID, said: str, reason: Reason
) -> None:
    says(world, "later")
    says(world, said)
    world.goes_on(on("20:00"))

    again = nudges(world, nudged)[1]
    assert (again.state, again.reason) == (NudgeState.LAPSED, reason)


def test_what_was_put_off_does_not_use_up_the_cap(world: World, nudged: UUID) -> None:
    for hour in (20, 21, 22):
        says(world, "later")
        world.goes_on(on(f"{hour}:00"))

    assert [nudge.state for nudge in nudges(world, nudged)] == [NudgeState.SENT] * 4


def test_later_is_at_most_a_day_away(world: World, nudged: UUID) -> None:
    assert "too far away" in says(world, "later 300h")
    assert len(nudges(world, nudged)) == 1
    assert nudges(world, nudged)[0].answered_at is None


def test_later_without_a_nudge_says_that_nothing_waits(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)

    assert "Nothing is waiting" in says(world, "later")


def test_a_later_that_was_left_comes_at_once_when_its_time_is_over(world: World, nudged: UUID) -> None:
    message = Inbound("in-1", NUMBERS["Alex"], "later 30m")
    inbound.store(world.site, "phone", AddressKind.SMS, message, world.at)
    world.at = on("19:45")
    inbound.sweep(world.site, world.at)

    assert nudges(world, nudged)[1].not_before == world.at


def fetched(world: World, text: str, came_at: datetime) -> None:
    """Store and understand what Alex said at that instant, only now."""
    message = Inbound(f"in-{text}", NUMBERS["Alex"], text, came_at)
    reply_id = inbound.store(world.site, "phone", AddressKind.SMS, message, world.at)
    assert reply_id
    inbound.understand(world.site, reply_id, world.at)


def test_what_was_fetched_late_brings_nothing_at_night(world: World, nudged: UUID) -> None:
    world.at, morning = on("23:00"), on("2026-03-03T08:00")
    fetched(world, "later 30m", on("19:10"))
    (again,) = nudges(world, nudged)[1:]
    assert (again.not_before, again.expires_at) == (morning, morning + timedelta(hours=2))
    fetched(world, "habits", on("22:50"))  # Its writer is awake.
    fetched(world, "streak", on("22:40"))
    fetched(world, "HELP", on("19:20"))
    answers = nudges(world, nudged, NudgeKind.ANSWER)
    assert [answer.not_before for answer in answers[-4:]] == [morning, world.at, morning, world.at]
    assert {answer.expires_at - answer.not_before for answer in answers[-4:]} == {timedelta(hours=2)}
    world.run()
    assert [answer.state for answer in nudges(world, nudged, NudgeKind.ANSWER)[-4:]] == [
        NudgeState.PLANNED,
        NudgeState.SENT,
    ] * 2
    world.at = on("2026-03-03T09:00")
    fetched(world, "next", on("2026-03-03T07:00"))
    assert nudges(world, nudged, NudgeKind.ANSWER)[-1].not_before == world.at


@pytest.mark.parametrize(
    ("said", "last", "named"),
    [
        ("pause", None, "RESUME"),
        ("pause 3 days", date(2026, 3, 4), "Thursday"),
        ("pause until friday", date(2026, 3, 5), "Friday"),
    ],
)
def test_pause_is_kept_and_ends_by_resume(
    world: World, nudged: UUID, said: str, last: date | None, named: str
) -> None:
    says(world, "later")
    assert named in says(world, said)

    assert [(p.from_on, p.to_on) for p in rows(world, Pause)] == [(date(2026, 3, 2), last)]
    again = nudges(world, nudged)[1]
    assert (again.state, again.reason) == (NudgeState.LAPSED, Reason.PAUSED)
    world.at = on("2026-03-03T10:00")
    assert "19:00" in says(world, "resume")
    assert [p.to_on for p in rows(world, Pause)] == [date(2026, 3, 2)]
    world.goes_on(on("2026-03-03T19:00"))
    assert nudges(world, nudged)[-1].state is NudgeState.SENT


def test_resume_without_reminders_promises_none(world: World, alex: UUID) -> None:
    assert says(world, "resume") == "Good to have you back. Your reminders are on. PAUSE stops them again."
