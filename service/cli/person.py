"""`attune person …`."""

import re
from datetime import time

import click
from sqlalchemy.orm import Session

from service import asking, editing, people
from service.cli import show
from service.cli.person_reach import check_channel, one_address, reach, the_one
from service.errors import WrongUsage
from service.models import Person
from service.people import NewPerson, Shown
from service.site import Site
from service.states import AddressKind
from service.wishes import Wishes

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NO_QUIET = "none"


@click.group()
def person() -> None:
    """People: enrol, edit, show, pause, resume."""


person.add_command(reach)


@person.command("add")
@click.argument("name")
@one_address
@click.option("--zone", required=True, help="Time zone, such as Europe/Berlin.")
@click.option("--couple", metavar="ID", help="The couple that the person belongs to; left out: on their own.")
@click.option("--country", default="", metavar="XX", help="Two letters, for emergency lines.")
@click.option("--language", default="en", show_default=True, help="Language of the messages.")
@click.option(
    "--quiet", default="21:00-08:00", show_default=True, help=f"Hours without any nudge, or `{NO_QUIET}`."
)
@click.option("--day-starts", default="03:00", show_default=True, help="When the person's day begins.")
@click.option(
    "--week-starts",
    default="mon",
    show_default=True,
    type=click.Choice(WEEKDAYS),
    help="The first day of the person's week.",
)
@click.option(
    "--cap", default=3, show_default=True, type=click.IntRange(0, 24), help="Nudges a day at the most."
)
@click.option("--discreet", is_flag=True, help="Nothing of the practice on the lock screen.")
@show.as_json
def add(
    name: str,
    sms: str | None,
    whatsapp: str | None,
    email: str | None,
    apprise: str | None,
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
    kind, address = the_one(sms, whatsapp, email, apprise)
    quiet_from, quiet_to = _hours(quiet)
    with show.site() as site:
        check_channel(site, kind)
        with site.db.read() as session:
            couple_id = people.find_couple(session, couple).id if couple is not None else None
        new = NewPerson(
            name=name,
            address_kind=kind,
            address=address,
            zone=zone,
            couple_id=couple_id,
            language=language,
            country=country.upper(),
            day_starts=_clock(day_starts),
            week_starts=WEEKDAYS.index(week_starts),
            quiet_from=quiet_from,
            quiet_to=quiet_to,
            daily_cap=cap,
            discreet=discreet,
        )
        made = people.add_person(site, new, site.now())
        with site.db.read() as session:
            row = _whole(session, site, session.get_one(Person, made))
    show.record(row, json_)
    show.say("The opt-in question is planned; nudges start when they say yes.")
    if kind is AddressKind.WHATSAPP:
        show.say("WhatsApp takes it only within 24 hours after they wrote to you: let them write first.")


@person.command()
@click.argument("who", metavar="PERSON")
@click.option("--name", help="What they are called.")
@click.option("--zone", help="Time zone, such as Europe/Berlin; their reminders move at once.")
@click.option("--country", metavar="XX", help="Two letters, for emergency lines.")
@click.option("--language", help="Language of the messages.")
@click.option("--quiet", help=f"Hours without any nudge, such as 21:00-08:00, or `{NO_QUIET}`.")
@click.option("--day-starts", help="When the person's day begins, such as 03:00.")
@click.option("--week-starts", type=click.Choice(WEEKDAYS), help="The first day of the person's week.")
@click.option("--cap", type=click.IntRange(0, 24), help="Nudges a day at the most.")
@click.option("--discreet/--no-discreet", default=None, help="Nothing of the practice on the lock screen.")
@show.as_json
def edit(
    who: str,
    name: str | None,
    zone: str | None,
    country: str | None,
    language: str | None,
    quiet: str | None,
    day_starts: str | None,
    week_starts: str | None,
    cap: int | None,
    discreet: bool | None,
    json_: bool,
) -> None:
    """Change what was said of a person; what is left out stays as it is."""
    quiet_from, quiet_to = (None, None) if quiet is None else _hours(quiet)
    changes = Wishes(
        name=name,
        zone=zone,
        language=language,
        country=country.upper() if country else country,
        day_starts=None if day_starts is None else _clock(day_starts),
        week_starts=None if week_starts is None else WEEKDAYS.index(week_starts),
        quiet_from=quiet_from,
        quiet_to=quiet_to,
        daily_cap=cap,
        discreet=discreet,
    )
    if changes == Wishes():
        raise WrongUsage("Say what is to change, such as --zone Europe/Berlin.")
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
        editing.edit_person(site, person_id, changes, site.now())
        with site.db.read() as session:
            row = _whole(session, site, session.get_one(Person, person_id))
    show.record(row, json_)


@person.command("list")
@click.option("--after", metavar="NAME", help="Start behind this person.")
@show.at_most("People", 100)
@show.as_json
def list_(after: str | None, limit: int, json_: bool) -> None:
    """List people; of their addresses the middle is hidden."""
    with show.site() as site, site.db.read() as session:
        behind = people.find_person(session, site, after).id if after else None
        rows = [_row(shown) for shown in people.list_people(session, site, None, behind, limit)]
    show.records(rows, json_, "Nobody is enrolled here; `attune person add` enrols somebody.")


@person.command("show")
@click.argument("who")
@show.as_json
def show_(who: str, json_: bool) -> None:
    """Show a person, by name, by id, or by the last four or more digits of it."""
    with show.site() as site, site.db.read() as session:
        row = _whole(session, site, people.find_person(session, site, who))
    show.record(row, json_)


@person.command()
@click.argument("who")
def ask(who: str) -> None:
    """Put the opt-in question once more to a person who has not answered it."""
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
        goes_out_at = asking.ask_again(site, person_id, site.now())
    show.say(f"The opt-in question is planned for {goes_out_at:%Y-%m-%d %H:%M} UTC.")


@person.command()
@click.argument("who")
@click.option("--days", type=int, help="So many days, today being the first; left out: until resumed.")
def pause(who: str, days: int | None) -> None:
    """Pause all nudges of a person; their streaks hold."""
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
        _, last = people.pause(site, person_id, days, site.now())
    show.say(f"Paused, {last.isoformat()} being the last day." if last else "Paused until resumed.")


@person.command()
@click.argument("who")
def resume(who: str) -> None:
    """End a pause, from today on."""
    with show.site() as site:
        with site.db.read() as session:
            person_id = people.find_person(session, site, who).id
        people.resume(site, person_id, site.now())
    show.say("Resumed.")


def _row(shown: Shown) -> dict[str, object]:
    return {
        "id": shown.id,
        "name": shown.name,
        "couple": shown.couple_id,
        "zone": shown.zone,
        "language": shown.language,
        "addresses": [
            {"kind": kind, "address": address, "consent": standing}
            for kind, address, standing in shown.addresses
        ],
    }


def _whole(session: Session, site: Site, found: Person) -> show.Record:
    """Return all that was said of a person when they were enrolled."""
    quiet = f"{found.quiet_from:%H:%M}-{found.quiet_to:%H:%M}"
    return {
        **_row(people.show(session, site, found)),
        "country": found.country or None,
        "quiet": NO_QUIET if found.quiet_from == found.quiet_to else quiet,
        "day_starts": f"{found.day_starts:%H:%M}",
        "week_starts": WEEKDAYS[found.week_starts],
        "cap": found.daily_cap,
        "discreet": found.discreet,
    }


def _hours(text: str) -> tuple[time, time]:
    if text == NO_QUIET:
        return time(0), time(0)
    begins, _, ends = text.partition("-")
    return _clock(begins), _clock(ends)


def _clock(text: str) -> time:
    match = re.fullmatch(r"\s*([0-9]{1,2}):([0-9]{2})\s*", text)
    if match and int(match[1]) < 24 and int(match[2]) < 60:
        return time(int(match[1]), int(match[2]))
    raise WrongUsage("A time is written like 08:00, and quiet hours like 21:00-08:00.")
