"""What schedules alone bring: digests, quiet hours, the daily cap."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from habits.nudging import Reason, Rules
from habits.outlook import Coming, Foreseen, foresee

RULES = Rules(ZoneInfo("Europe/Berlin"))


def at(text: str) -> datetime:
    """An instant of Berlin's clocks, as in `12 19:00`: the day of June 2025 and the time."""
    day, clock = text.split()
    local = datetime.combine(datetime(2025, 6, int(day), tzinfo=UTC), time.fromisoformat(clock))
    return local.replace(tzinfo=RULES.zone).astimezone(UTC)


def coming(*dues: str) -> list[Coming]:
    """Reminders by letter; a capital one comes alone."""
    return [Coming(due[0], at(due[2:]), due[0].islower()) for due in dues]


def told(found: list[Foreseen]) -> list[str]:
    """Return each as `a 1 12 19:00 why`: key, number and time of the message."""
    lines = []
    for one in found:
        sent = one.sends_at.astimezone(RULES.zone).strftime("%d %H:%M") if one.sends_at else "-"
        lines.append(f"{one.key} {one.message or '-'} {sent} {one.reason.name}")
    return lines


@pytest.mark.parametrize(
    ("dues", "becomes"),
    [
        ([], []),
        (["a 12 19:00"], ["a 1 12 19:00 DUE"]),
        (["b 12 19:10", "a 12 19:00"], ["a 1 12 19:00 DUE", "b 1 12 19:00 DUE"]),
        (["a 12 19:00", "b 12 19:11"], ["a 1 12 19:00 DUE", "b 2 12 19:11 DUE"]),
        # The first counts, not the one before: eight minutes and eight minutes are two messages.
        (
            ["a 12 19:00", "b 12 19:08", "c 12 19:16"],
            ["a 1 12 19:00 DUE", "b 1 12 19:00 DUE", "c 2 12 19:16 DUE"],
        ),
        (
            ["a 12 19:00", "P 12 19:00", "b 12 19:05"],
            ["a 1 12 19:00 DUE", "P 2 12 19:00 DUE", "b 1 12 19:00 DUE"],
        ),
        # A check-in is a message of its own, and opens nobody else's ten minutes.
        (
            ["P 12 19:00", "a 12 19:08", "b 12 19:12"],
            ["P 1 12 19:00 DUE", "a 2 12 19:08 DUE", "b 2 12 19:08 DUE"],
        ),
        (["a 12 21:00"], ["a - - QUIET_HOURS"]),
        (["a 13 02:00"], ["a - - QUIET_HOURS"]),
        (["a 13 03:00"], ["a 1 13 08:00 MOVED"]),
        (["a 13 07:59"], ["a 1 13 08:00 MOVED"]),
        (["a 13 08:00"], ["a 1 13 08:00 DUE"]),
        (
            ["a 13 06:00", "b 13 08:00", "c 13 08:10", "d 13 08:11"],
            ["a 1 13 08:00 MOVED", "b 1 13 08:00 DUE", "c 1 13 08:00 DUE", "d 2 13 08:11 DUE"],
        ),
        (["a 12 20:55", "b 12 21:05"], ["a 1 12 20:55 DUE", "b 1 12 20:55 DUE"]),
        (["a 12 20:55", "b 12 21:06"], ["a 1 12 20:55 DUE", "b - - QUIET_HOURS"]),
        # The fourth of a day is one too many; a digest counts once, and so does a check-in.
        (
            ["a 12 09:00", "b 12 09:05", "c 12 10:00", "P 12 11:00", "d 12 12:00", "a 13 09:00"],
            [
                "a 1 12 09:00 DUE",
                "b 1 12 09:00 DUE",
                "c 2 12 10:00 DUE",
                "P 3 12 11:00 DUE",
                "d - - CAP",
                "a 4 13 09:00 DUE",
            ],
        ),
    ],
)
def test_what_becomes_of_reminders(dues: list[str], becomes: list[str]) -> None:
    assert told(foresee(coming(*dues), RULES)) == becomes


def test_a_cap_of_nothing_lets_nothing_through() -> None:
    none = Rules(RULES.zone, daily_cap=0)

    assert [one.reason for one in foresee(coming("a 12 19:00", "P 12 20:00"), none)] == [Reason.CAP] * 2


def test_the_day_of_a_cap_is_the_persons_own() -> None:
    """One in the morning still belongs to the evening before."""
    awake = Rules(RULES.zone, quiet_from=time(0), quiet_to=time(0), daily_cap=1)
    dues = coming("a 12 20:00", "b 13 02:59", "c 13 03:10")

    assert [one.reason for one in foresee(dues, awake)] == [Reason.DUE, Reason.CAP, Reason.DUE]
