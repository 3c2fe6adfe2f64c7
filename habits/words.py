"""The words of a message: folded to what they mean, cut into tokens, compared with what people write.

What people write stands in `catalogue/en/replies.toml`. A token is a word, a number in digits, a time or date
in digits, an emoji, a separator or NOISE. All of this takes time linear in the length of the message.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import cache

from habits import catalogue as texts

Phrase = tuple[str, ...]

SEPARATOR = ","
RANGE = "-"
NOISE = "\0"
LONGEST_PHRASE = 6

# Letters and marks that look like another: of Cyrillic, Greek and the typographers.
_LOOK_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТХҮԌԚԜаеѕіјкморстухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεικνορτυχıǀ" + "‘’‚‛ʼʹ`´′＇“”„«»–—−‐‑‒―❓❔№",
    "abesijkmhopctxygqwaesijkmopctyxhdqwabezhikmnoptyxaeikvoptuxil" + "''''''''''\"\"\"\"\"-------??#",
)
# Letters and symbols without a shape: fillers of Hangul and Braille.
_SHAPELESS = frozenset("\u115f\u1160\u3164\uffa0\u2800")

_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")
_HALF_DAY = re.compile(r"(?<![^\W\d_])([ap])\.\s?m\b\.?")
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_LOOSE_DASH = re.compile(r"(?<!\d)(?<!\d )-|-(?! ?\d)")
_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(
    r"\d{4}-\d{2}-\d{2}(?!\d)"  # 2026-11-20
    r"|\d{1,2}[:.]\d{2}(?!\d)"  # 20:30
    r"|\d+[:.]\d+"  # Neither a number of a habit nor a time.
    r"|\d+"
    r"|[^\W\d_]+"
    r"|\S"
)
_IS_TIME = re.compile(r"\d{1,2}[:.]\d{2}")
_IS_BROKEN = re.compile(r"\d+[:.]\d+")
_SEPARATORS = frozenset(",;&+/.:")
_IGNORED = frozenset("!\"'()*_?#")


def fold(text: str) -> str:
    """Return a message as it is compared: case, accents, compatible forms (NFKC), look-alike letters,
    invisible characters and typographic quotes are gone; line breaks stay.
    """
    text = unicodedata.normalize("NFKC", _visible(text.translate(_LOOK_ALIKE)))
    text = unicodedata.normalize("NFKD", text.translate(_LOOK_ALIKE).casefold())
    return _APOSTROPHE.sub("", "".join(map(_digit, _visible(text))))


def _visible(text: str) -> str:
    # Marks go before normalisation too, because it sorts a run of them in more than linear time.
    return "".join(map(_seen, text))


def _seen(character: str) -> str:
    if character.isascii() and (character.isprintable() or character == "\n"):
        return character
    category = unicodedata.category(character)
    if category[0] == "M" or category == "Cf" or character in _SHAPELESS:
        return ""
    return " " if category[0] in "CZ" else character


def _digit(character: str) -> str:
    return str(unicodedata.digit(character, character))


def words(said: str) -> Phrase:
    """Return the words and numbers of a folded message, without any mark or emoji."""
    return tuple(_WORD.findall(said))


def tokens(said: str) -> Phrase:
    """Return the tokens of a folded message."""
    said = _HALF_DAY.sub(r"\1m", said).replace("\n", SEPARATOR)
    said = _LOOSE_DASH.sub(SEPARATOR, _HYPHEN.sub(" ", said))
    return tuple(token for found in _TOKEN.findall(said) if (token := _token(found)))


def _token(found: str) -> str:
    """Return what stands for a piece of text among the tokens; nothing for a mark without meaning."""
    if found[0].isalnum():
        return NOISE if _IS_BROKEN.fullmatch(found) and not _IS_TIME.fullmatch(found) else found
    if found in _SEPARATORS:
        return SEPARATOR
    category = unicodedata.category(found)
    if found in _IGNORED or (category[0] == "P" and not found.isascii()):
        return ""
    return NOISE if category in ("Sm", "Sc") else found


@cache
def phrases(name: str, language: str) -> frozenset[Phrase]:
    """Return the phrases of one kind in a person's language and in English."""
    own = (texts.read_own("replies", spoken).get(name, ()) for spoken in _spoken(language))
    return frozenset(words_of(phrase) for listed in own for phrase in listed)


@cache
def everywhere(name: str) -> frozenset[Phrase]:
    """Return the phrases of one kind in all languages: what must be understood from anybody."""
    return frozenset().union(*(phrases(name, language) for language in texts.languages()))


@cache
def values(name: str, language: str) -> Mapping[str, int]:
    """Return a table of words with their numbers, in a person's language and in English."""
    found: dict[str, int] = {}
    for own in _spoken(language):
        found |= texts.read_own("replies", own).get(name, {})
    return found


@cache
def ranks(name: str, language: str) -> Mapping[str, int]:
    """Return words with their place, from 0, in a list of names such as `weekdays`."""
    return {
        word: place
        for own in _spoken(language)
        for place, names in enumerate(texts.read_own("replies", own).get(name, ()))
        for word in names
    }


def _spoken(language: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((texts.ENGLISH, texts.language_of(language))))


def words_of(phrase: str) -> Phrase:
    """Return a phrase of the catalogue, or a name, as tokens; an emoji stands for itself."""
    return tuple(token for token in tokens(fold(phrase)) if token not in (SEPARATOR, RANGE, NOISE))


def match(heard: Sequence[str], start: int, known: Collection[Phrase]) -> int:
    """Return how many tokens from `start` on make the longest phrase of `known`; 0 if none does."""
    for length in range(min(LONGEST_PHRASE, len(heard) - start), 0, -1):
        if tuple(heard[start : start + length]) in known:
            return length
    return 0


def made_of(heard: Sequence[str], known: Collection[Phrase], ignored: Collection[Phrase] = ()) -> bool:
    """Say whether a message is nothing but phrases of `known`, at least one, among what is ignored."""
    place, found = 0, False
    while place < len(heard):
        length = match(heard, place, known)
        found = found or length > 0
        length = length or match(heard, place, ignored) or int(is_decoration(heard[place]))
        if not length:
            return False
        place += length
    return found


def is_decoration(token: str) -> bool:
    """Say whether a token alone says nothing: a separator, or an emoji that is no refusal."""
    if token == SEPARATOR:
        return True
    return not (token[0].isascii() or token[0].isalnum() or (token,) in everywhere("against"))
