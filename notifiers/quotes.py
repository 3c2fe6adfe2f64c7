"""What somebody wrote themselves in a mail: without what it quotes and without a signature.

One pass over the lines, each of which is looked at a fixed number of times and never further than 400
characters, so that no mail takes longer than in proportion to its length.
"""

import re
from collections.abc import Sequence

_LOOKED_AT = 400
"""Characters of a line that decide what it is."""
_WRAPPED = 4
"""An attribution, or the header of a forwarded mail, is known from so many lines."""

_BEGINS = re.compile(r"(on|am|el)\b|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}", re.IGNORECASE)
_WROTE = {"on": ("wrote:",), "am": ("schrieb",), "el": ("escribió:", "escribio:")}
"""By the first word of an attribution, what has to stand in it."""
_NAME_FIRST = (" schrieb am ", " escribió el ", " wrote on ")
"""Gmail on Android puts the name first: `Attune <…> schrieb am Mo., 2. März 2026, 19:00:`."""
_DIGIT = re.compile(r"\d")
_MAILBOX = re.compile(r"<[^<>\s]+@[^<>\s]+>\s*:")
_CUT = re.compile(
    r"-{2,}\s*(?:original message|original appointment|forwarded message|reply message"
    r"|urspr(?:ü|ue)ngliche nachricht|originalnachricht|weitergeleitete nachricht|forwarded by\b[^-]*"
    r"|mensaje original|mensaje reenviado|forwarded message)\s*-{2,}"
    r"|begin forwarded message:|anfang der weitergeleiteten nachricht:|inicio del mensaje reenviado:"
    r"|_{20,}",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"[*_]*(from|von|de|sent|gesendet|enviado(?: el)?|date|datum|fecha|to|an|para|subject|betreff|asunto)"
    r"\s?:[*_]*(?:\s|$)",
    re.IGNORECASE,
)
_WHO = frozenset({"from", "von", "de"})
_HEADERS = 3
"""A block of as many header lines as this begins a quoted mail."""
_SIGNATURE = re.compile(r"--\s?")
_DEVICE = (
    r"(?:i(?:phone|pad|pod)|mac\b|android|samsung|galaxy|huawei|xiaomi|pixel|blackberry|smartphone|handy"
    r"|mobile|mobil|phone|tel[ée]fono|m[óo]vil|celular|tablet|outlook|yahoo|mail\b|gmail|gmx|web\.de|proton"
    r"|t-online|aol|thunderbird|windows)"
)
_DEVICE_LINE = re.compile(
    rf"(?:sent (?:from|via|using)\b.*{_DEVICE}.*|sent with (?:proton|spark|mailspring)\b.*"
    rf"|get outlook for .*|yahoo mail: .*"
    rf"|von meine[mr]\b.*{_DEVICE}.*(?:gesendet|geschickt).*|von yahoo mail\b.*"
    rf"|gesendet (?:von|mit|über|aus)\b.*{_DEVICE}.*|holen sie sich outlook .*"
    rf"|diese nachricht wurde (?:von|mit)\b.*{_DEVICE}.*|outlook f(?:ü|ue)r \w+( herunterladen)?"
    rf"|enviado (?:desde|con|por)\b.*{_DEVICE}.*|(?:obtener|descarga|obt[ée]n) outlook .*)",
    re.IGNORECASE,
)
_LONGEST_DEVICE_LINE = 90


def own_words(text: str) -> str:
    """Return what the writer of a mail wrote, blank if all of it is quoted or signature."""
    lines = [line.strip() for line in text.splitlines()]
    kept: list[str] = []
    place = 0
    while place < len(lines):
        line = lines[place][:_LOOKED_AT]
        if line.startswith((">", "|>")):
            place += 1
        elif length := _attribution(lines, place):
            place += length
            if not _quote_follows(lines, place):
                break  # What follows is quoted without a mark.
        elif _CUT.fullmatch(line) or _SIGNATURE.fullmatch(line) or _is_header_block(lines, place):
            break
        else:
            if not _is_device_line(line):
                kept.append(lines[place])
            place += 1
    return _tidy(kept)


def _attribution(lines: Sequence[str], place: int) -> int:
    """Return how many lines from `place` on say who wrote what follows, 0 for none."""
    first = lines[place][:_LOOKED_AT]
    if first.endswith(":") and any(_DIGIT.search(first.partition(verb)[2]) for verb in _NAME_FIRST):
        return 1
    begins = _BEGINS.match(first)
    if begins is None:
        return 0
    joined = ""
    for length, line in enumerate(lines[place : place + _WRAPPED], 1):
        joined = f"{joined} {line[:_LOOKED_AT]}".lower()
        if not line:
            return 0
        if line.endswith(":"):
            return length if _names_a_writer(joined, (begins[1] or "").lower()) else 0
    return 0


def _names_a_writer(joined: str, first_word: str) -> bool:
    """Say whether wrapped lines that end with a colon name a day and somebody who wrote."""
    if not _DIGIT.search(joined):
        return False
    if first_word:
        return any(verb in joined for verb in _WROTE[first_word])
    return _MAILBOX.search(joined[-_LOOKED_AT:]) is not None or "wrote:" in joined


def _quote_follows(lines: Sequence[str], place: int) -> bool:
    """Say whether the next line that is not blank, of the next few, is marked as quoted."""
    near = (line for line in lines[place : place + _WRAPPED] if line)
    return next(near, "").startswith((">", "|>"))


def _is_header_block(lines: Sequence[str], place: int) -> bool:
    """Say whether the header of a quoted mail begins here, as Outlook writes it."""
    first = _HEADER.match(lines[place][:_LOOKED_AT])
    if first is None or first[1].lower() not in _WHO:
        return False
    near = (_HEADER.match(line[:_LOOKED_AT]) for line in lines[place : place + 2 * _WRAPPED])
    return len({header[1].lower() for header in near if header}) >= _HEADERS


def _is_device_line(line: str) -> bool:
    return len(line) <= _LONGEST_DEVICE_LINE and _DEVICE_LINE.fullmatch(line) is not None


def _tidy(lines: Sequence[str]) -> str:
    """Return the lines with at most one blank one between two others."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()
