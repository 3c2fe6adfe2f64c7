"""`attune schedule preview`."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from habits import schedule as schedules
from service import people, taking_up
from service.cli import show


@click.group()
def schedule() -> None:
    """Try a schedule before using it."""


@schedule.command()
@click.argument("text")
@click.option("--zone", default="UTC", show_default=True, help="Time zone, such as Europe/Berlin.")
@click.option(
    "--count", default=10, show_default=True, type=click.IntRange(1, 366), help="How many times to show."
)
@show.as_json
def preview(text: str, zone: str, count: int, json_: bool) -> None:
    """Show when a schedule is due next, such as "monthly 31 09:00"."""
    parsed = schedules.parse(taking_up.check_schedule(text))
    place = ZoneInfo(people.check_zone(zone))
    at: datetime | None = datetime.now(UTC)
    starts_on = datetime.now(place).date()
    rows: list[show.Record] = []
    while len(rows) < count and at is not None:
        at = schedules.next_at(parsed, at, place, starts_on, seed=0)
        if at is not None:
            rows.append({"local": at.astimezone(place).strftime("%a %Y-%m-%d %H:%M %Z"), "utc": at})
    show.records(rows, json_, "It is never due.")
