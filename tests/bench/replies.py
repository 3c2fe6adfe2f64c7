"""How long a message takes to be understood: the corpus, and the longest there are.

The alternative looks for danger and opt-out with one expression after the other in place of one for all.
"""

import re
from collections.abc import Iterator
from functools import cache

from habits import catalogue as texts
from habits import patterns, replies, safety, words
from tests.bench.measure import Pair, Way
from tests.habits import corpus

LONG = (
    "we talked for an hour last night and it was good. ",
    "no quiero que ",
    "er hat mich ",
    "1.1 ",
    "went ",
)
LONGEST = 1600
BESIDE = "expression by expression"
EACH = 40
"""One message of so many is given to the alternative: it takes a second for some of them."""


@cache
def expressions(name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(rf"(?<!\S)(?:{one})(?!\S)") for one in patterns.expressions(name, texts.languages())
    )


def dangers(lines: list[str]) -> list[bool]:
    return [safety.sounds_like_danger(line) for line in lines]


def dangers_one_by_one(lines: list[str]) -> list[bool]:
    return [any(one.search(_without_idioms(line)) for one in expressions("danger")) for line in lines]


def _without_idioms(line: str) -> str:
    return patterns.everywhere("harmless").sub(",", line)


def pairs() -> Iterator[Pair]:
    for language in corpus.LANGUAGES:
        rows = [row for row in corpus.rows() if row.language == language]
        yield Pair(f"understand a message of the corpus, {language}", _reading(rows), times=len(rows))
    lines = [words.line(words.fold(row.text)) for row in corpus.rows()[::EACH]]
    yield Pair(
        "look for danger in a message",
        lambda: dangers(lines),
        BESIDE,
        lambda: dangers_one_by_one(lines),
        times=len(lines),
    )
    for text in LONG:
        row = corpus.Row("en", "robust", "one", (text * LONGEST)[:LONGEST], "")
        yield Pair(f"understand 1,600 characters: {text.strip()[:24]} …", _reading([row]))


def _reading(rows: list[corpus.Row]) -> Way:
    contexts = [corpus.context(row.context, row.language) for row in rows]
    return lambda: [replies.read(row.text, context) for row, context in zip(rows, contexts, strict=True)]
