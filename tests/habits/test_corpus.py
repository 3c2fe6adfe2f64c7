"""The corpus: what people type, in three languages and every context, and what has to be understood of it."""

from collections import Counter
from functools import cache

import pytest

from habits import replies
from tests.habits import corpus
from tests.habits.corpus import LANGUAGES, Row
from tests.habits.notation import noted

KINDS = (
    "opt-out",
    "not opt-out",
    "danger",
    "not danger",
    "help",
    "consent",
    "reaction",
    "done",
    "numbers",
    "names",
    "days",
    "skip and undo",
    "later and pause",
    "commands",
    "check-in",
    "plain words",
    "not today",
    "unclear",
    "robust",
)
LEAST_UNDERSTOOD = 0.97


@cache
def got(row: Row) -> str:
    return noted(replies.understand(row.text, corpus.context(row.context, row.language)))


def is_understood(row: Row) -> bool:
    # Where one habit waits, `why` and `more` are about that one.
    return got(row) in (row.expect, f"{row.expect} 1")


def logged(notation: str) -> list[str]:
    """Return what a message logs: its parts that write entries."""
    return [
        part for part in notation.split("; ") if part.startswith(("done ", "skip ")) and part != "skip pulse"
    ]


def test_the_corpus_is_large_and_has_every_kind_in_every_language() -> None:
    rows = corpus.rows()
    assert len(rows) >= 400
    assert len({(row.language, row.context, row.text) for row in rows}) == len(rows)
    assert {(row.language, row.kind) for row in rows} == {
        (lang, kind) for lang in LANGUAGES for kind in KINDS
    }


@pytest.mark.parametrize("kind", ["opt-out", "danger"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_opt_out_and_no_danger_is_missed(language: str, kind: str) -> None:
    missed = [
        row
        for row in corpus.rows()
        if row.language == language and row.kind == kind and got(row) != row.expect
    ]
    assert missed == []


def test_nobody_is_stopped_or_taken_to_be_in_danger_by_mistake() -> None:
    by_mistake = [
        row
        for row in corpus.rows()
        if any(
            word in got(row).split("; ") and word not in row.expect.split("; ") for word in ("stop", "danger")
        )
    ]
    assert by_mistake == []


def test_nothing_is_wrongly_logged() -> None:
    wrong = [(row, got(row)) for row in corpus.rows() if set(logged(got(row))) - set(logged(row.expect))]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nearly_all_is_understood(language: str) -> None:
    rows = [row for row in corpus.rows() if row.language == language]
    missed = [(row, got(row)) for row in rows if not is_understood(row)]
    assert len(missed) <= (1 - LEAST_UNDERSTOOD) * len(rows), missed


def table() -> list[tuple[str, ...]]:
    """Return how many messages of each kind were understood, of how many, by language."""
    asked = Counter((row.kind, row.language) for row in corpus.rows())
    right = Counter((row.kind, row.language) for row in corpus.rows() if is_understood(row))
    lines = [
        (kind, *(f"{right[kind, language]} of {asked[kind, language]}" for language in LANGUAGES))
        for kind in KINDS
    ]
    sums = (
        sum(count[kind, language] for kind in KINDS) for language in LANGUAGES for count in (right, asked)
    )
    totals = list(sums)
    lines.append(("all", *(f"{totals[i]} of {totals[i + 1]}" for i in range(0, len(totals), 2))))
    return lines


if __name__ == "__main__":
    for line in (("kind", *LANGUAGES), *table()):
        print(line[0].ljust(18) + "".join(cell.rjust(14) for cell in line[1:]))  # noqa: T201
