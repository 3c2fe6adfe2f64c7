"""`attune pulse`."""

import click

from habits import pulse as checkin
from service import people, privacy, scores
from service.cli import show


@click.command()
@click.argument("who", metavar="PERSON")
@click.option("--code", help="The code that was sent to the person.")
@show.as_json
def pulse(who: str, code: str | None, json_: bool) -> None:
    """A person's weekly check-ins, item by item; needs their code.

    Each item has its own line, from the oldest week to the newest. They are our own questions and no standard
    scale: there is no total. Without --code one is sent to the person; ask them for it.
    """
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
        privacy.look(site, person_id, "pulse", code, site.now())
        with site.db.read() as session:
            trends = scores.trends(session, site.sealer, person_id)
            weeks = scores.weeks(session, person_id)
    rows = [
        {
            "item": trend.item_id,
            "label": checkin.label(trend.item_id),
            "scores": trend.scores,
            "first_week": trend.weeks[0][0],
            "last_week": trend.weeks[-1][0],
        }
        for trend in trends
    ]
    show.records(rows, json_, "No check-in is answered yet.")
    if not json_ and weeks:
        show.say(
            ", ".join(f"{count} {state}" for state, count in weeks.items()) + f". {checkin.items().note}"
        )
