"""`attune practice …`."""

import click

from habits import practices
from service import taking_up
from service.cli import show


@click.group()
def practice() -> None:
    """The ten practices of the catalogue."""


@practice.command("list")
@show.as_json
def list_(json_: bool) -> None:
    """List the practices with their usual goal and schedule."""
    rows = [
        {"practice": p.slug, "title": p.title, "kind": p.kind, "goal": p.goal, "schedule": p.schedule}
        for p in practices.catalogue().values()
    ]
    show.records(rows, json_, "The catalogue is empty.")


@practice.command("show")
@click.argument("name")
@show.as_json
def show_(name: str, json_: bool) -> None:
    """Show a practice: why, how, and its prompts."""
    found = taking_up.find_practice(name)
    show.record(
        {
            "practice": found.slug,
            "title": found.title,
            "kind": found.kind,
            "why": found.why,
            "how": found.how,
            "goal": found.goal,
            "schedule": found.schedule,
            "prompts": [prompt.text for prompt in found.prompts],
        },
        json_,
    )
