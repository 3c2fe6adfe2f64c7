"""`attune person …`."""

from datetime import time
from uuid import UUID

import click

from service import people
from service.cli import show
from service.errors import WrongUsage
from service.people import NewPerson, Shown
from service.states import AddressKind

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@click.group()
def person() -> None:
    """People: enrol, show, pause, resume."""


@person.command("add")
@click.argument("name")
@click.option("--sms", metavar="NUMBER", help="Phone number, such as +12025550123.")
@click.option("--email", metavar="ADDRESS", help="Mailbox, such as alex@example.org.")
@click.option("--zone", required=True, help="Time zone, such as Europe/Berlin.")
@click.option("--couple", metavar="ID", help="The couple that the person belongs to; left out: on their own.")
@click.option("--country", default="", metavar="XX", help="Two letters, for emergency lines.")
@click.option("--language", default="en", show_default=True, help="Language of the messages.")
@click.option("--quiet", default="21:00-08:00", show_default=True, help="Hours without any nudge.")
@click.option("--day-starts", default="03:00", show_default=True, help="When the person's day begins.")
@click.option("--week-starts", default="mon", show_default=True, type=click.Choice(WEEKDAYS))
@click.option(
    "--cap", default=3, show_default=True, type=click.IntRange(0, 24), help="Nudges a day at the most."
)
@click.option("--discreet", is_flag=True, help="Nothing of the practice on the lock screen.")
@show.as_json
def add(
    name: str,
    sms: str | None,
    email: str | None,
    zone: str,
    couple: str | None,
    country: str,
    language: str,
    quiet: str,
    day_starts: str,
    week_starts: str,
    cap: int,
    discreet: bool,
    json_: bool,
) -> None:
    """Enrol a person. They get one question, and nothing more before they say yes from their own phone."""
    if (sms is None) == (email is None):
        raise WrongUsage("Give either --sms or --email: the address that the person answers from.")
    quiet_from, dash, quiet_to = quiet.partition("-")
    with show.site() as site:
        with site.db.read() as session:
            couple_id = people.find_couple(session, couple).id if couple else None
        new = NewPerson(
            name=name,
            address_kind=AddressKind.SMS if sms else AddressKind.EMAIL,
            address=sms or email or "",
            zone=zone,
            couple_id=couple_id,
            language=language,
            country=country.upper(),
            day_starts=_clock(day_starts),
            week_starts=WEEKDAYS.index(week_starts),
            quiet_from=_clock(quiet_from),
            quiet_to=_clock(quiet_to if dash else ""),
            daily_cap=cap,
            discreet=discreet,
        )
        made = people.add_person(site, new, site.now())
        with site.db.read() as session:
            shown = people.show(session, site, people.find_person(session, site, str(made)))
    show.record(_row(shown), json_)
    click.echo("The opt-in question is planned; nudges start when they say yes.", err=True)


@person.command("list")
@click.option("--after", type=click.UUID, help="Start behind this id.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000))
@show.as_json
def list_(after: UUID | None, limit: int, json_: bool) -> None:
    """List people; of their addresses the middle is hidden."""
    with show.site() as site, site.db.read() as session:
        rows = [_row(shown) for shown in people.list_people(session, site, None, after, limit)]
    show.records(rows, json_, "Nobody is enrolled yet; `attune person add` enrols somebody.")


@person.command("show")
@click.argument("who")
@show.as_json
def show_(who: str, json_: bool) -> None:
    """Show a person, by name or id."""
    with show.site() as site, site.db.read() as session:
        row = _row(people.show(session, site, people.find_person(session, site, who)))
    show.record(row, json_)


@person.command()
@click.argument("who")
@click.option("--days", type=int, help="So many days, today being the first; left out: until resumed.")
def pause(who: str, days: int | None) -> None:
    """Pause all nudges of a person; their streaks hold."""
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
        _, last = people.pause(site, person_id, days, site.now())
    click.echo(f"Paused, {last.isoformat()} being the last day." if last else "Paused until resumed.")


@person.command()
@click.argument("who")
def resume(who: str) -> None:
    """End a pause, from today on."""
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
        people.resume(site, person_id, site.now())
    click.echo("Resumed.")


def _row(shown: Shown) -> show.Record:
    return {
        "id": shown.id,
        "name": shown.name,
        "couple": shown.couple_id,
        "zone": shown.zone,
        "language": shown.language,
        "addresses": [f"{kind} {address}: {standing}" for kind, address, standing in shown.addresses],
    }


def _clock(text: str) -> time:
    try:
        return time.fromisoformat(text.strip().zfill(5))
    except ValueError:
        raise WrongUsage("A time is written like 08:00, and quiet hours like 21:00-08:00.") from None
