"""`attune streaks`."""

from datetime import date

import click

from service import due, people, privacy, summary
from service.cli import show
from service.facts import Share


@click.command()
@click.argument("who")
@click.option("--code", help="The code that was sent to the person.")
@show.as_json
def streaks(who: str, code: str | None, json_: bool) -> None:
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
            rows = [_row(share, today) for share in summary.shares_of(session, person.id)]
    show.records(rows, json_, "No habit is taken up yet.")


def _row(share: Share, today: date) -> show.Record:
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
    }
