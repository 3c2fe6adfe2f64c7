"""The rules of streaks, slack and strength once more, day by day with sets of dates: slow, but plainly right.

Shares nothing with the package but its values (goals, entries, facts).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from habits.entries import Entry, Mark
from habits.goals import Goal, Kind, Unit
from habits.periods import Facts

DAY = timedelta(days=1)
Period = tuple[list[date], Goal]


def days_from(first: date, last: date) -> list[date]:
    return [first + DAY * number for number in range((last - first).days + 1)]


def stands(entry: Entry, entries: list[Entry]) -> bool:
    return not any(
        other.kind is Mark.UNDONE and other.undoes == entry.id and stands(other, entries) for other in entries
    )


def said(facts: Facts, today: date, kind: Mark) -> set[date]:
    entries = list(facts.entries)
    return {
        entry.day
        for entry in entries
        if entry.kind is kind and facts.started_on <= entry.day <= today and stands(entry, entries)
    }


def excused_days(facts: Facts, today: date) -> set[date]:
    """All skipped or paused days, done or not."""
    excused = said(facts, today, Mark.SKIPPED)
    for pause in facts.pauses:
        excused |= set(days_from(pause.from_on, pause.to_on or today))
    return excused


def goal_in_force(facts: Facts, day: date) -> Goal:
    goals = sorted(facts.goals, key=lambda dated: dated.effective_on)
    found = goals[0].goal
    for dated in goals:
        if dated.effective_on <= day:
            found = dated.goal
    return found


def same_period(facts: Facts, unit: Unit, one: date, other: date) -> bool:
    if unit is Unit.DAY:
        return one == other
    if unit is Unit.MONTH:
        return (one.year, one.month) == (other.year, other.month)

    def week(day: date) -> date:
        while day.weekday() != facts.week_starts:
            day -= DAY
        return day

    return week(one) == week(other)


def all_periods(facts: Facts, until: date) -> Iterator[Period]:
    """Yield periods from the start on, whole, to the one that holds `until`."""
    day = facts.started_on
    while day <= until:
        goal = goal_in_force(facts, day)
        days = [day]
        while same_period(facts, goal.unit, day, days[-1] + DAY):
            days.append(days[-1] + DAY)
        yield days, goal
        day = days[-1] + DAY


def windows(goal: Goal, day: date) -> Iterator[list[date]]:
    for number in range(goal.days):
        first = day - DAY * number
        yield days_from(first, first + DAY * (goal.days - 1))


def best_window(goal: Goal, day: date, done: set[date]) -> int:
    counts = [0]
    for window in windows(goal, day):
        if any(other in done for other in window if other <= day):
            counts.append(sum(other in done for other in window))
    return max(counts)


def count_and_target(period: Period, done: set[date], excused: set[date]) -> tuple[int, int]:
    days, goal = period
    left = [day for day in days if day in done or day not in excused]
    if goal.kind is Kind.CALENDAR:
        return sum(day in done for day in days), min(goal.times, len(left))
    (day,) = days
    if goal.kind is Kind.WEEKDAYS:
        return (int(day in done), len(left)) if day.weekday() in goal.weekdays else (0, 0)
    if best_window(goal, day, done) >= goal.times:
        return 1, 1
    return 0, int(day not in excused)


@dataclass
class Run:
    unit: Unit | None = None
    count: int = 0
    since: date | None = None
    longest: dict[Unit, int] = field(default_factory=dict)
    ended: Period | None = None
    forgiven: list[date] = field(default_factory=list)

    def judge(self, period: Period, verdict: tuple[int, int], is_over: bool) -> None:
        days, goal = period
        count, target = verdict
        if goal.unit is not self.unit:
            self.count, self.since, self.unit = 0, None, goal.unit
        if target and count >= target:
            self.since = self.since or days[0]
            self.count += 1
            self.longest[goal.unit] = max(self.count, self.longest.get(goal.unit, 0))
        elif target and is_over and self.count:
            if goal.unit is Unit.DAY and self.spares(days[0], goal) > 0:
                self.forgiven.append(days[0])
            else:
                self.count, self.since, self.ended = 0, None, period

    def spares(self, day: date, goal: Goal) -> int:
        recent = [spent for spent in self.forgiven if day - DAY * 27 <= spent <= day]
        return max(0, goal.reserve - len(recent))


def run_at_end(facts: Facts, done: set[date], excused: set[date], end: date) -> Run:
    """Judge every period that ends on or before `end`, with the dones up to then."""
    run = Run()
    known = {day for day in done if day <= end}
    for period in all_periods(facts, end):
        if period[0][-1] <= end:
            run.judge(period, count_and_target(period, known, excused), is_over=True)
    return run


def run_today(facts: Facts, today: date) -> tuple[Run, Period]:
    """Judge everything as of an open day; also return the current period."""
    done, excused = said(facts, today, Mark.DONE), excused_days(facts, today)
    run = Run()
    for period in all_periods(facts, today):
        run.judge(period, count_and_target(period, done, excused), is_over=period[0][-1] < today)
    return run, period


def slack(facts: Facts, today: date, ahead: int) -> int | None:
    """Try every number of days, and look at the end of every period that is over within `ahead` days."""
    run, _ = run_today(facts, today)
    if run.since is None:
        return None
    since = run.since
    done, excused = said(facts, today, Mark.DONE), excused_days(facts, today)
    ends = period_ends(facts, today, ahead)

    def alive(then_done: set[date], end: date) -> bool:
        then = run_at_end(facts, then_done, excused, end)
        return then.since is not None and then.since <= since

    best = None
    for number in range((ends[-1] - today).days + 2):
        start = today + DAY * number
        if start - DAY in ends and not alive(done, start - DAY):
            break
        # Doing every day for a month and more leaves nothing open: later days are kept as a matter of course.
        later = [end for end in ends if start <= end <= start + DAY * 45]
        if all(alive(done | set(days_from(start, end)), end) for end in later):
            best = number
    return best


def period_ends(facts: Facts, today: date, ahead: int) -> list[date]:
    """Return the ends, from today on, of the periods in a row that count in the unit of today's."""
    unit = None
    ends: list[date] = []
    for days, goal in all_periods(facts, today + DAY * ahead):
        if days[-1] >= today:
            if goal.unit is not (unit or goal.unit):
                break
            unit = goal.unit
            ends.append(days[-1])
    return ends


def strength(facts: Facts, today: date) -> float:
    done, excused = said(facts, today, Mark.DONE), excused_days(facts, today)
    value = 0.0
    for days, goal in all_periods(facts, today):
        times, length = min(goal.times, goal.days), goal.days
        if times == length:
            times = length = 1
        keep = 0.5 ** ((times / length) ** 0.5 / 13)
        if times < length:
            times, length = times * 2, length * 2
        for day in days:
            if day > today or (day in excused and day not in done):
                continue
            window = days_from(day - DAY * (length - 1), day)
            if goal.kind is Kind.WEEKDAYS:
                window = [other for other in window if other.weekday() in goal.weekdays]
            share = min(1.0, sum(other in done for other in window) / times)
            value = value * keep + share * (1 - keep)
    return value
