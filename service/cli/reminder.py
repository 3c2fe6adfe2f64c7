"""`attune reminder …`."""

from uuid import UUID

import click

from service import people, summary, taking_up
from service.cli import show


@click.group()
def reminder() -> None:
    """Reminders: when a nudge is due."""


@reminder.command("add")
@click.argument("habit_id")
@click.argument("schedule")
@click.option("--person", "who", metavar="NAME", required=True, help="Whom it reminds.")
@show.as_json
def add(habit_id: str, schedule: str, who: str, json_: bool) -> None:
    """Add a reminder of a habit, such as "mon wed fri 19:00"."""
    with show.site() as site:
        with site.db.read() as session:
            habit = taking_up.find_habit(session, habit_id).id
            person = people.find_person(session, site, who).id
        made = taking_up.add_reminder(site, habit, person, schedule, site.now())
    show.record({"id": made}, json_)


@reminder.command("list")
@click.option("--person", "who", metavar="NAME", required=True, help="Of whom.")
@show.as_json
def list_(who: str, json_: bool) -> None:
    """List a person's reminders, and when each is due next."""
    with show.site() as site, site.db.read() as session:
        found = people.find_person(session, site, who)
        rows = [
            {
                "id": row.id,
                "practice": practice or "check-in",
                "schedule": row.schedule,
                "next": row.next_at,
            }
            for row, practice in summary.reminders_of(session, found.id)
        ]
    show.records(rows, json_, "There is no reminder; `attune reminder add` makes one.")


@reminder.command("remove")
@click.argument("reminder_id", type=click.UUID)
def remove(reminder_id: UUID) -> None:
    """Remove a reminder by its id."""
    with show.site() as site:
        taking_up.remove_reminder(site, reminder_id)
    click.echo("Removed.")
