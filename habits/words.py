"""The words of a message: folded to what they mean, cut into tokens, compared with what people write.

What people write stands in `catalogue/*/replies.toml`. A token is a word, a number in digits, a time or date
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
LONGEST_PHRASE = 7

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
_SEPARATORS = frozenset(",;&+/.:!")
_IGNORED = frozenset("\"'()*_?#¿¡")
_DRAWN_OUT = re.compile(r"([a-z])\1{2,}")
_LONG_NUMBER = re.compile(r"\+?\d[\d ().-]{5,}\d")
_PLAIN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_CLAUSE_ENDS = re.compile(r"[.,;:!?\n/&+]+|\s-+\s")
_MARKUP = re.compile(r"<[^<>]{1,40}>")
_NO_WORD = re.compile(r"[^\w,]+|_")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def fold(text: str) -> str:
    """Return a message as it is compared: case, accents, compatible forms (NFKC), look-alike letters,
    invisible characters, typographic quotes and drawn-out letters ("doneee") are gone; line breaks stay.
    """
    text = unicodedata.normalize("NFKC", _visible(text.translate(_LOOK_ALIKE)))
    text = unicodedata.normalize("NFKD", text.translate(_LOOK_ALIKE).casefold())
    text = "".join(map(_digit, _visible(text))).translate(_LOOK_ALIKE)
    return _DRAWN_OUT.sub(r"\1", _APOSTROPHE.sub("", text))


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


def line(said: str) -> str:
    """Return a folded message as one line: its words with one space between them, and "," for each mark that
    ends a clause. What `patterns` looks at.
    """
    return " ".join(_NO_WORD.sub(" ", _CLAUSE_ENDS.sub(" , ", _MARKUP.sub(" ", said))).split())


def tokens(said: str) -> Phrase:
    """Return the tokens of a folded message; a link, or a number as long as a telephone's, is NOISE."""
    said = _LONG_NUMBER.sub(_unless_dates, _without_links(said))
    said = _HALF_DAY.sub(r"\1m", said).replace("\n", SEPARATOR)
    said = _LOOSE_DASH.sub(SEPARATOR, _HYPHEN.sub(" ", said))
    return tuple(token for found in _TOKEN.findall(said) if (token := _token(found)))


def _without_links(said: str) -> str:
    if "://" not in said and "w." not in said:
        return said
    pieces = re.split(r"(\s+)", said)
    return "".join(NOISE if "://" in piece or piece.startswith("w.") else piece for piece in pieces)


def _unless_dates(found: re.Match[str]) -> str:
    """Return NOISE for a number of seven digits or more in one piece, what stands there for anything else."""
    text = found[0]
    digits = sum(character.isdigit() for character in text)
    # Numbers of habits have a space or a dash between each of them, and no plus before them.
    pieces = [piece for piece in re.split(r"[ ().+-]+", text) if piece]
    short = all(len(piece) <= 2 for piece in pieces)
    if digits < 7 or short or _PLAIN_DATE.search(text):
        return text
    return f" {NOISE} "


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
    own = (texts.read_own("replies", spoken).get(name, ()) for spoken in spoken_by(language))
    return frozenset(form for listed in own for phrase in listed for form in forms(phrase))


@cache
def everywhere(name: str) -> frozenset[Phrase]:
    """Return the phrases of one kind in all languages: what must be understood from anybody."""
    return frozenset().union(*(phrases(name, language) for language in texts.languages()))


@cache
def values(name: str, language: str) -> Mapping[str, int]:
    """Return a table of words with their numbers, in a person's language and in English."""
    return {phrase[0]: number for phrase, number in amounts(name, language).items() if len(phrase) == 1}


@cache
def amounts(name: str, language: str) -> Mapping[Phrase, int]:
    """Return a table of phrases with their numbers, in a person's language and in English."""
    return {
        form: number
        for own in spoken_by(language)
        for phrase, number in texts.read_own("replies", own).get(name, {}).items()
        for form in forms(phrase)
    }


@cache
def ranks(name: str, language: str) -> Mapping[str, int]:
    """Return words with their place, from 0, in a list of names such as `weekdays`."""
    return {
        form[0]: place
        for own in spoken_by(language)
        for place, names in enumerate(texts.read_own("replies", own).get(name, ()))
        for word in names
        for form in forms(word)
    }


def spoken_by(language: str) -> tuple[str, ...]:
    """Return the languages that a person is understood in: English, and their own after it."""
    return tuple(dict.fromkeys((texts.ENGLISH, texts.language_of(language))))


def forms(phrase: str) -> frozenset[Phrase]:
    """Return a phrase of the catalogue, or a name, as tokens: as it is folded, and with "ae" for "ä".

    An emoji stands for itself.
    """
    written = {phrase, phrase.lower().translate(_UMLAUTS)}
    return frozenset(
        tuple(token for token in tokens(fold(one)) if token not in (SEPARATOR, RANGE, NOISE))
        for one in written
    )


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
