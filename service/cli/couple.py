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
@click.option("--after", type=click.UUID, help="Start behind this id.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000))
@show.as_json
def list_(after: UUID | None, limit: int, json_: bool) -> None:
    """List couples with their people."""
    with show.site() as site, site.db.read() as session:
        rows = [_row(session, site, id_) for id_ in people.list_couples(session, after, limit)]
    show.records(rows, json_, "There is no couple yet; `attune couple add` makes one.")


@couple.command("show")
@click.argument("couple_id")
@show.as_json
def show_(couple_id: str, json_: bool) -> None:
    """Show a couple by its id, or the end of it."""
    with show.site() as site, site.db.read() as session:
        row = _row(session, site, people.find_couple(session, couple_id).id)
    show.record(row, json_)


def _row(session: Session, site: Site, couple_id: UUID) -> show.Record:
    return {"id": couple_id, "people": [p.name for p in people.list_people(session, site, couple_id)]}
