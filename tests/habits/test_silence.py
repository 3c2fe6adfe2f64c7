"""Rules 6 and 9 of the policy: nobody answers, somebody comes back. One table for each, and a life."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from habits.nudging import Decision, Due, History, Kind, Reason, Rules, Silence, Standing, decide

NOW = datetime(2026, 3, 20, 18, tzinfo=UTC)
TODAY = NOW.date()
RULES = Rules(ZoneInfo("UTC"))
DAY = timedelta(days=1)


def ago(*days: float) -> tuple[datetime, ...]:
    return tuple(NOW - DAY * count for count in days)


def about(silence: Silence, kind: Kind = Kind.NUDGE, **history: object) -> Decision:
    return decide((Due("a", NOW, kind),), RULES, History(silence=silence, **history), NOW)  # type: ignore[arg-type]


# Rule 6: silence.


@pytest.mark.parametrize(
    ("unanswered", "asked", "reason", "kind"),
    [
        ((), False, Reason.DUE, Kind.NUDGE),
        ((2, 1), False, Reason.DUE, Kind.NUDGE),
        ((3, 2, 1), False, Reason.SILENT, Kind.NUDGE),
        ((8, 7, 5), False, Reason.SILENT, Kind.NUDGE),
        ((8, 7, 6), False, Reason.DUE, Kind.NUDGE),
        ((8, 7, 5.9), False, Reason.DUE, Kind.NUDGE),  # Days are counted, not hours.
        ((8, 7, 6.9), False, Reason.DUE, Kind.NUDGE),
        ((9, 8, 7, 1), False, Reason.SILENT, Kind.NUDGE),
        ((22, 21, 20, 14), False, Reason.SILENT, Kind.NUDGE),
        ((23, 22, 21, 15), False, Reason.USEFUL, Kind.QUESTION),
        ((90, 80, 70, 60), False, Reason.USEFUL, Kind.QUESTION),
        ((90, 80, 70, 60, 50, 40), False, Reason.USEFUL, Kind.QUESTION),  # As an older version left it.
        ((23, 22, 21, 15, 1), True, Reason.RESTING, Kind.NUDGE),
        ((423, 422, 421, 415, 400), True, Reason.RESTING, Kind.NUDGE),
    ],
)
def test_silence_is_heard(unanswered: tuple[float, ...], asked: bool, reason: Reason, kind: Kind) -> None:
    decision = about(Silence(ago(*unanswered), asked))

    assert (decision.reason, decision.kind) == (reason, kind)
    assert bool(decision.send) == (reason in (Reason.DUE, Reason.USEFUL))


@pytest.mark.parametrize(
    ("kind", "unanswered", "reason", "sent_as"),
    [
        (Kind.PULSE, (1, 2, 3), Reason.SILENT, Kind.PULSE),
        (Kind.PULSE, (7, 8, 9), Reason.DUE, Kind.PULSE),
        (Kind.PULSE, (15, 20, 21, 22), Reason.USEFUL, Kind.QUESTION),
        (Kind.SUMMARY, (1, 2), Reason.DUE, Kind.SUMMARY),
        (Kind.SUMMARY, (7, 8, 9), Reason.SILENT, Kind.SUMMARY),  # It asks nothing, so it waits all the while.
        (Kind.SUMMARY, (15, 20, 21, 22), Reason.SILENT, Kind.SUMMARY),
    ],
)
def test_a_check_in_waits_as_a_nudge_does_and_a_summary_longer(
    kind: Kind, unanswered: tuple[int, ...], reason: Reason, sent_as: Kind
) -> None:
    decision = about(Silence(ago(*unanswered)), kind)

    assert (decision.reason, decision.kind) == (reason, sent_as)


def test_a_message_moved_out_of_quiet_hours_waits_by_the_day_it_is_moved_to() -> None:
    early = datetime(2026, 3, 20, 5, tzinfo=UTC)
    sent = datetime(2026, 3, 14, 20, tzinfo=UTC)
    decision = decide((Due("a", early),), RULES, History(silence=Silence((sent,) * 3)), early)

    assert decision.reason is Reason.MOVED


def test_two_years_of_silence_are_five_messages() -> None:
    sent: list[datetime] = []
    kinds: list[Kind] = []
    for ahead in range(730):
        at = NOW + DAY * ahead
        silence = Silence(tuple(sent), Kind.QUESTION in kinds)
        decision = decide((Due("a", at),), RULES, History(silence=silence), at)
        if decision.send:
            sent.append(at)
            kinds.append(decision.kind)

    assert [(at - NOW).days for at in sent] == [0, 1, 2, 8, 23]
    assert kinds == [Kind.NUDGE] * 4 + [Kind.QUESTION]


# Rule 9: away, and back.


@pytest.mark.parametrize(
    ("away_on", "unanswered", "kind", "said"),
    [
        (None, (), Kind.NUDGE, Kind.NUDGE),
        (TODAY - 2 * DAY, (), Kind.NUDGE, Kind.NUDGE),
        (TODAY - 3 * DAY, (), Kind.NUDGE, Kind.WELCOME),
        (TODAY - 300 * DAY, (), Kind.NUDGE, Kind.WELCOME),
        (TODAY - 3 * DAY, (4, 5), Kind.NUDGE, Kind.WELCOME),  # Paused by somebody else: no sign of life.
        (TODAY - 5 * DAY, (7, 8, 9), Kind.NUDGE, Kind.NUDGE),  # Still silent.
        (TODAY - 9 * DAY, (15, 21, 22, 23), Kind.NUDGE, Kind.QUESTION),
        (TODAY - 3 * DAY, (), Kind.PULSE, Kind.WELCOME),
        (TODAY - 3 * DAY, (), Kind.SUMMARY, Kind.SUMMARY),
    ],
)
def test_whoever_was_away_is_welcomed(
    away_on: date | None, unanswered: tuple[int, ...], kind: Kind, said: Kind
) -> None:
    decision = about(Silence(ago(*unanswered), away_on=away_on), kind)

    assert decision.kind is said
    assert decision.send == ("a",)
    assert decision.away_on == (away_on if kind is Kind.SUMMARY else None)
    assert (decision.reason is Reason.WELCOME) == (said is Kind.WELCOME)


@pytest.mark.parametrize(
    ("history", "kept"),
    [
        ({"paused_on": TODAY - 4 * DAY}, TODAY - 4 * DAY),
        ({"rested_until": NOW + DAY}, TODAY),
        ({"silence": Silence(ago(1, 2, 3))}, TODAY),
        ({"silence": Silence(away_on=TODAY - DAY), "paused_on": TODAY}, TODAY - DAY),
        ({"stopped": True}, None),
        ({"consent": False}, None),
        ({"planned": (NOW,) * 3}, None),
        ({"planned": (NOW,) * 3, "silence": Silence(away_on=TODAY - DAY)}, TODAY - DAY),
    ],
)
def test_since_when_somebody_is_away_is_noted(history: dict[str, object], kept: date | None) -> None:
    decision = decide((Due("a", NOW),), RULES, History(**history), NOW)  # type: ignore[arg-type]

    assert decision.send == ()
    assert decision.away_on == kept


@pytest.mark.parametrize("standing", [Standing(done=True, met=True), Standing(skipped=True)])
def test_whoever_logs_is_here(standing: Standing) -> None:
    due = (Due("a", NOW, standing=standing), Due("b", NOW))
    decision = decide(due, RULES, History(silence=Silence(away_on=TODAY - 9 * DAY)), NOW)

    assert (decision.kind, decision.send, decision.away_on) == (Kind.NUDGE, ("b",), None)


def test_a_welcome_comes_once() -> None:
    away_on: date | None = TODAY - 5 * DAY
    said = []
    for ahead in range(3):
        at = NOW + DAY * ahead
        decision = decide((Due("a", at),), RULES, History(silence=Silence(away_on=away_on)), at)
        away_on = decision.away_on
        said.append(decision.kind)

    assert said == [Kind.WELCOME, Kind.NUDGE, Kind.NUDGE]
