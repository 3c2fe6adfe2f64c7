"""`attune streaks`."""

from datetime import date

import click

from habits.explain import explain
from habits.spares import spares
from habits.strength import strength
from service import due, joints, people, privacy, summary
from service.cli import show
from service.facts import Share
from service.joints import Joined


@click.command()
@click.argument("who", metavar="PERSON")
@click.option("--explain", "explain_", is_flag=True, help="Tell the whole reckoning, in words.")
@click.option("--code", help="The code that was sent to the person.")
@show.as_json
def streaks(who: str, explain_: bool, code: str | None, json_: bool) -> None:
    """A person's practised days and streaks; needs their code.

    Without --code one is sent to the person; ask them for it.
    """
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
        privacy.look(site, person_id, "streaks", code, site.now())
        with site.db.read() as session:
            person = people.find_person(session, site, str(person_id))
            today = due.today(person, site.now())
            shares = summary.shares_of(session, person.id)
            joined = joints.of(session, [person.id], site.now())
    if not explain_ or json_ or not shares:
        figures = reckoning if explain_ else _figures
        rows = [figures(share, today, joined.get(share.habit_id)) for share in shares]
        show.records(rows, json_, "No habit is taken up yet.")
        return
    for share in shares:
        click.echo(f"{share.number} {share.practice}")
        for line in explain(share.facts, today):
            click.echo(f"  {line}")
        if found := joined.get(share.habit_id):
            click.echo(f"  {together_in_words(found)}")


def _together(joined: Joined | None) -> dict[str, object]:
    """Return what a habit is for both of a couple, None where it is not joint; no streak while it rests."""
    progress = joined.progress if joined else None
    return {
        "together_days": joined.days if joined else None,
        "together_streak": progress.streak if progress else None,
    }


def together_in_words(joined: Joined) -> str:
    """Return what a habit is for both of a couple, in a sentence."""
    days = f"Together: {_many(joined.days, 'day')}"
    if joined.progress is None:
        return f"{days}, and it rests."
    return f"{days}, {_many(joined.progress.streak, joined.progress.unit)} in a row."


def _many(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"


def reckoning(share: Share, today: date, joined: Joined | None) -> dict[str, object]:
    """Return all the figures of a habit as of the person's day, and how they come about, in sentences."""
    progress = share.progress(today)
    return {
        **_figures(share, today, joined),
        "spares_used": spares(share.facts, progress, today).used,
        "longest_by_unit": progress.longest,
        "ended_on": progress.ended.last_on if progress.ended else None,
        "explained": explain(share.facts, today),
    }


def _figures(share: Share, today: date, joined: Joined | None) -> dict[str, object]:
    progress = share.progress(today)
    return {
        "number": share.number,
        "practice": share.practice,
        "goal": share.goal(today),
        "practised_days": progress.practised,
        "streak": progress.streak,
        "unit": progress.unit,
        "since": progress.since,
        "longest": progress.longest.get(progress.unit, 0),
        "ended": progress.ended.words if progress.ended else None,
        "slack_days": progress.slack,
        "spares": progress.spares,
        "strength": round(strength(share.facts, today), 3),
        **_together(joined),
    }
