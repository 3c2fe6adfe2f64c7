"""Reactions, as phones send them for a tap on one of our messages: read by their shape, never by their quote.

The shapes are those of iPhones and Google Messages in several languages (`catalogue/reactions.toml`).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from habits import catalogue as texts
from habits import words
from habits.context import Sent
from habits.parts import Ignored, Part, Reacted, Unreacted

SAYS_DONE = frozenset("👍❤✅✔💪🎉☑💯🙌🥳👏👌😍🥰🫶💖💕♥")
SAYS_HOW = frozenset("❓❔🤔")
LONGEST_EMOJI = 16
_HAIR, _ADDS, _REMOVES = "\u200a", "\u200b", "\u200c"
_SKIN_OR_SELECTOR = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_CUT = ("…", "...")
_OPENING, _CLOSING = '[“„"«]', '[”“"»]'
GAPS = {
    "{text}": "(?P<text>.{0,1700})",
    "{emoji}": '(?P<emoji>[^“”„"«»]{1,40}?)',
    "{word}": '[^“”„"«»]{1,40}?',
}
"""What stands in a shape: the quote, any emoji, a word for a reaction that is none of the usual ones."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """A tap on a message: the emoji, put there or taken away again, and what is quoted of the message."""

    emoji: str
    added: bool
    quote: str = field(repr=False)
    """Blank for a picture."""


def read(text: str) -> Reaction | None:
    """Return the reaction that a message has the shape of, or None. Takes linear time."""
    return _by_google(text) or _by_template(text.strip())


def _by_google(text: str) -> Reaction | None:
    """Read the invisible form, the same in all languages: U+200A words, the emoji between two U+200B (or
    U+200C where it is taken away), words and a mark, U+200A the quote U+200A, a mark, U+200A.
    """
    if not text.startswith(_HAIR):
        return None
    for mark, added in ((_ADDS, True), (_REMOVES, False)):
        pieces = text.split(mark, 2)
        if len(pieces) == 3 and 0 < len(pieces[1]) <= LONGEST_EMOJI:
            _, _, quoted = pieces[2].partition(_HAIR)
            quote, _, _ = quoted.rstrip().rstrip(_HAIR).rpartition(_HAIR)
            return Reaction(pieces[1], added, quote.strip())
    return None


def _by_template(text: str) -> Reaction | None:
    folded = _folded(text)
    for shape, emoji, added in _templates():
        if found := shape.fullmatch(folded):
            named = found.groupdict()
            shown = named.get("emoji", emoji)
            if shown == emoji or _is_emoji(shown):
                return Reaction(shown, added, named.get("text") or "")
    return None


def _folded(text: str) -> str:
    """Return a text as templates are compared: case and accents gone, emoji and quotes as they are."""
    kept = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(c for c in kept if unicodedata.category(c) != "Mn" or c == "\ufe0f").casefold()


@cache
def _templates() -> tuple[tuple[re.Pattern[str], str, bool], ...]:
    """Return each shape, the emoji that it stands for, and whether it is put there; any emoji's come last."""
    rows = texts.read_shared("reactions")["shapes"]
    return tuple(
        (_shape(template), row["emoji"], row["added"])
        for row in sorted(rows, key=lambda row: bool(row["emoji"] == "{emoji}"))
        for template in row["templates"]
    )


def _shape(template: str) -> re.Pattern[str]:
    pieces = re.split(r"(\{\w+\})", _folded(template))
    return re.compile("".join(GAPS.get(piece) or _literal(piece) for piece in pieces) + r"\.?", re.DOTALL)


def _literal(piece: str) -> str:
    return "".join(
        _OPENING if mark in "“„«" else _CLOSING if mark in "”»" else re.escape(mark) for mark in piece
    )


def _is_emoji(shown: str) -> bool:
    return 0 < len(shown) <= LONGEST_EMOJI and not any(c.isalnum() or c.isspace() for c in shown)


def meaning(reaction: Reaction, sent: Sequence[Sent]) -> Part:
    """Return what a reaction means: to which of our messages it says something, or that it is to be ignored.

    `sent` is what went out lately, the newest first. A quote may be cut short.
    """
    place = next((i for i, one in enumerate(sent) if _quotes(reaction.quote, one.text)), None)
    if place is None or not sent[place].numbers:
        return Ignored()
    if not reaction.added:
        return Unreacted(place)
    plain = _SKIN_OR_SELECTOR.sub("", reaction.emoji)
    if plain in SAYS_HOW:
        return Reacted(place, how=True)
    return Reacted(place) if plain in SAYS_DONE else Ignored()


def _quotes(quote: str, text: str) -> bool:
    said, ours = _squashed(quote), _squashed(text)
    for cut in map(_squashed, _CUT):
        if said.endswith(cut) and len(said) > len(cut):
            return ours.startswith(said.removesuffix(cut).rstrip())
    return bool(said) and said == ours


def _squashed(text: str) -> str:
    return " ".join(words.fold(text).split())
