"""How many SMS segments a text takes, and so what it costs.

A text whose every character stands in the GSM 7-bit alphabet takes 7 bits a character (14 for the extension
table); any other text takes 16 bits for each UTF-16 unit. A segment holds 1,120 bits; when there are several,
each gives 48 of them to the header that joins them. What a reader sees as one character is never cut in two.
Source: 3GPP TS 23.038 (alphabets, section 6.2.1) and TS 23.040 (header, section 9.2.3.24).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

GSM7_BASE = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")
GSM7 = GSM7_BASE | GSM7_EXTENSION

# A size is counted in septets for GSM-7 and in UTF-16 units for UCS-2.
_ALONE = {"gsm7": 160, "ucs2": 70}
_JOINED = {"gsm7": 153, "ucs2": 67}

MOST_UCS2 = 2
_JOINER = "\u200d"
# Letters of Latin alphabets and the marks between their words: each is a character by itself.
_APART = re.compile("[\n -\u024f\u2010-\u2027\u2030-\u205e€]*")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")
_LEADING_JAMO = re.compile("[\u1100-\u115f\ua960-\ua97c]")
_VOWEL_JAMO = re.compile("[\u1160-\u11a7\ud7b0-\ud7c6]")
_TRAILING_JAMO = re.compile("[\u11a8-\u11ff\ud7cb-\ud7fb]")
_SYLLABLE = re.compile("[\uac00-\ud7a3]")
# Skin tones, tags (the flags of Scotland, Wales, …), joiners, two vowels of Thai and Lao; the rest are marks.
_EXTENDER = re.compile("[\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\u200c\u200d\u0e33\u0eb3]")
# Emoji of a Unicode newer than Python's own are unassigned there, but stand in these blocks.
_EMOJI = re.compile("[\U0001f000-\U0001faff]")


class Encoding(StrEnum):
    """How a phone network spells a text."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text takes. `characters`: septets in GSM-7, characters as a reader sees them in UCS-2."""

    encoding: Encoding
    segments: int
    characters: int


def count(text: str) -> Segments:
    """Return the encoding, the number of segments (0 for an empty text) and the number of characters."""
    if GSM7.issuperset(text):
        septets = len(text) + sum(map(text.count, GSM7_EXTENSION))
        if septets <= _ALONE[Encoding.GSM7]:
            return Segments(Encoding.GSM7, 1 if text else 0, septets)
        sizes = [2 if character in GSM7_EXTENSION else 1 for character in text]
        return Segments(Encoding.GSM7, _segments(sizes, Encoding.GSM7), septets)
    sizes = [1] * len(text) if _APART.fullmatch(text) else [_units(cluster) for cluster in clusters(text)]
    return Segments(Encoding.UCS2, _segments(sizes, Encoding.UCS2), len(sizes))


def fitting(variants: Sequence[str], most: int = 1) -> str:
    """Return the first variant of at most `most` segments, or the last one if none is that short.

    Where none is, one beyond the GSM alphabet may take two: a segment holds less than half of it. `variants`
    run from long to short. Raises ValueError when there is none.
    """
    if not variants:
        raise ValueError("There is no variant to choose from.")
    counted: list[tuple[str, Segments]] = []
    for text in variants:
        one = count(text)
        if one.segments <= most:
            return text
        counted.append((text, one))
    beyond = (text for text, one in counted if one.encoding is Encoding.UCS2 and one.segments <= MOST_UCS2)
    return next(beyond, variants[-1])


def clusters(text: str) -> list[str]:
    """Return the characters of `text` as a reader sees them, in order: an emoji with its parts is one.

    Unicode Standard Annex 29, rules GB4 to GB13 without 9b and 9c, by Python's own Unicode data: all marks
    are extenders, and any symbol may follow a joiner. Carriage return and line feed are two, as on the wire.
    """
    found: list[str] = []
    for character in text:
        if found and _belongs(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _belongs(cluster: str, character: str) -> bool:
    """Say whether `character` is seen as a part of the `cluster` before it."""
    last = cluster[-1]
    if unicodedata.category(last) in ("Cc", "Cf", "Cs", "Zl", "Zp") and not _EXTENDER.match(last):
        return False
    if unicodedata.category(character).startswith("M") or _EXTENDER.match(character):
        return True
    if last == _JOINER:
        return _is_symbol(cluster[0]) and _is_symbol(character)
    if _FLAG.match(character):
        return _FLAG.fullmatch(cluster) is not None
    return _completes_syllable(last, character)


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character) == "So" or _EMOJI.match(character) is not None


def _completes_syllable(last: str, character: str) -> bool:
    if _LEADING_JAMO.match(last):
        return any(kind.match(character) for kind in (_LEADING_JAMO, _VOWEL_JAMO, _SYLLABLE))
    # A whole syllable is open, so that a vowel may follow, when it has no trailing consonant (each 28th).
    open_syllable = _SYLLABLE.match(last) and (ord(last) - 0xAC00) % 28 == 0
    if _VOWEL_JAMO.match(last) or open_syllable:
        return any(kind.match(character) for kind in (_VOWEL_JAMO, _TRAILING_JAMO))
    return bool((_TRAILING_JAMO.match(last) or _SYLLABLE.match(last)) and _TRAILING_JAMO.match(character))


def _units(cluster: str) -> int:
    return sum(2 if ord(character) > 0xFFFF else 1 for character in cluster)


def _segments(sizes: Iterable[int], encoding: Encoding) -> int:
    """Return how many segments hold characters of these sizes, filled one after the other."""
    sizes = list(sizes)
    if sum(sizes) <= _ALONE[encoding]:
        return 1 if sizes else 0
    room, segments, free = _JOINED[encoding], 0, 0
    for size in sizes:
        if size > free:
            # A cluster longer than a segment (a heap of marks) has to be cut all the same.
            cut = -(-size // room)
            segments, free = segments + cut, cut * room - size
        else:
            free -= size
    return segments
