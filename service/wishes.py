"""What can be said of a person, when they are enrolled and later."""

import difflib
import re
from dataclasses import dataclass
from datetime import time
from functools import cache
from zoneinfo import available_timezones

from service.errors import WrongUsage

JOINERS = str.maketrans("", "", "\u200c\u200d")
"""Invisible letters that belong into names: of Persian or of the languages of India, and into some emoji."""
LONGEST_NAME = 60
LANGUAGE = "[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an admin says of a person; None: nothing. Local times in `zone`, an IANA name."""

    name: str | None = None
    zone: str | None = None
    language: str | None = None
    country: str | None = None
    """Two letters; none at all stand for a country that is not known."""
    day_starts: time | None = None
    week_starts: int | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None
    daily_cap: int | None = None
    discreet: bool | None = None


def check(said: Wishes) -> None:
    """Raise WrongUsage with one sentence for the first thing that cannot be right."""
    if said.name is not None and not _is_name(said.name):
        raise WrongUsage("A name has 1 to 60 characters, none of them invisible.")
    if said.language is not None and not re.fullmatch(LANGUAGE, said.language):
        raise WrongUsage("A language is given as two letters, such as en.")
    if said.country is not None and not re.fullmatch("([A-Za-z]{2})?", said.country):
        raise WrongUsage("A country is given as two letters, such as US.")
    if said.week_starts is not None and not 0 <= said.week_starts <= 6:
        raise WrongUsage("A week starts on a day from 0 (Monday) to 6 (Sunday).")
    if said.daily_cap is not None and not 0 <= said.daily_cap <= 24:
        raise WrongUsage("The most messages a day are 0 to 24.")
    if said.zone is not None:
        check_zone(said.zone)


def _is_name(name: str) -> bool:
    visible = name.translate(JOINERS).strip()
    return bool(visible) and visible.isprintable() and len(name.strip()) <= LONGEST_NAME


def check_zone(name: str) -> str:
    """Return the name of a time zone. Raises WrongUsage, with the nearest name, if there is none like it."""
    if name in _zones():
        return name
    by_city = {zone.rpartition("/")[2].lower(): zone for zone in _zones()}
    wanted = name.strip().replace(" ", "_")
    near = by_city.get(wanted.lower()) or next(
        iter(difflib.get_close_matches(wanted[:40], _zones(), 1, 0.6)), None
    )
    hint = f"did you mean {near}?" if near else "give one like Europe/Berlin."
    raise WrongUsage(f"There is no time zone “{name[:40]}”; {hint}")


@cache
def _zones() -> tuple[str, ...]:
    """Return the names of zones, sorted; without that of the machine, which is no place."""
    return tuple(sorted(available_timezones() - {"Factory", "localtime"}))
