"""`attune nudge …`: the health of delivery."""

from uuid import UUID

import click
from sqlalchemy.orm import Session

from service import deliveries, due, explaining, people
from service.cli import show
from service.cli.schedule import LOCAL
from service.models import Nudge, Person
from service.site import Site
from service.states import NudgeState

STATES = click.Choice([state.value for state in NudgeState])


@click.group()
def nudge() -> None:
    """Messages: what went out, what did not, and why.

    What people answered is not shown, nor what would tell of it.
    """


@nudge.command("list")
@click.option("--person", "who", metavar="NAME", help="Of this person only.")
@click.option("--state", type=STATES, help="In this state only.")
@click.option("--before", metavar="ID", help="Older than this message.")
@show.at_most("Messages", 50)
@show.as_json
def list_(who: str | None, state: str | None, before: str | None, limit: int, json_: bool) -> None:
    """List messages, newest first."""
    with show.site() as site, site.db.read() as session:
        person = people.find_person(session, site, who) if who else None
        wanted = NudgeState(state) if state else None
        behind = _find(session, site, before).id if before else None
        found = deliveries.deliveries(session, person, wanted, behind, limit, _sees_all(site))
        rows = [
            {
                "id": one.id,
                "person": _name(session, site, one.person_id),
                "kind": one.kind,
                "state": one.state,
                "due": one.due_at,
                "sent": one.sent_at,
                "why": one.reason,
            }
            for one in found
        ]
    show.records(rows, json_, "There is no such message.")


@nudge.command("show")
@click.argument("nudge_id", metavar="ID")
@show.as_json
def show_(nudge_id: str, json_: bool) -> None:
    """Show one message with its attempts; never its words."""
    with show.site() as site, site.db.read() as session:
        found = _find(session, site, nudge_id)
        row = {
            **_head(session, site, found),
            "not_before": found.not_before,
            "expires": found.expires_at,
            "sent": deliveries.delivery(session, found, _sees_all(site)).sent_at,
            "attempts": [
                {
                    "n": attempt.n,
                    "channel": attempt.channel,
                    "outcome": attempt.outcome or "under way",
                    "code": deliveries.code_of(attempt, _sees_all(site)),
                }
                for attempt in deliveries.attempts_of(session, found)
            ],
        }
    show.record(row, json_)


@nudge.command()
@click.argument("nudge_id", metavar="ID")
@show.as_json
def why(nudge_id: str, json_: bool) -> None:
    """Say why a message went out, or did not: what it was due for, and which of the ten rules decided.

    Nothing is told from which one could see what the person did, unless the opt-in said that the operator
    sees it. docs/why.md lists the rules.
    """
    with show.site() as site, site.db.read() as session:
        found = _find(session, site, nudge_id)
        zone = due.zone_of(session.get_one(Person, found.person_id).zone)
        told = explaining.why(session, found, _sees_all(site))
        row = {
            **_head(session, site, found),
            "rule": told.rule,
            "says": told.says,
            "due_for": [{"practice": one.title, "schedule": one.schedule} for one in told.due_for],
            "due_local": found.due_at.astimezone(zone).strftime(LOCAL),
            "quiet_until": told.moved_to and told.moved_to.astimezone(zone).strftime(LOCAL),
            "not_before": found.not_before,
            "expires": found.expires_at,
            "prompts": [{"prompt": one.prompt, "chance": one.chance} for one in told.prompts],
        }
    show.record(row, json_)


def _find(session: Session, site: Site, wanted: str) -> Nudge:
    return deliveries.find_nudge(session, wanted, _sees_all(site))


def _head(session: Session, site: Site, found: Nudge) -> dict[str, object]:
    told = deliveries.delivery(session, found, _sees_all(site))
    return {
        "id": told.id,
        "person": _name(session, site, told.person_id),
        "kind": told.kind,
        "state": told.state,
        "due": told.due_at,
        "why": told.reason,
    }


def _name(session: Session, site: Site, person_id: UUID) -> str:
    return site.sealer.unseal(session.get_one(Person, person_id).name_sealed)


def _sees_all(site: Site) -> bool:
    return site.settings.operator_sees == "progress"
