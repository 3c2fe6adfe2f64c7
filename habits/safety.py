"""Where a person in need can turn, by country."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from habits import catalogue as texts
from habits import wording

EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Line:
    """A number that was seen on the page named as its `source`, last on `verified_on`."""

    purpose: str
    """`emergency`, `suicide-crisis`, `partner-abuse`, …"""
    name: str
    call: str
    text: str
    note: str
    verified_on: date
    source: str


@cache
def lines(country: str) -> tuple[Line, ...]:
    """Return the verified lines of a country (ISO 3166, two letters, or `EU`); none if we know of none."""
    return tuple(
        Line(
            purpose=row["for"],
            name=row.get("name", ""),
            call=row.get("call", ""),
            text=row.get("text", ""),
            note=row.get("note", ""),
            verified_on=row["verified_on"],
            source=row["source"],
        )
        for row in texts.read_shared("helplines").get(country.upper(), ())
    )


def countries() -> tuple[str, ...]:
    """Return the countries that have at least one verified line."""
    return tuple(texts.read_shared("helplines"))


def emergency(country: str, language: str) -> str:
    """Return one sentence for HELP: the country's emergency number, or to call the local one."""
    numbers = [line.call for line in lines(country) if line.purpose == EMERGENCY]
    if not numbers:
        return wording.variants(language, "emergency_unknown")[0]
    return wording.variants(language, "emergency", number=numbers[0])[0]
