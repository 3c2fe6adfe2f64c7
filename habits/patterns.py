"""Sentences recognised by their shape: the expressions of `catalogue/*/sentences.toml`, on one line."""

import re
from functools import cache

from habits import catalogue as texts

UP_TO_THREE_WORDS = r"\w+(?: \w+){0,2}"
_SHAPE = re.compile(r"<(\w+)>")
_CAPTURING = re.compile(r"\((?!\?)")
_PARENTHESES = re.compile(r"(\(\?[:=!]|\(|\))")


@cache
def pattern(name: str, languages: tuple[str, ...]) -> re.Pattern[str]:
    """Return one expression for all that stands under a name in these languages, at whole words only.

    Each repeats nothing without a bound but fixed words, so that a search is linear in the line.
    """
    return re.compile(_either(name, languages))


def everywhere(name: str) -> re.Pattern[str]:
    """Return the expression of a name in all languages: what must be understood from anybody."""
    return pattern(name, texts.languages())


@cache
def unless(name: str, but: str) -> re.Pattern[str]:
    """Return the expression of `name` in all languages, with a group `but` for what comes right before it."""
    languages = texts.languages()
    return re.compile(f"(?P<but>{_either(but, languages)} )?{_either(name, languages)}")


def _either(name: str, languages: tuple[str, ...]) -> str:
    return rf"(?<!\S)(?:{'|'.join(expressions(name, languages))})(?!\S)"


def expressions(name: str, languages: tuple[str, ...]) -> list[str]:
    """Return all that stands under a name, shapes and gaps filled in; at least one that never matches."""
    found = []
    for language in languages:
        table = texts.read_own("sentences", language)
        for expression in table.get(name, ()):
            found.append(_whole(expression, table.get("shapes", {})))
    return found or ["(?!)"]


def _whole(expression: str, shapes: dict[str, str]) -> str:
    """Return an expression with its shapes and gaps filled in, none of its groups capturing."""
    named = _SHAPE.sub(lambda found: f"(?:{shapes[found[1]]})", expression)
    return _looking_at_words(_CAPTURING.sub("(?:", named.replace("~", UP_TO_THREE_WORDS)))


def _looking_at_words(expression: str) -> str:
    """Return an expression in which what looks ahead sees whole words only: not "a" in "again"."""
    pieces: list[str] = []
    open_ones: list[bool] = []
    for piece in _PARENTHESES.split(expression):
        if piece == ")":
            pieces.append(r")(?!\S))" if open_ones.pop() else ")")
            continue
        looks = piece in ("(?=", "(?!")
        if piece.startswith("("):
            open_ones.append(looks)
        pieces.append(f"{piece}(?:" if looks else piece)
    return "".join(pieces)
