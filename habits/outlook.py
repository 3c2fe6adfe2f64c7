"""What the coming days bring by schedules alone: which reminders share a message, and what quiet hours do.

No entry, goal, pause or reply is looked at, nor how long somebody has been silent.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from habits.nudging import Reason, Rules, joins_until, out_of_quiet


@dataclass(frozen=True, slots=True)
class Coming:
    """One time that a reminder is due, an aware instant; `joins`: it may share a message with others."""

    key: Hashable
    due_at: datetime
    joins: bool = True


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What becomes of it: part of the `message` of that number, from 1 on, at `sends_at`, or of none."""

    key: Hashable
    due_at: datetime
    reason: Reason
    message: int | None = None
    sends_at: datetime | None = None


def foresee(coming: Iterable[Coming], rules: Rules) -> list[Foreseen]:
    """Return what becomes of each, in the order of their instants, by quiet hours, digests and the daily cap.

    Planning looks at each when it is due, and takes along what comes due until `nudging.joins_until`.
    """
    waiting = sorted(coming, key=lambda one: one.due_at)
    found: list[Foreseen] = []
    used: Counter[date] = Counter()
    while waiting:
        first = waiting[0]
        until = joins_until(first.due_at, rules)
        together = [one for one in waiting if one.joins and one.due_at <= until] if first.joins else [first]
        waiting = [one for one in waiting if one not in together]
        found += _become(together, rules, used)
    return sorted(found, key=lambda one: one.due_at)


def _become(together: Sequence[Coming], rules: Rules, used: Counter[date]) -> Iterator[Foreseen]:
    """Yield what becomes of reminders that would share a message, and count it in `used`, by day."""
    days_kept = [
        at for at in (one.due_at for one in together) if rules.day(out_of_quiet(at, rules)) == rules.day(at)
    ]
    if not days_kept:
        yield from (Foreseen(one.key, one.due_at, Reason.QUIET_HOURS) for one in together)
        return
    first_at = min(days_kept)
    # What joins the message goes with it, before quiet hours begin.
    timely = [
        one
        for one in together
        if one.due_at in days_kept or first_at < one.due_at <= joins_until(first_at, rules)
    ]
    yield from (Foreseen(one.key, one.due_at, Reason.QUIET_HOURS) for one in together if one not in timely)
    sends_at = out_of_quiet(first_at, rules)
    day = rules.day(sends_at)
    if used[day] >= rules.daily_cap:
        yield from (Foreseen(one.key, one.due_at, Reason.CAP) for one in timely)
        return
    used[day] += 1
    for one in timely:
        reason = Reason.MOVED if sends_at > one.due_at else Reason.DUE
        yield Foreseen(one.key, one.due_at, reason, used.total(), sends_at)
