"""The policy: from what is due and what was, to one message now, later today, or none, and why.

Pure: `now` is an argument and the answer depends on nothing else. The rules are numbered as in docs/why.md:
1 consent and rest, 2 quiet when done, 3 quiet hours, 4 one message and a cap a day, 5 catching up.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from habits.days import DAY, day_begins, day_of, instant

DIGEST = timedelta(minutes=10)
"""Reminders due this long after the first go into the same message."""


class Reason(StrEnum):
    """Why a nudge goes out, or does not, in words for the admin and the demo."""

    DUE = "due, and not done yet"
    MOVED = "moved to the end of quiet hours"
    DONE = "done already"
    SKIPPED = "skipped today"
    ASKED = "asked about this day already"
    GOAL_MET = "the goal of this period is met"
    PAUSED = "paused"
    RESTING = "resting"
    STOPPED = "stopped"
    NO_CONSENT = "no address that said yes"
    QUIET_HOURS = "would fall in quiet hours"
    CAP = "the messages of this day are used up"
    LATE = "too late to be of use"


@dataclass(frozen=True, slots=True)
class Rules:
    """A person's own limits; local times in `zone`."""

    zone: ZoneInfo
    day_starts: time = time(3)
    quiet_from: time = time(21)
    quiet_to: time = time(8)
    daily_cap: int = 3
    catch_up: timedelta = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Due:
    """One reminder that is due, and why its habit needs no nudge today, if so."""

    key: Hashable
    due_at: datetime
    unneeded: Reason | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What the policy has to know of a person. `planned` are the instants of the latest two days' nudges."""

    consent: bool = True
    stopped: bool = False
    paused: bool = False
    rested_until: datetime | None = None
    planned: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One message with the reminders in `send`, or none. Every reminder is in `send` or in `let_go`."""

    reason: Reason
    send: tuple[Hashable, ...] = ()
    let_go: tuple[tuple[Hashable, Reason], ...] = ()
    not_before: datetime | None = None
    expires_at: datetime | None = None


def decide(due: tuple[Due, ...], rules: Rules, history: History, now: datetime) -> Decision:
    """Decide about one person's reminders that are due together; `due` is not empty."""
    whole = _unreachable(history, now)
    if whole:
        return _none(due, whole)
    wanted: list[Due] = []
    let_go: list[tuple[Hashable, Reason]] = []
    for one in due:
        why = one.unneeded or _untimely(one.due_at, rules, now)
        if why:
            let_go.append((one.key, why))
        else:
            wanted.append(one)
    if not wanted:
        return Decision(let_go[0][1], let_go=tuple(let_go))
    first_at = min(one.due_at for one in wanted)
    earliest_at = max(first_at, now)
    not_before = out_of_quiet(earliest_at, rules)
    day = day_of(not_before, rules.zone, rules.day_starts)
    used = sum(day_of(at, rules.zone, rules.day_starts) == day for at in history.planned)
    if used >= rules.daily_cap:
        return Decision(Reason.CAP, let_go=(*let_go, *((one.key, Reason.CAP) for one in wanted)))
    effective_at = out_of_quiet(first_at, rules)
    return Decision(
        Reason.DUE if (effective_at, not_before) == (first_at, earliest_at) else Reason.MOVED,
        send=tuple(one.key for one in wanted),
        let_go=tuple(let_go),
        not_before=not_before,
        expires_at=expiry(effective_at, not_before, rules),
    )


def _unreachable(history: History, now: datetime) -> Reason | None:
    if history.stopped:
        return Reason.STOPPED
    if not history.consent:
        return Reason.NO_CONSENT
    if history.paused:
        return Reason.PAUSED
    if history.rested_until and now < history.rested_until:
        return Reason.RESTING
    return None


def _none(due: tuple[Due, ...], why: Reason) -> Decision:
    return Decision(why, let_go=tuple((one.key, why) for one in due))


def _untimely(due_at: datetime, rules: Rules, now: datetime) -> Reason | None:
    """Return why a reminder cannot be sent any more, or not at this hour."""
    if is_late(due_at, rules, now):
        return Reason.LATE
    effective_at = out_of_quiet(due_at, rules)
    soonest = out_of_quiet(max(now, effective_at), rules)
    if not _same_day(due_at, soonest, rules):
        return Reason.QUIET_HOURS
    # Quiet hours in the middle of a day may last longer than what is left of catch-up.
    return Reason.LATE if soonest - effective_at >= rules.catch_up else None


def is_late(due_at: datetime, rules: Rules, now: datetime) -> bool:
    """Say whether catch-up is over for what was due at `due_at`."""
    return now - due_at >= rules.catch_up and now - out_of_quiet(due_at, rules) >= rules.catch_up


def joins_until(first_at: datetime, rules: Rules) -> datetime:
    """Return until when what comes due joins the message of a reminder that is due at `first_at`.

    What is moved to the end of quiet hours takes along what is due then.
    """
    moved_at = out_of_quiet(first_at, rules)
    return (moved_at if _same_day(first_at, moved_at, rules) else first_at) + DIGEST


def _same_day(one: datetime, other: datetime, rules: Rules) -> bool:
    return day_of(one, rules.zone, rules.day_starts) == day_of(other, rules.zone, rules.day_starts)


def expiry(effective_at: datetime, not_before: datetime, rules: Rules) -> datetime:
    """Return when a message that may go from `not_before` on is of no use any more.

    That is the end of catch-up or the next quiet hours, whichever is first.
    """
    quiet = quiet_after(not_before, rules)
    late = effective_at + rules.catch_up
    return min(late, quiet) if quiet else late


def out_of_quiet(at: datetime, rules: Rules) -> datetime:
    """Return `at`, or the end of the quiet hours that it falls in; they include their beginning only."""
    for begins, ends in _quiet_around(at, rules):
        if begins <= at < ends:
            at = ends
    return at


def quiet_after(at: datetime, rules: Rules) -> datetime | None:
    """Return when the next quiet hours begin after `at`; None if the person has none."""
    return next((begins for begins, _ in _quiet_around(at, rules) if begins > at), None)


def _quiet_around(at: datetime, rules: Rules) -> list[tuple[datetime, datetime]]:
    """Return the quiet hours that may hold `at`, and the next ones, in order."""
    today = at.astimezone(rules.zone).date()
    found = (
        _quiet_on(today + DAY * ahead, rules.quiet_from, rules.quiet_to, rules.zone) for ahead in range(-2, 3)
    )
    return [hours for hours in found if hours]


@lru_cache(maxsize=4096)
def _quiet_on(
    day: date, quiet_from: time, quiet_to: time, zone: ZoneInfo
) -> tuple[datetime, datetime] | None:
    """Return when the quiet hours of a date begin and end; None if there are none.

    Both are resolved like a schedule's time and come once: clocks that go back do not begin them again.
    """
    begins = instant(day, quiet_from, zone)
    if begins is None or quiet_from == quiet_to:
        return None
    ends = day_begins(day if quiet_from < quiet_to else day + DAY, zone, quiet_to)
    return (begins, ends) if begins < ends else None
