"""Danger: words that sound like it, and where a person in need can turn, by country."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from habits import catalogue as texts
from habits import patterns, wording

EMERGENCY = "emergency"
OTHER_NAMES = {"suicide-crisis": 1, "emotional-crisis": 1, "crisis-text": 1, "partner-abuse": 2}
"""What stands for a line without a name, by its purpose, among the alternatives of `line_purpose`."""


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


def sounds_like_danger(line: str) -> bool:
    """Say whether a message, as one line of words, may tell of self-harm, or of fear of a person or violence.

    In any language; who is meant, and a negation, change nothing. When in doubt it is danger.
    """
    left = patterns.everywhere("harmless").sub(",", line)
    return patterns.everywhere("danger").search(left) is not None


def helplines(country: str, language: str, most: int | None = None) -> str:
    """Return the lines of a country as sentences, the emergency number first, at most so many of them.

    A country of the European Union that has none of its own gets the common ones.
    """
    known = sorted(lines(country) or (lines("EU") if _in_union(country) else ()), key=_urgency)
    told = [_told(line, language) for line in known[:most]]
    if not any(line.purpose == EMERGENCY for line in known):
        told.insert(0, wording.variants(language, "emergency_unknown")[0])
    return " ".join(told)


def _urgency(line: Line) -> int:
    return 0 if line.purpose == EMERGENCY else 1


def _told(line: Line, language: str) -> str:
    if line.purpose == EMERGENCY:
        return wording.variants(language, "emergency", number=line.call)[0]
    name = line.name or wording.variants(language, "line_purpose", OTHER_NAMES.get(line.purpose, 1))[0]
    if line.call and line.text and line.call != line.text:
        return wording.variants(language, "line_call_text", name=name, number=line.call, message=line.text)[0]
    if line.call:
        return wording.variants(language, "line_call", name=name, number=line.call)[0]
    return wording.variants(language, "line_text", name=name, message=line.text)[0]


@cache
def _in_union(country: str) -> bool:
    return country.upper() in texts.read_shared("helplines")["union"]


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
    return tuple(name for name in texts.read_shared("helplines") if name != "union")


def emergency(country: str, language: str) -> str:
    """Return one sentence for HELP: the country's emergency number, or to call the local one."""
    numbers = [line.call for line in lines(country) if line.purpose == EMERGENCY]
    if not numbers:
        return wording.variants(language, "emergency_unknown")[0]
    return wording.variants(language, "emergency", number=numbers[0])[0]
