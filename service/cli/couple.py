"""`attune couple …`."""

from uuid import UUID

import click
from sqlalchemy.orm import Session

from service import people
from service.cli import show
from service.site import Site


@click.group()
def couple() -> None:
    """Couples: two people who practise together."""


@couple.command("add")
@show.as_json
def add(json_: bool) -> None:
    """Make a couple, and print its id; `attune person add --couple ID` adds the two."""
    with show.site() as site:
        made = people.add_couple(site)
    show.record({"id": made}, json_)


@couple.command("list")
@click.option("--after", metavar="ID", help="Start behind this couple.")
@show.at_most("Couples", 100)
@show.as_json
def list_(after: str | None, limit: int, json_: bool) -> None:
    """List couples with their people."""
    with show.site() as site, site.db.read() as session:
        behind = people.find_couple(session, after).id if after else None
        rows = [_row(session, site, id_) for id_ in people.list_couples(session, behind, limit)]
    show.records(rows, json_, "There is no couple here; `attune couple add` makes one.")


@couple.command("show")
@click.argument("couple_id", metavar="ID")
@show.as_json
def show_(couple_id: str, json_: bool) -> None:
    """Show a couple by its id, or by the last four or more digits of it."""
    with show.site() as site, site.db.read() as session:
        row = _row(session, site, people.find_couple(session, couple_id).id)
    show.record(row, json_)


def _row(session: Session, site: Site, couple_id: UUID) -> show.Record:
    return {"id": couple_id, "people": [p.name for p in people.list_people(session, site, couple_id)]}
