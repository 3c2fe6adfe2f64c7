"""What Attune says and knows, as TOML: one folder per language, and what holds in all of them beside it."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

Table = dict[str, Any]

FOLDER = Path(__file__).parent
ENGLISH = "en"


@cache
def languages() -> tuple[str, ...]:
    """Return the languages there are texts in, English first."""
    found = sorted(path.name for path in FOLDER.iterdir() if any(path.glob("*.toml")))
    return ENGLISH, *(name for name in found if name != ENGLISH)


def language_of(tag: str) -> str:
    """Return the language of ours that serves a tag such as `es-MX`; English where there is none."""
    base = tag.replace("_", "-").split("-")[0].lower()
    return base if base in languages() else ENGLISH


def names() -> tuple[str, ...]:
    """Return the names of the English files without their ending, in order."""
    return tuple(sorted(path.stem for path in (FOLDER / ENGLISH).glob("*.toml")))


def read(name: str, tag: str = ENGLISH) -> Table:
    """Return a file in the language of `tag`; whatever it lacks there is English, id by id."""
    return overlaid(read_own(name, ENGLISH), read_own(name, language_of(tag)))


@cache
def read_own(name: str, language: str) -> Table:
    """Return a file as it stands in one of `languages()`, or an empty table if it is not there.

    It is read once: whoever asks shares it, and changes nothing in it.
    """
    path = FOLDER / language / f"{name}.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


@cache
def read_shared(name: str) -> Table:
    """Return a file that is the same for all languages."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


def overlaid(base: Table, above: Table) -> Table:
    """Return `base` with all that `above` has in its place: tables key by key, lists with ids id by id."""
    merged = dict(base)
    for key, value in above.items():
        match base.get(key), value:
            case dict() as below, dict():
                merged[key] = overlaid(below, value)
            case [{"id": _}, *_] as below, [{"id": _}, *_]:
                replaced = {row["id"]: row for row in value}
                merged[key] = [overlaid(row, replaced.get(row["id"], {})) for row in below]
            case _:
                merged[key] = value
    return merged
