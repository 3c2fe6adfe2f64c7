"""The next time of every form of schedule, over several zones, beside dateutil's rule and resolver."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, SU, WEEKLY, rrule
from dateutil.tz import resolve_imaginary

from habits.schedule import Schedule, next_at, parse
from tests.bench.measure import Pair

ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Africa/Casablanca", "Australia/Lord_Howe")
STARTS_ON = date(2026, 1, 1)
STARTS = datetime(2026, 1, 1)  # noqa: DTZ001  # dateutil counts in what the clocks show.
ASKED_AT = [datetime(2026, 1, 2, tzinfo=UTC) + timedelta(hours=71 * number) for number in range(120)]
"""About a year of instants, so that both have summer and winter."""
BESIDE = "dateutil"

FORMS = {
    "daily 20:30": partial(rrule, DAILY),
    "weekdays 08:00": partial(rrule, WEEKLY, byweekday=range(5)),
    "mon wed fri 19:00": partial(rrule, WEEKLY, byweekday=(0, 2, 4)),
    "every 3 days 18:00": partial(rrule, DAILY, interval=3),
    "every 2 weeks sat 10:00": partial(rrule, WEEKLY, interval=2, wkst=STARTS_ON.weekday(), byweekday=5),
    "monthly 1 09:00": partial(rrule, MONTHLY, bymonthday=1),
    "monthly last sun 17:00": partial(rrule, MONTHLY, byweekday=SU(-1)),
    "monthly 31 09:00": partial(rrule, MONTHLY, bymonthday=-1),
}
WINDOW = "daily 17:00-20:00"
"""dateutil has no windows."""


def ours(schedule: Schedule, zones: list[ZoneInfo]) -> list[datetime | None]:
    return [next_at(schedule, at, zone, STARTS_ON, seed=7) for zone in zones for at in ASKED_AT]


def dateutils(rules: list[tuple[rrule, ZoneInfo]]) -> list[datetime | None]:
    return [_after(rule, at, zone) for rule, zone in rules for at in ASKED_AT]


def _after(rule: rrule, at: datetime, zone: ZoneInfo) -> datetime | None:
    found = rule.after(at.astimezone(zone))
    return found and resolve_imaginary(found).astimezone(UTC)


def pairs() -> Iterator[Pair]:
    zones = [ZoneInfo(name) for name in ZONES]
    asked = len(ASKED_AT) * len(ZONES)
    for text, rule in FORMS.items():
        schedule = parse(text)
        begins = [datetime.combine(STARTS_ON, schedule.opens, zone) for zone in zones]
        rules = [(rule(dtstart=at), zone) for at, zone in zip(begins, zones, strict=True)]
        yield Pair(
            f"next time: {text}", partial(ours, schedule, zones), BESIDE, partial(dateutils, rules), asked
        )
    yield Pair(f"next time: {WINDOW}", partial(ours, parse(WINDOW), zones), times=asked)
