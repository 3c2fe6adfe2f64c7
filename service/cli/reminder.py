"""`attune reminder …`."""

from collections.abc import Sequence
from uuid import UUID

import click
from sqlalchemy.orm import Session

from service import people, reminding, summary, taking_up
from service.cli import show
from service.models import Person
from service.reminding import WITHOUT_PRACTICE
from service.site import Site


@click.group()
def reminder() -> None:
    """Reminders: when a nudge is due."""


@reminder.command("add")
@click.argument("habit_id", metavar="HABIT")
@click.argument("schedule")
@click.option("--person", "who", metavar="NAME", required=True, help="Whom it reminds.")
@show.as_json
def add(habit_id: str, schedule: str, who: str, json_: bool) -> None:
    """Add a reminder of a habit, such as "mon wed fri 19:00".

    HABIT is the id that `attune habit list` shows, or the last four or more digits of it.
    """
    with show.site() as site:
        with site.db.read() as session:
            habit = taking_up.find_habit(session, habit_id).id
            person = people.find_person(session, site, who).id
        made = reminding.add_reminder(site, habit, person, schedule, site.now())
        with site.db.read() as session:
            (row,) = (row for row in rows(session, site, [person]) if row["id"] == made)
    show.record(row, json_)


@reminder.command("list")
@click.option("--person", "who", metavar="NAME", help="Of this person only.")
@click.option("--after", metavar="NAME", help="Start behind this person.")
@show.at_most("People", 100)
@show.as_json
def list_(who: str | None, after: str | None, limit: int, json_: bool) -> None:
    """List reminders, and when each is due next by its schedule."""
    with show.site() as site, site.db.read() as session:
        if who:
            ids = [people.find_person(session, site, who).id]
        else:
            behind = people.find_person(session, site, after).id if after else None
            ids = people.list_ids(session, behind, limit)
        found = rows(session, site, ids)
    show.records(found, json_, "There is no reminder; `attune reminder add` makes one.")


@reminder.command("remove")
@click.argument("reminder_id", metavar="ID")
def remove(reminder_id: str) -> None:
    """Remove a reminder by its id, or by the last four or more digits of it."""
    with show.site() as site:
        with site.db.read() as session:
            found = summary.find_reminder(session, reminder_id)
        reminding.remove_reminder(site, found)
    show.say("Removed.")


def rows(session: Session, site: Site, person_ids: Sequence[UUID]) -> list[show.Record]:
    """Return these people's reminders as they are shown."""
    found: list[show.Record] = []
    for person_id in person_ids:
        person = session.get_one(Person, person_id)
        name = site.sealer.unseal(person.name_sealed)
        found += [
            {
                "id": one.id,
                "person": name,
                "practice": one.practice or WITHOUT_PRACTICE[one.purpose],
                "purpose": one.purpose,
                "schedule": one.schedule,
                "next": one.next_at,
            }
            for one in summary.reminders_of(session, person, site.now())
        ]
    return found
