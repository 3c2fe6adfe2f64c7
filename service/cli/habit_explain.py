"""`attune habit explain`, and how a habit is shown."""

from uuid import UUID

import click
from sqlalchemy.orm import Session

from habits.explain import explain as reckoned
from habits.goals import DatedGoal, goal_text
from service import due, joints, people, privacy, summary, taking_up
from service.cli import show, streaks
from service.cli.schedule import LOCAL
from service.errors import WrongUsage
from service.facts import Share
from service.models import Person
from service.site import Site
from service.states import Purpose
from service.summary import Reminding


@click.command()
@click.argument("habit_id", metavar="HABIT")
@click.option("--person", "who", metavar="NAME", required=True, help="Whose part in it.")
@click.option("--code", help="The code that was sent to the person.")
@show.as_json
def explain(habit_id: str, who: str, code: str | None, json_: bool) -> None:
    """Explain a habit of a person: its goals and reminders and, with their code, how it goes and why.

    `attune streaks` sends them a code; ask them for it.
    """
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
            found = taking_up.find_habit(session, habit_id).id
            share_of(session, person_id, found)
        opened = code is not None or site.settings.operator_sees == "progress"
        if opened:
            privacy.look(site, person_id, "habit", code, site.now())
        with site.db.read() as session:
            person = session.get_one(Person, person_id)
            share, today = share_of(session, person_id, found), due.today(person, site.now())
            joined = joints.of(session, [person_id], site.now()).get(found)
            shown = {
                **row(site, share, person),
                "goals": [_goal(dated) for dated in sorted(share.facts.goals, key=lambda g: g.effective_on)],
                "reminders": [
                    _reminder(one, person)
                    for one in summary.reminders_of(session, person, site.now())
                    if one.habit_id == share.habit_id
                ],
                "progress": streaks.reckoning(share, today, joined) if opened else None,
            }
    if json_:
        show.record(shown, json_)
        return
    show.record({key: value for key, value in shown.items() if key != "progress"}, json_)
    if opened:
        for line in reckoned(share.facts, today):
            click.echo(line)
        if joined:
            click.echo(streaks.together_in_words(joined))
    else:
        show.say("How it goes is theirs to show: `attune streaks` sends them a code; give it with `--code`.")


def row(site: Site, share: Share, person: Person) -> dict[str, object]:
    """Return a habit of a person as lists show it; nothing in it tells what the person did."""
    return {
        "habit": share.habit_id,
        "person": site.sealer.unseal(person.name_sealed),
        "number": share.number,
        "practice": share.practice,
        "goal": share.goal(due.today(person, site.now())),
        "since": share.facts.started_on,
        "until": share.ended_on,
        "taper": share.taper,
        "joint": share.joint,
    }


def share_of(session: Session, person_id: UUID, habit_id: UUID) -> Share:
    """Return a person's share in a habit, left or not. Raises WrongUsage if the habit never was theirs."""
    for share in summary.shares_of(session, person_id):
        if share.habit_id == habit_id:
            return share
    raise WrongUsage("That habit is not theirs; `attune habit list --person` shows which are.")


def _goal(dated: DatedGoal) -> show.Record:
    return {"from": dated.effective_on, "goal": goal_text(dated.goal)}


def _reminder(one: Reminding, person: Person) -> str:
    """Return a reminder in words: `daily 20:00, next Tue 2026-11-24 20:00 CET`."""
    rescue = ", only on the last day that can keep a run" if one.purpose is Purpose.RESCUE else ""
    if one.next_at is None:
        return f"{one.schedule}{rescue}, silent"
    return f"{one.schedule}{rescue}, next {one.next_at.astimezone(due.zone_of(person.zone)).strftime(LOCAL)}"
