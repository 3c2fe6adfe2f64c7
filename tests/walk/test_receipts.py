"""What became of messages: reports in any order, hand-overs that never ended, asking about the unknown."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from habits.nudging import Reason
from notifiers.base import Accepted, Kind, Report, SendError
from service import jobs, receipts, senders, sending
from service.models import Event, Receipt, SenderState
from service.sending import Claimed, Handed
from service.states import NudgeState, Outcome
from tests.walk.channel import Channel
from tests.walk.rows import attempts, on, rows, state, the_nudge
from tests.world import World

QUEUED, SENT, DELIVERED = (
    Report("p-1", status, rank) for rank, status in ((1, "queued"), (2, "sent"), (3, "delivered"))
)
FAILED = Report("p-1", "undelivered", 3, Kind.CONTENT, "30007")
AGAIN = Report("p-1", "failed", 3, Kind.RETRY, "30001")
UNSURE = "no answer in time"


def claim(world: World) -> Claimed:
    (claimed,) = sending.claim(world.site, world.at, 10)
    return claimed


def hand(world: World, claimed: Claimed, result: Accepted | SendError | None = None) -> None:
    sending.record(world.site, Handed(claimed, result or Accepted("p-1", 1)), world.at)


def reports(world: World, *told: Report, attempt_id: UUID | None = None) -> list[bool]:
    return [receipts.record(world.site, "own", report, attempt_id, world.at) for report in told]


@pytest.mark.parametrize(
    ("told", "applied", "expected"),
    [
        ([QUEUED], [True], NudgeState.SENT),
        ([SENT], [True], NudgeState.SENT),
        ([QUEUED, SENT, DELIVERED], [True, True, True], NudgeState.DELIVERED),
        ([DELIVERED, SENT, QUEUED], [True, True, True], NudgeState.DELIVERED),
        ([DELIVERED, DELIVERED], [True, False], NudgeState.DELIVERED),
        ([DELIVERED, FAILED], [True, True], NudgeState.DELIVERED),
        ([SENT, FAILED], [True, True], NudgeState.FAILED),
        ([FAILED, SENT], [True, True], NudgeState.FAILED),
        ([FAILED, DELIVERED], [True, True], NudgeState.FAILED),
        ([SENT, AGAIN], [True, True], NudgeState.PLANNED),
        ([AGAIN, SENT, AGAIN], [True, True, False], NudgeState.PLANNED),
    ],
)
def test_a_lower_rank_never_overwrites_a_higher(
    world: World, sent: UUID, told: list[Report], applied: list[bool], expected: NudgeState
) -> None:
    assert reports(world, *told) == applied

    assert state(world, sent)[0] is expected
    assert len(rows(world, Receipt)) == len({report.status for report in told})
    (attempt,) = attempts(world, sent)
    highest = max(told, key=lambda report: report.rank)  # The first of them, if there are several.
    assert (attempt.rank, attempt.code) == (highest.rank, highest.code)


def test_a_delivery_is_told_once(world: World, sent: UUID) -> None:
    reports(world, DELIVERED, DELIVERED, SENT)

    nudge = the_nudge(world, sent)
    assert (nudge.reason, nudge.sent_at) == (Reason.DUE, on("19:00"))
    told = rows(world, Event, Event.subject_id == nudge.id)
    assert [event.kind for event in told] == ["nudge sent", "nudge delivered"]


@pytest.mark.parametrize(
    ("report", "attempt_id"),
    [
        (Report("p-2", "delivered", 3), None),
        (Report("p-2", "delivered", 3), uuid4()),
    ],
)
def test_a_report_about_no_message_of_ours_is_not_kept(
    world: World, sent: UUID, report: Report, attempt_id: UUID | None
) -> None:
    assert reports(world, report, attempt_id=attempt_id) == [False]
    assert rows(world, Receipt) == []


def test_a_report_of_another_channel_is_not_applied(world: World, sent: UUID) -> None:
    (attempt,) = attempts(world, sent)

    assert not receipts.record(world.site, "twilio", DELIVERED, attempt.id, world.at)
    assert state(world, sent)[0] is NudgeState.SENT


def test_a_report_with_another_id_than_the_attempt_changes_nothing(world: World, sent: UUID) -> None:
    (attempt,) = attempts(world, sent)
    reports(world, Report("p-2", "delivered", 3), attempt_id=attempt.id)

    assert state(world, sent)[0] is NudgeState.SENT
    assert [a.provider_id for a in attempts(world, sent)] == ["p-1"]


@pytest.mark.parametrize(
    ("report", "result", "expected"),
    [
        (SENT, Accepted("p-1", 2), NudgeState.SENT),
        (DELIVERED, Accepted("p-1", 2), NudgeState.DELIVERED),
        (FAILED, Accepted("p-1", 2), NudgeState.FAILED),
        (AGAIN, Accepted("p-1", 2), NudgeState.PLANNED),
        (SENT, SendError(Kind.UNKNOWN, UNSURE), NudgeState.SENT),
        (DELIVERED, SendError(Kind.UNKNOWN, UNSURE), NudgeState.DELIVERED),
        (AGAIN, SendError(Kind.UNKNOWN, UNSURE), NudgeState.PLANNED),
    ],
)
def test_a_report_may_come_before_the_answer_to_the_call(
    world: World,
    nudged: UUID,
    channel: Channel,
    report: Report,
    result: Accepted | SendError,
    expected: NudgeState,
) -> None:
    claimed = claim(world)
    assert reports(world, report, attempt_id=claimed.attempt_id) == [True]
    assert state(world, nudged)[0] is expected
    before = attempts(world, nudged)[0].outcome
    hand(world, claimed, result)

    assert state(world, nudged)[0] is expected
    (attempt,) = attempts(world, nudged)
    assert (attempt.provider_id, attempt.outcome) == ("p-1", before)
    assert attempt.segments == (2 if isinstance(result, Accepted) else 1)


def test_an_early_failure_is_tried_again_once_and_a_late_answer_spoils_nothing(
    world: World, nudged: UUID, channel: Channel
) -> None:
    first = claim(world)
    reports(world, AGAIN, attempt_id=first.attempt_id)
    world.at = the_nudge(world, nudged).not_before
    second = claim(world)
    hand(world, first)
    assert state(world, nudged)[0] is NudgeState.SENDING
    hand(world, second, SendError(Kind.RETRY, "busy"))

    assert state(world, nudged) == (NudgeState.PLANNED, "busy")
    assert [a.outcome for a in attempts(world, nudged)] == [Outcome.RETRY, Outcome.RETRY]


def test_what_was_not_delivered_for_sure_is_planned_again(world: World, sent: UUID) -> None:
    reports(world, SENT, AGAIN)

    nudge = the_nudge(world, sent)
    assert (nudge.state, nudge.reason) == (NudgeState.PLANNED, "failed")
    assert nudge.not_before > world.at
    world.at = nudge.not_before
    hand(world, claim(world), Accepted("p-2", 1))
    assert [a.n for a in attempts(world, sent)] == [1, 2]
    assert reports(world, Report("p-2", "delivered", 3)) == [True]
    assert state(world, sent)[0] is NudgeState.DELIVERED


def test_an_address_that_turns_out_to_be_gone_is_used_no_more(world: World, sent: UUID) -> None:
    reports(world, Report("p-1", "undelivered", 3, Kind.CONTACT, "30005"))

    assert state(world, sent) == (NudgeState.FAILED, "undelivered")
    assert world.address("Alex") is None
    assert world.person(sent).due_at is None


def test_an_opt_out_in_a_report_stops_everything(world: World, sent: UUID) -> None:
    reports(world, Report("p-1", "failed", 3, Kind.CONTACT, "21610", opted_out=True))

    assert world.person(sent).stopped_at == world.at
    assert state(world, sent)[0] is NudgeState.FAILED


def test_a_sender_whose_messages_are_no_longer_refused_works_after_an_hour(world: World, sent: UUID) -> None:
    reports(world, Report("p-1", "undelivered", 3, Kind.SENDER, "30034"))
    world.at = the_nudge(world, sent).not_before
    hand(world, claim(world), Accepted("p-2", 1))
    world.at += senders.REPORTED_BY
    jobs.tidy(world.site)
    assert [state.code for state in rows(world, SenderState)] == ["30034"]
    world.at += timedelta(seconds=1)
    jobs.tidy(world.site)
    assert [state.code for state in rows(world, SenderState)] == [None]


def test_a_sender_stopped_by_a_report_works_when_a_report_says_so(
    world: World, sent: UUID, channel: Channel
) -> None:
    """The provider takes each message, and says later that the account may not send: it is told of once."""

    def stopped_by() -> list[str | None]:
        return [state.code for state in rows(world, SenderState) if state.stopped_at]

    assert reports(world, Report("p-1", "undelivered", 3, Kind.SENDER, "30034")) == [True]
    for n in (2, 3):
        world.at = the_nudge(world, sent).not_before
        hand(world, claim(world), Accepted(f"p-{n}", 1))
        assert stopped_by() == ["30034"]
        reports(world, Report(f"p-{n}", "queued", 1))
        assert stopped_by() == ["30034"]
        if n == 2:
            reports(world, Report("p-2", "undelivered", 3, Kind.SENDER, "30034"))
    reports(world, Report("p-3", "sent", 2))
    assert stopped_by() == ["30034"]
    reports(world, Report("p-3", "delivered", 3))
    assert stopped_by() == []

    with world.site.db.write() as session:
        senders.stop(session, "own/1", "20003", world.at + timedelta(seconds=1))
    reports(world, Report("p-3", "read", 4))  # It was taken before that.
    assert stopped_by() == ["20003"]
    with world.site.db.write() as session:
        senders.works(session, "own/1")
    assert stopped_by() == []
