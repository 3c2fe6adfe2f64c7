"""The policy: one table for each rule, and what must hold for every history."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habits.days import day_of
from habits.needs import needless
from habits.nudging import (
    DIGEST,
    Decision,
    Due,
    History,
    Kind,
    Reason,
    Rules,
    Silence,
    Standing,
    decide,
    is_late,
    joins_until,
    out_of_quiet,
    quiet_after,
)

BERLIN = "Europe/Berlin"
NIGHT = "21:00-08:00"
MINUTE = timedelta(minutes=1)


def rules(quiet: str = NIGHT, zone: str = "UTC", cap: int = 3, day_starts: str = "03:00") -> Rules:
    quiet_from, _, quiet_to = quiet.partition("-")
    return Rules(
        ZoneInfo(zone),
        time.fromisoformat(day_starts),
        time.fromisoformat(quiet_from),
        time.fromisoformat(quiet_to),
        cap,
    )


def on(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    """Return a local time of 3 March 2026, a Tuesday, or of a day of its own, as an instant."""
    whole = text if "T" in text else f"2026-03-03T{text}"
    return datetime.fromisoformat(whole).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def dues(*texts: str, zone: str = "UTC") -> tuple[Due, ...]:
    """Return reminders due at these local times; their keys are the texts."""
    return tuple(Due(text, on(text, zone)) for text in texts)


FREE = History()
TODAY = date(2026, 3, 3)


# Rule 1: consent and rest.


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (History(), Reason.DUE),
        (History(consent=False), Reason.NO_CONSENT),
        (History(stopped=True), Reason.STOPPED),
        (History(paused_on=TODAY), Reason.PAUSED),
        (History(rested_until=on("19:01")), Reason.RESTING),
        (History(rested_until=on("19:00")), Reason.DUE),  # A rest is over at its end.
        (History(rested_until=on("18:00")), Reason.DUE),
        (History(stopped=True, consent=False, paused_on=TODAY), Reason.STOPPED),
        (History(consent=False, paused_on=TODAY, rested_until=on("23:00")), Reason.NO_CONSENT),
        (History(paused_on=TODAY, rested_until=on("23:00")), Reason.PAUSED),
    ],
)
def test_only_people_who_want_it_are_nudged(history: History, expected: Reason) -> None:
    decision = decide(dues("19:00", "18:55"), rules(), history, on("19:00"))

    assert decision.reason is expected
    if expected is Reason.DUE:
        assert decision.send == ("19:00", "18:55")
        assert decision.let_go == ()
    else:
        assert decision.let_go == (("19:00", expected), ("18:55", expected))
        assert decision.send == ()


# Rule 2: quiet when done.

OPEN, DONE, MET = Standing(), Standing(done=True, met=True), Standing(met=True)


@pytest.mark.parametrize(
    ("first", "second", "sent", "let_go", "reason"),
    [
        (OPEN, OPEN, ("a", "b"), (), Reason.DUE),
        (DONE, OPEN, ("b",), (("a", Reason.DONE),), Reason.DUE),
        (OPEN, MET, ("a",), (("b", Reason.GOAL_MET),), Reason.DUE),
        (Standing(asked=True), DONE, (), (("a", Reason.ASKED), ("b", Reason.DONE)), Reason.ASKED),
        (Standing(paused=True), OPEN, ("b",), (("a", Reason.PAUSED),), Reason.DUE),
        (Standing(done=True), OPEN, ("b",), (("a", Reason.DONE),), Reason.DUE),  # Once of three times a week.
        (Standing(skipped=True), OPEN, ("b",), (("a", Reason.SKIPPED),), Reason.DUE),
    ],
)
def test_what_needs_no_nudge_is_let_go(
    first: Standing,
    second: Standing,
    sent: tuple[str, ...],
    let_go: tuple[tuple[str, Reason], ...],
    reason: Reason,
) -> None:
    due = (Due("a", on("19:00"), standing=first), Due("b", on("19:05"), standing=second))
    decision = decide(due, rules(), FREE, on("19:00"))

    assert (decision.send, decision.let_go, decision.reason) == (sent, let_go, reason)


def test_a_message_waits_for_the_first_reminder_that_is_still_wanted() -> None:
    due = (Due("a", on("19:00"), standing=DONE), Due("b", on("19:05")))
    decision = decide(due, rules(), FREE, on("19:00"))

    assert decision.not_before == on("19:05")
    assert decision.expires_at == on("21:00")


# Rule 3: quiet hours.


@pytest.mark.parametrize(
    ("quiet", "due_at", "expected", "reason"),
    [
        (NIGHT, "20:59", "20:59", Reason.DUE),
        (NIGHT, "21:00", None, Reason.QUIET_HOURS),  # Their beginning is in, and their end another day.
        (NIGHT, "23:30", None, Reason.QUIET_HOURS),
        (NIGHT, "00:30", None, Reason.QUIET_HOURS),  # Still the day before: it begins at three.
        (NIGHT, "02:59", None, Reason.QUIET_HOURS),
        (NIGHT, "03:00", "08:00", Reason.MOVED),
        (NIGHT, "07:59", "08:00", Reason.MOVED),
        (NIGHT, "08:00", "08:00", Reason.DUE),  # Their end is out.
        ("13:00-14:00", "12:59", "12:59", Reason.DUE),
        ("13:00-14:00", "13:00", "14:00", Reason.MOVED),
        ("13:00-14:00", "23:30", "23:30", Reason.DUE),
        ("00:00-00:00", "00:00", "00:00", Reason.DUE),  # Equal times: none.
        ("21:00-21:00", "23:30", "23:30", Reason.DUE),
        ("00:00-08:00", "00:00", None, Reason.QUIET_HOURS),
        ("00:00-08:00", "23:59", "23:59", Reason.DUE),
        ("22:00-00:00", "23:00", "2026-03-04T00:00", Reason.MOVED),  # Midnight: the same day still.
        ("08:00-07:59", "12:00", None, Reason.QUIET_HOURS),
        ("08:00-07:59", "07:59", "07:59", Reason.DUE),
    ],
)
def test_quiet_hours_are_kept(quiet: str, due_at: str, expected: str | None, reason: Reason) -> None:
    decision = decide(dues(due_at), rules(quiet), FREE, on(due_at))

    assert decision.reason is reason
    assert decision.not_before == (on(expected) if expected else None)


@pytest.mark.parametrize(
    ("day_starts", "due_at", "reason"),
    [
        ("00:00", "00:30", Reason.MOVED),
        ("03:00", "00:30", Reason.QUIET_HOURS),
        ("00:00", "23:30", Reason.QUIET_HOURS),
        ("08:00", "07:00", Reason.QUIET_HOURS),  # Eight is another day.
        ("08:01", "07:00", Reason.MOVED),
        ("20:00", "23:30", Reason.MOVED),  # A day from evening to evening holds the whole night.
    ],
)
def test_the_day_of_quiet_hours_is_the_persons_own(day_starts: str, due_at: str, reason: Reason) -> None:
    decision = decide(dues(due_at), rules(day_starts=day_starts), FREE, on(due_at))

    assert decision.reason is reason


@pytest.mark.parametrize(
    ("zone", "quiet", "due_at", "expected", "quiet_again"),
    [
        # The night of 29 March loses an hour, that of 25 October has one twice.
        (BERLIN, NIGHT, "2026-03-29T07:00", "2026-03-29T08:00", "2026-03-29T21:00"),
        (BERLIN, NIGHT, "2026-10-25T07:00", "2026-10-25T08:00", "2026-10-25T21:00"),
        (BERLIN, "21:00-02:30", "2026-03-29T01:50", "2026-03-29T03:30", "2026-03-29T21:00"),
        (BERLIN, "02:30-08:00", "2026-03-29T03:20", "2026-03-29T03:20", "2026-03-29T03:30"),
        (BERLIN, "02:30-08:00", "2026-03-29T03:30", "2026-03-29T08:00", "2026-03-30T02:30"),
        (BERLIN, "21:00-02:30", "2026-10-25T02:10", "2026-10-25T02:30", "2026-10-25T21:00"),
        (BERLIN, "02:10-02:40", "2026-10-25T02:10", "2026-10-25T02:40", "2026-10-26T02:10"),
        # Quiet hours of which a gap leaves nothing.
        (BERLIN, "02:50-03:10", "2026-03-29T03:05", "2026-03-29T03:05", "2026-03-30T02:50"),
        (BERLIN, "02:50-03:10", "2026-03-28T04:00", "2026-03-28T04:00", "2026-03-30T02:50"),
        (BERLIN, "02:30-03:30", "2026-03-29T01:00", "2026-03-29T01:00", "2026-03-30T02:30"),
        # Their end moves into the beginning of the next ones.
        (BERLIN, "03:10-02:50", "2026-03-29T03:05", "2026-03-30T02:50", "2026-03-30T03:10"),
        ("Australia/Lord_Howe", NIGHT, "2026-04-05T07:30", "2026-04-05T08:00", "2026-04-05T21:00"),
        ("America/Nuuk", "22:00-23:30", "2026-03-28T22:30", "2026-03-29T00:30", "2026-03-29T22:00"),
        # A date that a zone skipped: the night before it ends on the morning after it.
        ("Pacific/Apia", NIGHT, "2011-12-29T23:00", "2011-12-31T08:00", "2011-12-31T21:00"),
        ("Pacific/Apia", NIGHT, "2011-12-31T07:00", "2011-12-31T08:00", "2011-12-31T21:00"),
        ("Pacific/Apia", "13:00-14:00", "2011-12-29T15:00", "2011-12-29T15:00", "2011-12-31T13:00"),
    ],
)
def test_quiet_hours_in_nights_when_clocks_change(
    zone: str, quiet: str, due_at: str, expected: str, quiet_again: str
) -> None:
    own = rules(quiet, zone)
    moved_at = out_of_quiet(on(due_at, zone), own)

    assert moved_at == on(expected, zone)
    assert quiet_after(moved_at, own) == on(quiet_again, zone)


def test_clocks_that_go_back_do_not_begin_quiet_hours_again() -> None:
    again = on("2026-10-25T02:10", BERLIN, fold=1)

    assert out_of_quiet(again, rules("21:00-02:30", BERLIN)) == again


def test_without_quiet_hours_none_begin() -> None:
    assert quiet_after(on("12:00"), rules("09:00-09:00")) is None


# Rule 4: one message, and a cap a day.


@pytest.mark.parametrize(
    ("quiet", "first", "expected"),
    [
        (NIGHT, "19:00", "19:10"),
        (NIGHT, "07:00", "08:10"),  # Moved to eight, where it meets what is due then.
        (NIGHT, "08:00", "08:10"),
        (NIGHT, "22:00", "22:10"),  # It is let go, and takes nothing of the next day along.
        ("00:00-00:00", "23:55", "2026-03-04T00:05"),
    ],
)
def test_ten_minutes_make_one_message(quiet: str, first: str, expected: str) -> None:
    assert joins_until(on(first), rules(quiet)) == on(expected)
    assert timedelta(minutes=10) == DIGEST


def test_a_digest_goes_at_the_time_of_its_first_and_expires_with_it() -> None:
    decision = decide(dues("18:04", "18:00", "18:10"), rules(), FREE, on("18:00"))

    assert decision.send == ("18:04", "18:00", "18:10")
    assert (decision.not_before, decision.expires_at) == (on("18:00"), on("20:00"))


@pytest.mark.parametrize(
    ("cap", "planned", "reason"),
    [
        (3, (), Reason.DUE),
        (3, ("09:00", "12:00"), Reason.DUE),
        (3, ("09:00", "12:00", "15:00"), Reason.CAP),
        (3, ("09:00", "12:00", "15:00", "17:00"), Reason.CAP),
        (3, ("2026-03-02T09:00", "2026-03-02T12:00", "12:00"), Reason.DUE),
        (3, ("03:00", "12:00", "15:00"), Reason.CAP),
        (3, ("02:59", "12:00", "15:00"), Reason.DUE),  # Before three is the day before.
        (1, ("02:59",), Reason.DUE),
        (1, ("20:00",), Reason.CAP),  # Planned for later today.
        (0, (), Reason.CAP),
    ],
)
def test_more_messages_than_the_cap_are_none(cap: int, planned: tuple[str, ...], reason: Reason) -> None:
    history = History(planned=tuple(on(text) for text in planned))
    due = (Due("done", on("19:00"), standing=DONE), *dues("19:00", "19:05"))
    decision = decide(due, rules(cap=cap), history, on("19:00"))

    assert decision.reason is reason
    if reason is Reason.CAP:
        let_go = (("done", Reason.DONE), ("19:00", Reason.CAP), ("19:05", Reason.CAP))
        assert decision == Decision(Reason.CAP, let_go=let_go)
    else:
        assert decision.send == ("19:00", "19:05")


@pytest.mark.parametrize(("second", "sent"), [("21:05", ("20:55", "21:05")), ("21:06", ("20:55",))])
def test_what_joins_a_message_before_quiet_hours_goes_with_it(second: str, sent: tuple[str, ...]) -> None:
    decision = decide(dues("20:55", second), rules(), FREE, on("20:55"))

    assert (decision.send, decision.not_before, decision.expires_at) == (sent, on("20:55"), on("21:00"))


def test_a_moved_message_counts_for_the_day_it_is_moved_to() -> None:
    history = History(planned=(on("2026-03-04T00:30"),))
    evening = decide(dues("23:00"), rules("22:00-00:00", cap=1), history, on("23:00"))

    assert evening.reason is Reason.CAP


def test_a_message_of_the_next_day_uses_up_the_next_day() -> None:
    history = History(planned=(on("12:00"),))
    due = (Due("a", on("2026-03-04T02:55"), standing=DONE), Due("b", on("2026-03-04T03:02")))
    decision = decide(due, rules("00:00-00:00", cap=1), history, on("2026-03-04T02:55"))

    assert decision.send == ("b",)


# Rule 5: catching up, and what expires.


@pytest.mark.parametrize(
    ("quiet", "due_at", "now", "not_before", "reason"),
    [
        (NIGHT, "12:00", "12:00", "12:00", Reason.DUE),
        (NIGHT, "12:00", "13:59", "13:59", Reason.DUE),
        (NIGHT, "12:00", "14:00", None, Reason.LATE),
        (NIGHT, "12:00", "20:00", None, Reason.LATE),
        (NIGHT, "12:05", "12:00", "12:05", Reason.DUE),  # Ahead of its time, in a digest.
        (NIGHT, "06:00", "09:59", "09:59", Reason.MOVED),  # Late counts from where it was moved to.
        (NIGHT, "06:00", "10:00", None, Reason.LATE),
        (NIGHT, "20:30", "20:59", "20:59", Reason.DUE),
        (NIGHT, "20:30", "21:00", None, Reason.QUIET_HOURS),  # Catching up would be at night.
        (NIGHT, "20:30", "2026-03-04T08:00", None, Reason.LATE),
        (NIGHT, "2026-03-02T20:30", "08:00", None, Reason.LATE),
        ("13:00-14:00", "12:30", "13:10", "14:00", Reason.MOVED),
        ("13:00-15:00", "12:30", "13:10", None, Reason.LATE),  # Nothing would be left of catch-up.
        ("13:00-14:30", "12:30", "13:10", None, Reason.LATE),
    ],
)
def test_what_is_late_is_let_go(
    quiet: str, due_at: str, now: str, not_before: str | None, reason: Reason
) -> None:
    decision = decide(dues(due_at), rules(quiet), FREE, on(now))

    assert decision.reason is reason
    assert decision.not_before == (on(not_before) if not_before else None)


@pytest.mark.parametrize(
    ("due_at", "now", "late"),
    [
        ("12:00", "13:59", False),
        ("12:00", "14:00", True),
        ("06:00", "09:59", False),
        ("06:00", "10:00", True),
        ("12:00", "11:55", False),
    ],
)
def test_catch_up_ends_after_two_hours(due_at: str, now: str, late: bool) -> None:
    assert is_late(on(due_at), rules(), on(now)) is late


@pytest.mark.parametrize(
    ("quiet", "due_at", "now", "expires_at"),
    [
        (NIGHT, "12:00", "12:00", "14:00"),
        (NIGHT, "12:00", "13:30", "14:00"),
        (NIGHT, "06:00", "06:00", "10:00"),
        (NIGHT, "20:00", "20:00", "21:00"),  # Quiet hours come first.
        (NIGHT, "20:59", "20:59", "21:00"),
        ("21:00-21:00", "20:00", "20:00", "22:00"),
        ("12:30-12:40", "12:00", "12:00", "12:30"),
        ("12:30-12:40", "12:30", "12:30", "14:40"),
    ],
)
def test_a_message_expires_with_catch_up_or_at_quiet_hours(
    quiet: str, due_at: str, now: str, expires_at: str
) -> None:
    decision = decide(dues(due_at), rules(quiet), FREE, on(now))

    assert decision.expires_at == on(expires_at)


# What holds always.

clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
zones = st.sampled_from(
    ["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Nuuk", "Africa/Cairo", "Asia/Kolkata"]
)
# Around nights in which some of these zones change their clocks.
starts = st.sampled_from([on("2026-03-28T12:00"), on("2026-10-24T12:00"), on("2026-04-04T00:00")])
all_rules = st.builds(
    Rules,
    zones.map(ZoneInfo),
    clocks,
    clocks,
    clocks,
    st.integers(0, 4),
    st.integers(10, 720).map(lambda minutes: timedelta(minutes=minutes)),
)
minutes = st.integers(0, 48 * 60).map(lambda count: count * MINUTE)
standings = st.sampled_from(
    [
        *[OPEN, Standing(slack=0)] * 3,
        DONE,
        MET,
        Standing(paused=True),
        Standing(asked=True),
        Standing(skipped=True),
        Standing(kept_weeks=5),
        Standing(kept_weeks=5, thinned=1),
    ]
)
kinds = st.sampled_from([Kind.NUDGE, Kind.NUDGE, Kind.NUDGE, Kind.RESCUE])
silences = st.builds(
    lambda count, gap, asked, away: Silence(
        tuple(on("2026-03-01T12:00") - timedelta(days=gap) for _ in range(count)),
        asked and count > 4,
        away and on("2026-03-20T12:00").date() - timedelta(days=away),
    ),
    st.sampled_from([0, 0, 0, 1, 3, 4, 5]),
    st.integers(-20, 20),
    st.booleans(),
    st.none() | st.integers(1, 5),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[Due, ...], Rules, History, datetime]:
    first_at = draw(starts) + draw(minutes)
    own = draw(all_rules)
    gaps = draw(st.lists(st.integers(0, 90), min_size=1, max_size=4))
    due = tuple(
        Due(key, first_at + gap * MINUTE, draw(kinds), draw(standings)) for key, gap in enumerate(gaps)
    )
    history = History(
        consent=draw(st.sampled_from([True, True, True, False])),
        stopped=draw(st.sampled_from([False, False, False, True])),
        paused_on=draw(st.sampled_from([None, None, None, TODAY])),
        rested_until=draw(st.none() | st.just(first_at + 30 * MINUTE)),
        planned=tuple(first_at - gap * MINUTE for gap in draw(st.lists(st.integers(-60, 1500), max_size=4))),
        silence=draw(silences),
    )
    return due, own, history, first_at + draw(st.integers(0, 300)) * MINUTE


def is_quiet(at: datetime, own: Rules) -> bool:
    """Say whether clocks show quiet hours; true only where clocks show no time twice and skip none."""
    clock = at.astimezone(own.zone).time()
    if own.quiet_from <= own.quiet_to:
        return own.quiet_from <= clock < own.quiet_to
    return clock >= own.quiet_from or clock < own.quiet_to


def clocks_change_near(at: datetime, own: Rules) -> bool:
    day = timedelta(days=1)
    return len({(at + day * ahead).astimezone(own.zone).utcoffset() for ahead in (-1, 0, 1)}) > 1


SENT = (Reason.DUE, Reason.MOVED, Reason.RESCUE, Reason.WELCOME, Reason.USEFUL)


@given(cases())
def test_every_reminder_is_sent_or_let_go_with_a_reason(
    case: tuple[tuple[Due, ...], Rules, History, datetime],
) -> None:
    due, own, history, now = case
    decision = decide(due, own, history, now)

    assert sorted([*decision.send, *(key for key, _ in decision.let_go)], key=str) == [d.key for d in due]
    assert bool(decision.send) == (decision.not_before is not None) == (decision.expires_at is not None)
    assert bool(decision.send) == (decision.reason in SENT)
    assert all(reason not in SENT for _, reason in decision.let_go)
    unneeded = {one.key for one in due if needless(one.kind, one.standing)}
    assert not unneeded & set(decision.send)
    assert decision.send == () or decision.away_on is None


@given(cases())
def test_no_message_goes_at_night_nor_lives_into_it(
    case: tuple[tuple[Due, ...], Rules, History, datetime],
) -> None:
    due, own, history, now = case
    decision = decide(due, own, history, now)
    if decision.not_before is None or decision.expires_at is None:
        return
    first_at = min(one.due_at for one in due if one.key in decision.send)

    assert decision.not_before >= now
    assert decision.not_before >= first_at
    assert decision.not_before < decision.expires_at
    assert out_of_quiet(decision.not_before, own) == decision.not_before
    assert decision.expires_at <= (quiet_after(decision.not_before, own) or decision.expires_at)
    same_day = {
        day_of(at, own.zone, own.day_starts) for at in (decision.not_before, first_at) if at is not None
    }
    assert len(same_day) == 1
    if not clocks_change_near(decision.not_before, own):
        assert not is_quiet(decision.not_before, own)
        assert not is_quiet(decision.expires_at - timedelta.resolution, own)


@given(all_rules, starts, minutes)
def test_quiet_hours_are_those_that_clocks_show(own: Rules, start: datetime, after: timedelta) -> None:
    at = start + after
    if clocks_change_near(at, own):
        return
    moved_at = out_of_quiet(at, own)

    assert (moved_at > at) == is_quiet(at, own)
    assert not is_quiet(moved_at, own)
    assert is_quiet(moved_at - timedelta.resolution, own) or moved_at == at
    begins = quiet_after(at, own)
    assert (begins is None) == (own.quiet_from == own.quiet_to)
    if begins and not clocks_change_near(begins, own):
        assert is_quiet(begins, own)
        assert begins > at


@given(cases())
def test_the_cap_is_never_passed(case: tuple[tuple[Due, ...], Rules, History, datetime]) -> None:
    due, own, history, now = case
    decision = decide(due, own, history, now)
    if decision.not_before is not None:
        today = day_of(decision.not_before, own.zone, own.day_starts)
        used = [at for at in history.planned if day_of(at, own.zone, own.day_starts) == today]
        assert len(used) < own.daily_cap
