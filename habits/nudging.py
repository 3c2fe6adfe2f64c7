"""The policy: from what is due and what was, to one message now, later today, or none, and why.

Pure: `now` is an argument and the answer depends on nothing else. The rules are numbered as in docs/why.md:
1 consent and rest, 2 quiet when done, 3 quiet hours, 4 one message and a cap a day, 5 catching up, 6 silence,
7 taper, 8 rescue, 9 welcome back, 10 the weekly summary.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from habits.hours import DIGEST, Rules, expiry, is_late, joins_until, out_of_quiet, quiet_after
from habits.needs import Kind, Standing, needless, tapered
from habits.reasons import Reason
from habits.silence import Silence, in_place_of, waits

__all__ = [
    "DIGEST",
    "Decision",
    "Due",
    "History",
    "Kind",
    "Reason",
    "Rules",
    "Silence",
    "Standing",
    "decide",
    "expiry",
    "is_late",
    "joins_until",
    "out_of_quiet",
    "quiet_after",
]

HELD = (Reason.PAUSED, Reason.RESTING, Reason.SILENT)
WHY = {Kind.RESCUE: Reason.RESCUE, Kind.WELCOME: Reason.WELCOME, Kind.QUESTION: Reason.USEFUL}


@dataclass(frozen=True, slots=True)
class Due:
    """One reminder that is due, what it asks for, and how its habit stands that day."""

    key: Hashable
    due_at: datetime
    kind: Kind = Kind.NUDGE
    standing: Standing = field(default_factory=Standing)


@dataclass(frozen=True, slots=True)
class History:
    """What the policy has to know of a person.

    `paused_on` is the first day of a pause that covers today. `planned` are the instants of the latest two
    days' messages, answers and what was asked for aside.
    """

    consent: bool = True
    stopped: bool = False
    paused_on: date | None = None
    rested_until: datetime | None = None
    planned: tuple[datetime, ...] = ()
    silence: Silence = field(default_factory=Silence)


@dataclass(frozen=True, slots=True)
class Decision:
    """One message of a kind, with the reminders in `send`, or none. Every reminder is in `send` or `let_go`.

    `away_on` is what to keep for the next decision (see `Silence`).
    """

    reason: Reason
    kind: Kind = Kind.NUDGE
    send: tuple[Hashable, ...] = ()
    let_go: tuple[tuple[Hashable, Reason], ...] = ()
    not_before: datetime | None = None
    expires_at: datetime | None = None
    away_on: date | None = None


def decide(due: tuple[Due, ...], rules: Rules, history: History, now: datetime) -> Decision:
    """Decide about one person's reminders that are due together.

    `due` is not empty; nudges and rescues go together, a check-in or a summary is decided about alone.
    """
    if any(one.standing.done or one.standing.skipped for one in due):
        history = replace(history, silence=replace(history.silence, away_on=None))  # They are here.
    whole = _unreachable(history, now)
    if whole:
        return _none(due, (), whole, rules, history, now)
    whys = [(one, needless(one.kind, one.standing) or _untimely(one.due_at, rules, now)) for one in due]
    timely = [one.due_at for one, why in whys if why is None]
    wanted: list[Due] = []
    let_go: list[tuple[Hashable, Reason]] = []
    for one, why in whys:
        if (
            why is Reason.QUIET_HOURS
            and timely
            and min(timely) < one.due_at <= joins_until(min(timely), rules)
        ):
            why = None  # The message goes before its time, and before quiet hours.
        if not why and tapered(one.kind, one.standing):
            why = Reason.TAPERED
        if why:
            let_go.append((one.key, why))
        else:
            wanted.append(one)
    if not wanted:
        return Decision(let_go[0][1], _kind(due), let_go=tuple(let_go), away_on=history.silence.away_on)
    return _say(tuple(wanted), tuple(let_go), rules, history, now)


def _say(
    wanted: tuple[Due, ...],
    let_go: tuple[tuple[Hashable, Reason], ...],
    rules: Rules,
    history: History,
    now: datetime,
) -> Decision:
    """Decide about reminders that are wanted: all of them in one message, or none."""
    first_at = min(one.due_at for one in wanted)
    earliest_at = max(first_at, now)
    not_before = out_of_quiet(earliest_at, rules)
    kind = _kind(wanted)
    held = waits(history.silence, kind, not_before, rules)
    if held:
        return _none(wanted, let_go, held, rules, history, not_before)
    today = rules.day(not_before)
    if sum(rules.day(at) == today for at in history.planned) >= rules.daily_cap:
        return _none(wanted, let_go, Reason.CAP, rules, history, not_before)
    kind = in_place_of(history.silence, kind, not_before, rules)
    effective_at = out_of_quiet(first_at, rules)
    on_time = (effective_at, not_before) == (first_at, earliest_at)
    return Decision(
        WHY.get(kind) or (Reason.DUE if on_time else Reason.MOVED),
        kind,
        send=tuple(one.key for one in wanted),
        let_go=let_go,
        not_before=not_before,
        expires_at=expiry(effective_at, not_before, rules),
        away_on=history.silence.away_on if kind is Kind.SUMMARY else None,  # The welcome is still to come.
    )


def _kind(wanted: tuple[Due, ...]) -> Kind:
    """Return what a message of these reminders is: a digest with a nudge in it is a nudge."""
    kinds = {one.kind for one in wanted}
    return Kind.NUDGE if len(kinds) > 1 else kinds.pop()


def _unreachable(history: History, now: datetime) -> Reason | None:
    if history.stopped:
        return Reason.STOPPED
    if not history.consent:
        return Reason.NO_CONSENT
    if history.paused_on:
        return Reason.PAUSED
    if history.rested_until and now < history.rested_until:
        return Reason.RESTING
    return None


def _none(
    due: tuple[Due, ...],
    let_go: tuple[tuple[Hashable, Reason], ...],
    why: Reason,
    rules: Rules,
    history: History,
    at: datetime,
) -> Decision:
    """Let go of all; note since when, if it is because the person is not there."""
    away_on = history.silence.away_on
    if why in HELD and away_on is None:
        away_on = history.paused_on or rules.day(at)
    all_of = (*let_go, *((one.key, why) for one in due))
    return Decision(why, _kind(due), let_go=all_of, away_on=away_on)


def _untimely(due_at: datetime, rules: Rules, now: datetime) -> Reason | None:
    """Return why a reminder cannot be sent any more, or not at this hour."""
    if is_late(due_at, rules, now):
        return Reason.LATE
    effective_at = out_of_quiet(due_at, rules)
    soonest = out_of_quiet(max(now, effective_at), rules)
    if rules.day(due_at) != rules.day(soonest):
        return Reason.QUIET_HOURS
    # Quiet hours in the middle of a day may last longer than what is left of catch-up.
    return Reason.LATE if soonest - effective_at >= rules.catch_up else None
