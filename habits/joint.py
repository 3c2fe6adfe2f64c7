"""Joint days: what two people have done together, built first and then judged like one person's.

Only for a habit where both have said `together`. What one of them does while either rests is not shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from habits.entries import DONE, EXCUSED, Entry, Mark, Pause, fold
from habits.goals import DatedGoal
from habits.periods import Facts


class Mode(StrEnum):
    """When a joint day is done: each on their own date of that name, or one of them."""

    BOTH = "both"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Partner:
    """One of the two, as far as the joint habit goes.

    `started_on` is the later of the habit's start and their first `together`. `holds` are all the days on
    which they are paused, resting, stopped, gone or have taken `together` back, without saying which.
    `today` is their own local day.
    """

    started_on: date
    today: date
    entries: Sequence[Entry] = ()
    holds: Sequence[Pause] = ()


def joint_start(one: Partner, other: Partner) -> date:
    """Return the first joint day: the later of the two starts."""
    return max(one.started_on, other.started_on)


def joint_today(one: Partner, other: Partner) -> date:
    """Return the joint today: the earlier of the two local days, so that nobody's open day counts as over."""
    return min(one.today, other.today)


def joint_facts(
    one: Partner,
    other: Partner,
    mode: Mode,
    goals: Sequence[DatedGoal],
    ended_on: date | None = None,
    week_starts: int = 0,
) -> Facts:
    """Return the joint habit as facts, to be judged as of `joint_today`; who is named first is no matter.

    A day is held if either rests; else done by `mode`; else skipped if either skipped. Both share one
    `week_starts`, so that both see the same. No rest is known ahead, whether it has an end or not: a pause
    until Monday looks like any other. For the days ever done see `days_together`.
    """
    days = _days(one, other, mode)
    today = joint_today(one, other)
    holds = [Pause(hold.from_on, min(hold.to_on or today, today)) for hold in (*one.holds, *other.holds)]
    entries = [
        Entry((day, kind), 0, day, kind)
        for day, kinds in days.items()
        if not any(_holds(hold, day) for hold in holds)
        for kind in kinds
    ]
    return Facts(joint_start(one, other), goals, entries, holds, ended_on, week_starts)


def days_together(one: Partner, other: Partner, mode: Mode, ended_on: date | None = None) -> int:
    """Return how many joint days were done, ever, as of `days_of_both`. It falls only by undo."""
    return len(days_of_both(one, other, mode, ended_on))


def days_of_both(one: Partner, other: Partner, mode: Mode, ended_on: date | None = None) -> list[date]:
    """Return the joint days done, oldest first.

    The first day of a rest still counts, as what both have done that day was shown before one of them rested.
    """
    days = _days(one, other, mode)
    holds = (*one.holds, *other.holds)
    return [
        day
        for day, kinds in days.items()
        if Mark.DONE in kinds
        and (ended_on is None or day <= ended_on)
        and not any(hold.from_on < day and _holds(hold, day) for hold in holds)
    ]


def rests(one: Partner, other: Partner, ended_on: date | None = None) -> bool:
    """Return whether either rests on their own today, or did on the habit's last day."""
    return any(
        _holds(hold, min(partner.today, ended_on or partner.today))
        for partner in (one, other)
        for hold in partner.holds
    )


def _days(one: Partner, other: Partner, mode: Mode) -> dict[date, list[Mark]]:
    """Return what is said of each joint day up to the joint today, before anybody's rest is looked at."""
    first, today = joint_start(one, other), joint_today(one, other)
    days: dict[date, list[Mark]] = {}
    if today < first:
        return days
    for number, told in enumerate(
        zip(fold(one.entries, (), first, today), fold(other.entries, (), first, today), strict=True)
    ):
        done = [mark & DONE for mark in told]
        kinds: list[Mark] = []
        if all(done) if mode is Mode.BOTH else any(done):
            kinds.append(Mark.DONE)
        # A skip stands although its own day was then done: else that done would harm what both have.
        if any(mark & EXCUSED for mark in told):
            kinds.append(Mark.SKIPPED)
        if kinds:
            days[first + timedelta(days=number)] = kinds
    return days


def _holds(hold: Pause, day: date) -> bool:
    return hold.from_on <= day and (hold.to_on is None or day <= hold.to_on)
