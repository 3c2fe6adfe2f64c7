"""Every text that Attune sends, with its variants from long to short, and the names of days and times.

The texts and what each needs stand in `catalogue/en/wording.toml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from string import Formatter
from types import MappingProxyType

from habits import catalogue as texts

WEEK = 7


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the catalogue: the names of its values, and alternatives of variants from long to short."""

    about: str
    values: tuple[str, ...]
    segments: int
    email: bool
    alternatives: tuple[tuple[str, ...], ...]


Piece = tuple[str, str | None, str]
"""Plain words, the name of the value after them, if any, and its words for one and for many."""


@cache
def _pieces(variant: str) -> tuple[Piece, ...]:
    return tuple((plain, name, spec or "") for plain, name, spec, _ in Formatter().parse(variant))


def _filled(variant: str, values: Mapping[str, str | int]) -> str:
    """Fill in `{total}`, and `{total:day|days}` with the word that goes with that number."""
    found: list[str] = []
    for plain, name, words in _pieces(variant):
        found.append(plain)
        if name is not None:
            one, bar, many = words.partition("|")
            found.append((one if values[name] == 1 else many) if bar else str(values[name]))
    return "".join(found)


def variants(language: str, key: str, turn: int = 0, **values: str | int) -> tuple[str, ...]:
    """Return a text with its values filled in, its variants from long to short.

    `turn` (0 or more) picks one of the text's alternatives, around and around. A value that the text does not
    use is ignored. Raises KeyError for an unknown key or a missing value: an error of the program.
    """
    text = catalogue(language)[key]
    for name in text.values:
        if name not in values:
            raise KeyError(f"{key} needs {name}")
    chosen = text.alternatives[turn % len(text.alternatives)]
    return tuple(_filled(variant, values) for variant in chosen)


def catalogue(language: str = texts.ENGLISH) -> Mapping[str, Text]:
    """Return all texts by key, in the language of a tag such as `es-MX`, English where not translated."""
    return _catalogue(texts.language_of(language))


@cache
def _catalogue(language: str) -> Mapping[str, Text]:
    return MappingProxyType({key: _text(row) for key, row in texts.read("wording", language).items()})


def _text(row: texts.Table) -> Text:
    return Text(
        about=row["about"],
        values=tuple(row["values"]),
        segments=row.get("segments", 1),
        email=row.get("email", False),
        alternatives=tuple(map(tuple, row["texts"])),
    )


def lead(cue: str) -> str:
    """Return a person's cue as the beginning of a nudge: first letter large, no mark at its end."""
    words = " ".join(cue.split()).rstrip(" ,.:;-…")
    return words[:1].upper() + words[1:]


def day_name(language: str, day: date, today: date) -> str:
    """Return what a person calls a day: `today`, `yesterday`, `Tuesday` up to six days away, `Tue 18 Nov`."""
    away = (day - today).days
    if -1 <= away <= 1:
        return _word(language, ("today", "tomorrow", "yesterday")[away])
    if abs(away) < WEEK:
        return _word(language, "weekday", day.weekday())
    return variants(
        language,
        "date",
        weekday=_word(language, "weekday_short", day.weekday()),
        number=day.day,
        month=_word(language, "month_short", day.month - 1),
    )[0]


def on_day(language: str, day: date, today: date) -> str:
    """Return a day as it stands in a sentence: `tomorrow`, `on Tuesday`, `on Tue 18 Nov`."""
    name = day_name(language, day, today)
    return name if abs((day - today).days) <= 1 else variants(language, "on_day", day=name)[0]


def moment(language: str, at: datetime, now: datetime) -> str:
    """Return a time as it stands in a sentence: `at 20:30`, `tomorrow at 08:00`, `on Tuesday at 08:00`.

    Both are aware; the time is said in the zone of `now`, and today is the calendar date of `now`.
    """
    at = at.astimezone(now.tzinfo)
    time = f"{at:%H:%M}"
    if at.date() == now.date():
        return variants(language, "at_time", time=time)[0]
    return variants(language, "day_at_time", when=on_day(language, at.date(), now.date()), time=time)[0]


def number_word(language: str, number: int) -> str:
    """Return a number from 1 on as it stands in a sentence: `two`, and from eleven on `11`."""
    words = catalogue(language)["number_word"].alternatives
    return words[number - 1][0] if 1 <= number <= len(words) else str(number)


def _word(language: str, key: str, turn: int = 0) -> str:
    return variants(language, key, turn)[0]
