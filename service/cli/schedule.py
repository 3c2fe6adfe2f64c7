"""`attune schedule …`."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from habits import schedule as schedules
from habits.nudging import Reason
from service import due, membership, people, upcoming, wishes
from service.cli import show
from service.upcoming import Upcoming

LOCAL = "%a %Y-%m-%d %H:%M %Z"


@click.group()
def schedule() -> None:
    """Schedules: try one, see ahead, export a calendar."""


@schedule.command("try")
@click.argument("text")
@click.option("--zone", default="UTC", show_default=True, help="Time zone, such as Europe/Berlin.")
@click.option(
    "--count", default=10, show_default=True, type=click.IntRange(1, 366), help="How many times to show."
)
@show.as_json
def try_(text: str, zone: str, count: int, json_: bool) -> None:
    """Show when a schedule is due next, such as "monthly 31 09:00"; it is kept nowhere."""
    parsed = schedules.parse(membership.check_schedule(text))
    place = ZoneInfo(wishes.check_zone(zone))
    at: datetime | None = datetime.now(UTC)
    starts_on = datetime.now(place).date()
    rows: list[show.Record] = []
    while len(rows) < count and at is not None:
        at = schedules.next_at(parsed, at, place, starts_on, seed=0)
        if at is not None:
            rows.append({"local": at.astimezone(place).strftime(LOCAL), "utc": at})
    show.records(rows, json_, "It is never due.")


@schedule.command()
@click.argument("who", metavar="PERSON")
@click.option(
    "--days",
    default=14,
    show_default=True,
    type=click.IntRange(1, upcoming.MOST_DAYS),
    help="How many days ahead.",
)
@show.as_json
def preview(who: str, days: int, json_: bool) -> None:
    """Show what is due for a person in the next days, by their reminders alone.

    Rows with the same message number are one message. What the person does or asks for until then can only
    make it less, and is not shown.
    """
    with show.site() as site, site.db.read() as session:
        person = people.find_person(session, site, who)
        zone = due.zone_of(person.zone)
        rows = [_row(one, zone) for one in upcoming.upcoming(session, person, site.now(), days)]
    show.records(rows, json_, "Nothing is due in these days.")


@schedule.command()
@click.argument("who", metavar="PERSON")
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; left out: to stdout.",
)
def export(who: str, output: Path | None) -> None:
    """Write a person's reminders as a calendar (.ics) that calendar programs read.

    It holds schedules only, not what the person did. For a discreet person its titles say nothing of the
    practice. It is a copy: reminders that change later do not change it.
    """
    with show.site() as site, site.db.read() as session:
        person = people.find_person(session, site, who)
        text = upcoming.calendar(session, site, person, site.now())
    if output:
        output.write_bytes(text.encode())
        show.say(f"Written to {output}.")
    else:
        click.echo(text.encode(), nl=False)  # As bytes: its lines end as the standard wants.


def _row(one: Upcoming, zone: ZoneInfo) -> show.Record:
    return {
        "local": one.due_at.astimezone(zone).strftime(LOCAL),
        "utc": one.due_at,
        "practice": one.practice,
        "purpose": one.purpose,
        "message": one.message,
        "sends_at": one.sends_at,
        "why": None if one.reason is Reason.DUE else one.reason,
    }
