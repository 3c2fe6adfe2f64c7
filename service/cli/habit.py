"""`attune habit …`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import click
from sqlalchemy.orm import Session

from service import due, people, summary, taking_up
from service.cli import reminder, show
from service.errors import WrongUsage
from service.site import Site
from service.taking_up import CHECK_IN, NewHabit

CHECK_IN_AT = "sun 18:00"


@click.group()
def habit() -> None:
    """Habits: practices that somebody has taken up."""


@habit.command("add")
@click.argument("practice")
@click.option("--person", "who", metavar="NAME", help="For this person alone.")
@click.option("--couple", metavar="ID", help="For both of this couple.")
@click.option("--goal", help='Such as "daily", "3 a week" or "mon wed fri"; left out: the practice\'s own.')
@click.option("--remind", multiple=True, metavar="SCHEDULE", help='Such as "daily 20:30"; may be repeated.')
@click.option("--start", metavar="DAY", type=show.DAY, help="First day, such as 2026-11-20; left out: today.")
@click.option("--cue", help='What it follows in their day, such as "After we put the kids to bed".')
@show.as_json
def add(
    practice: str,
    who: str | None,
    couple: str | None,
    goal: str | None,
    remind: tuple[str, ...],
    start: datetime | None,
    cue: str | None,
    json_: bool,
) -> None:
    """Take up a practice, or the weekly check-in, for a person or a couple.

    PRACTICE is one of `attune practice list`, or `check-in`.
    """
    if practice == CHECK_IN and (goal or start or cue or len(remind) > 1):
        raise WrongUsage("The check-in takes one --remind, and neither --goal, --start nor --cue.")
    with show.site() as site:
        with site.db.read() as session:
            person_ids = _people(session, site, who, couple)
        if practice == CHECK_IN:
            rows = _add_check_ins(site, person_ids, remind[0] if remind else CHECK_IN_AT)
        else:
            first = start.date() if start else None
            new = NewHabit(practice, goal, remind, first, cue)
            made = taking_up.add_habit(site, person_ids, new, site.now())
            with site.db.read() as session:
                rows = _rows(session, site, person_ids, made)
    show.records(rows, json_, "")


@habit.command("list")
@click.option("--person", "who", metavar="NAME", help="Of this person only.")
@show.at_most("People", 100)
@show.as_json
def list_(who: str | None, limit: int, json_: bool) -> None:
    """List habits with their numbers and goals."""
    with show.site() as site, site.db.read() as session:
        if who:
            ids = [people.find_person(session, site, who).id]
        else:
            ids = [shown.id for shown in people.list_people(session, site, limit=limit)]
        rows = _rows(session, site, ids)
    show.records(rows, json_, "No habit is taken up yet; `attune habit add` does that.")


@habit.command("edit")
@click.argument("habit_id", metavar="ID")
@click.option("--goal", required=True, help='Such as "daily", "3 a week" or "mon wed fri".')
def edit(habit_id: str, goal: str) -> None:
    """Give a habit another goal from today on; what was before is judged as before."""
    with show.site() as site:
        with site.db.read() as session:
            found = taking_up.find_habit(session, habit_id).id
        since = taking_up.edit_habit(site, found, goal, site.now())
    show.say(f"The new goal is in force from {since.isoformat()} on.")


@habit.command("archive")
@click.argument("habit_id", metavar="ID")
def archive(habit_id: str) -> None:
    """End a habit; its days stay, its reminders are silent."""
    with show.site() as site:
        with site.db.read() as session:
            found = taking_up.find_habit(session, habit_id).id
        last = taking_up.archive_habit(site, found, site.now())
    show.say(f"Archived; {last.isoformat()} was its last day.")


def _people(session: Session, site: Site, who: str | None, couple: str | None) -> list[UUID]:
    if (who is None) == (couple is None):
        raise WrongUsage("Give either --person or --couple: who takes it up.")
    if who is not None:
        return [people.find_person(session, site, who).id]
    couple_id = people.find_couple(session, couple or "").id
    both = [shown.id for shown in people.list_people(session, site, couple_id)]
    if not both:
        raise WrongUsage("That couple has nobody in it yet; `attune person add --couple` adds them.")
    return both


def _add_check_ins(site: Site, person_ids: Sequence[UUID], schedule: str) -> list[show.Record]:
    with site.db.read() as session:
        # Looked at before the first is written: either both get it, or nobody.
        if any(row["practice"] == CHECK_IN for row in reminder.rows(session, site, person_ids)):
            raise WrongUsage("They have the weekly check-in already; `attune reminder remove` ends it first.")
    made = [taking_up.add_check_in(site, person_id, schedule, site.now()) for person_id in person_ids]
    with site.db.read() as session:
        return [row for row in reminder.rows(session, site, person_ids) if row["id"] in made]


def _rows(
    session: Session, site: Site, person_ids: Sequence[UUID], only: UUID | None = None
) -> list[show.Record]:
    return [
        {
            "habit": share.habit_id,
            "person": site.sealer.unseal(person.name_sealed),
            "number": share.number,
            "practice": share.practice,
            "goal": share.goal(due.today(person, site.now())),
            "since": share.facts.started_on,
            "until": share.facts.ended_on,
        }
        for share, person in summary.shares_with_people(session, person_ids)
        if only in (None, share.habit_id)
    ]
