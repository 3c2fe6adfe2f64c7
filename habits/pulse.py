"""The weekly check-in: which three items are asked in which week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from habits import catalogue as texts

LEAST, HIGHEST = 1, 5
LOW = 2
TWICE, OFFERED_EVERY = 2, 4


@dataclass(frozen=True, slots=True)
class Item:
    """One question. Scores run from `lowest` to `highest`, both allowed; `short` is its form in an SMS, and
    `label` names it where scores are shown.
    """

    id: str
    label: str
    text: str
    short: str
    lowest: int
    highest: int
    serves: tuple[str, ...]
    """The elements and benefits of the source text that it stands for."""


@dataclass(frozen=True, slots=True)
class Items:
    """What can be asked, when, and how to show it."""

    fixed: tuple[Item, ...]
    rotating: tuple[Item, ...]
    schedule: str
    scale: tuple[str, ...]
    """What the scores 1 to 5 mean."""
    note: str
    """Belongs wherever results are shown."""


def items(language: str = texts.ENGLISH) -> Items:
    """Return the check-in in the language of a tag such as `es-MX`, English where it is not translated."""
    return _items(texts.language_of(language))


@cache
def _items(language: str) -> Items:
    table = texts.read("pulse", language)
    return Items(
        fixed=tuple(map(_item, table["fixed"])),
        rotating=tuple(map(_item, table["rotating"])),
        schedule=table["schedule"],
        scale=tuple(table["scale"]),
        note=table["note"],
    )


def _item(row: texts.Table) -> Item:
    return Item(
        row["id"],
        row["label"],
        row["text"],
        row["short"],
        row.get("lowest", 1),
        HIGHEST,
        tuple(row["serves"]),
    )


def label(item_id: str, language: str = texts.ENGLISH) -> str:
    """Return the name of an item; its id if the catalogue has it no more."""
    known = items(language)
    return next((item.label for item in (*known.fixed, *known.rotating) if item.id == item_id), item_id)


def lately_low(scores: Sequence[int]) -> bool:
    """Say whether the two newest of an item's scores are low."""
    newest = scores[-TWICE:]
    return len(newest) == TWICE and all(LEAST <= score <= LOW for score in newest)


def low_again(scores: Sequence[int]) -> bool:
    """Say whether the newest of an item's scores is the second low one running, or the sixth, the tenth …

    A 0 says that an item does not apply. An offer that comes every week would be a nuisance.
    """
    running = 0
    for score in reversed(scores):
        if not LEAST <= score <= LOW:
            break
        running += 1
    return running % OFFERED_EVERY == TWICE


def asked(week_on: date, language: str = texts.ENGLISH) -> tuple[Item, ...]:
    """Return the items of the week that begins on `week_on`: the fixed ones, then one of the rotating ones.

    Every rotating item comes once in six weeks; the weeks are counted from 1 January of year 1, a Monday.
    """
    known = items(language)
    week = (week_on.toordinal() - 1) // 7
    return *known.fixed, known.rotating[week % len(known.rotating)]
