"""`attune habit …`."""

import re
from collections.abc import Sequence
from datetime import datetime, time
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import people, privacy, reminding, summary, taking_up
from service.cli import reminder, show
from service.cli.habit_explain import explain, row, share_of
from service.cli.habit_joint import joint
from service.errors import WrongUsage
from service.models import Member
from service.reminding import CHECK_IN, SUMMARY
from service.site import Site
from service.taking_up import NewHabit

WEEKLY = {CHECK_IN: "sun 18:00", SUMMARY: "sun 19:00"}
"""What may be added in place of a practice, and when it comes if nothing else is said."""
OFF = "off"


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
    """Take up a practice, or the weekly check-in or summary, for a person or a couple.

    PRACTICE is one of `attune practice list`, or `check-in`, or `summary`.
    """
    if practice in WEEKLY and (goal or start or cue or len(remind) > 1):
        raise WrongUsage(f"The {practice} takes one --remind, and neither --goal, --start nor --cue.")
    with show.site() as site:
        with site.db.read() as session:
            person_ids = _people(session, site, who, couple)
        if practice in WEEKLY:
            rows = _add_weekly(site, person_ids, practice, remind[0] if remind else WEEKLY[practice])
        else:
            first = start.date() if start else None
            new = NewHabit(practice, goal, remind, first, cue)
            made = taking_up.add_habit(site, person_ids, new, site.now())
            with site.db.read() as session:
                rows = _rows(session, site, person_ids, made)
    show.records(rows, json_, "")


@habit.command("list")
@click.option("--person", "who", metavar="NAME", help="Of this person only.")
@click.option("--after", metavar="NAME", help="Start behind this person.")
@show.at_most("People", 100)
@show.as_json
def list_(who: str | None, after: str | None, limit: int, json_: bool) -> None:
    """List habits with their numbers and goals."""
    with show.site() as site, site.db.read() as session:
        if who:
            ids = [people.find_person(session, site, who).id]
        else:
            behind = people.find_person(session, site, after).id if after else None
            ids = people.list_ids(session, behind, limit)
        rows = _rows(session, site, ids)
    show.records(rows, json_, "No habit is taken up yet; `attune habit add` does that.")


habit.add_command(explain)
habit.add_command(joint)


@habit.command("edit")
@click.argument("habit_id", metavar="ID")
@click.option("--goal", help='Such as "daily", "3 a week" or "mon wed fri".')
@click.option("--cue", help='What it follows in their day; an empty one ("") takes it away.')
@click.option("--person", "who", metavar="NAME", help="The cue is for this person alone; left out: for all.")
@click.option("--taper/--no-taper", default=None, help="Fewer nudges once the goal is kept for weeks.")
@click.option("--rescue", metavar="TIME|off", help="One nudge at this time on the last day that keeps a run.")
@show.as_json
def edit(
    habit_id: str,
    goal: str | None,
    cue: str | None,
    who: str | None,
    taper: bool | None,
    rescue: str | None,
    json_: bool,
) -> None:
    """Change a habit: its goal from today on, its cue, how it is nudged; the past is judged as before."""
    if goal is None and cue is None and taper is None and rescue is None:
        raise WrongUsage("Say what is to change: give --goal, --cue, --taper, --no-taper or --rescue.")
    if who and cue is None:
        raise WrongUsage("What a habit asks is the same for both of a couple; --person goes with --cue only.")
    rescue_at = _rescue_at(rescue)
    said = []
    with show.site() as site:
        taking_up.check_cue(cue)  # Before anything is written: either both change, or nothing.
        with site.db.read() as session:
            wanted = taking_up.find_habit(session, habit_id)
            if wanted.ended_on:
                raise WrongUsage("That habit has ended; take the practice up again first.")
            found = wanted.id
            person_id = people.find_person(session, site, who).id if who else None
            if person_id:
                share_of(session, person_id, found)
        if goal is not None:
            since = taking_up.edit_habit(site, found, goal, site.now())
            said.append(f"The new goal is in force from {since.isoformat()} on.")
        if cue is not None:
            taking_up.edit_cue(site, found, cue, person_id)
            said.append("The new cue leads its next nudge." if cue else "The cue is gone.")
        if taper is not None:
            taking_up.edit_taper(site, found, taper)
            said.append("Nudges get fewer while it is kept." if taper else "All its nudges go out.")
        if rescue is not None:
            reminding.edit_rescue(site, found, rescue_at, site.now())
            said.append("The rescue is set." if rescue_at else "There is no rescue.")
        _say(site, found, " ".join(said), json_)


def _rescue_at(text: str | None) -> time | None:
    """Return the time of a rescue; None for `off`. Raises WrongUsage for anything else."""
    if text is None or text == OFF:
        return None
    if re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", text):
        return time.fromisoformat(text)
    raise WrongUsage('A rescue has a time, such as "20:30", or is "off".')


@habit.command("archive")
@click.argument("habit_id", metavar="ID")
@show.as_json
def archive(habit_id: str, json_: bool) -> None:
    """End a habit; its days stay, its reminders are silent."""
    with show.site() as site:
        with site.db.read() as session:
            found = taking_up.find_habit(session, habit_id).id
        last = taking_up.archive_habit(site, found, site.now())
        _say(site, found, f"Archived; {last.isoformat()} was its last day.", json_)


@habit.command("leave")
@click.argument("habit_id", metavar="[ID]", required=False)
@click.option("--person", "who", metavar="NAME", required=True, help="Who leaves.")
@click.option("--all", "all_", is_flag=True, help="All of their habits.")
def leave(habit_id: str | None, who: str, all_: bool) -> None:
    """Let a person leave a habit, or all of theirs, at once; the other of a couple is not told.

    What they did stays theirs, and so does the habit's number.
    """
    if (habit_id is None) != all_:
        raise WrongUsage("Give either the ID of the habit or --all.")
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
            found = taking_up.find_habit(session, habit_id).id if habit_id else None
        privacy.leave(site, person_id, found, site.now())
    show.say("Left.")  # In the same words whether they had left before: when they did is their own.


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


def _add_weekly(site: Site, person_ids: Sequence[UUID], what: str, schedule: str) -> list[show.Record]:
    with site.db.read() as session:
        # Looked at before the first is written: either both get it, or nobody.
        if any(row["practice"] == what for row in reminder.rows(session, site, person_ids)):
            raise WrongUsage(f"They have the weekly {what} already; `attune reminder remove` ends it first.")
    add = reminding.add_check_in if what == CHECK_IN else reminding.add_summary
    made = [add(site, person_id, schedule, site.now()) for person_id in person_ids]
    with site.db.read() as session:
        return [row for row in reminder.rows(session, site, person_ids) if row["id"] in made]


def _rows(
    session: Session, site: Site, person_ids: Sequence[UUID], only: UUID | None = None
) -> list[show.Record]:
    return [
        row(site, share, person)
        for share, person in summary.shares_with_people(session, person_ids)
        if only in (None, share.habit_id)
    ]


def _say(site: Site, habit_id: UUID, words: str, json_: bool) -> None:
    """Say what was changed, and show the habit as it is now to whoever wants JSON."""
    show.say(words)
    if json_:
        with site.db.read() as session:
            members = select(Member.person_id).where(Member.habit_id == habit_id)
            rows = _rows(session, site, session.scalars(members).all(), habit_id)
        show.records(rows, json_, "")
