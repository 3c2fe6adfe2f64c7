"""`attune log …`."""

from datetime import datetime

import click

from habits.entries import Mark
from service import entering, people, privacy, summary
from service.cli import show


@click.group()
def log() -> None:
    """What a person has logged; needs their code."""


@log.command("show")
@click.argument("who")
@click.option("--code", help="The code that was sent to the person.")
@show.at_most("Entries", 100)
@show.as_json
def show_(who: str, code: str | None, limit: int, json_: bool) -> None:
    """Show a person's entries, newest first; needs the code that is sent to them."""
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
        privacy.look(site, person_id, "log", code, site.now())
        with site.db.read() as session:
            numbers = {share.habit_id: share for share in summary.shares_of(session, person_id)}
            rows = [
                {
                    "day": entry.day,
                    "number": numbers[entry.habit_id].number,
                    "practice": numbers[entry.habit_id].practice,
                    "said": entry.kind,
                    "by": entry.source,
                    "at": entry.at,
                }
                for entry in summary.entries_of(session, person_id, limit)
            ]
    show.records(rows, json_, "Nothing is logged yet.")


@log.command("add")
@click.argument("who")
@click.argument("number", type=int)
@click.option(
    "--on", metavar="DAY", type=show.DAY, help="The person's day, such as 2026-11-20; left out: today."
)
@click.option("--skip", "mark", flag_value="skipped", help="Log that the day was skipped.")
@click.option("--done", "mark", flag_value="done", default=True, help="Log that it was done (the default).")
def add(who: str, number: int, on: datetime | None, mark: str) -> None:
    """Log a habit, by its number, for a person who asks for it; any day since the habit's start."""
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
        day = entering.log_for(site, person_id, number, on.date() if on else None, Mark(mark), site.now())
    show.say(f"Logged for {day.isoformat()}.")
