"""Segments of an SMS: known answers, and a slow way to count that shares nothing with ours."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifiers.segments import GSM7_BASE, GSM7_EXTENSION, Encoding, Segments, clusters, count, fitting

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "segments.json").read_text())["vectors"]

ONE_EACH = [
    "a", "é", "€", "\n", "\r", "✓", "’", "Á", "ç", "한", "각", "各", "\u200b", "\u2028",
    "😜", "🇮🇹", "🏳️‍🌈", "e\u0301\u0301", "👨‍👩‍👧‍👦", "👍🏽", "1️⃣", "❤️", "🧑🏿‍🚀", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "क्", "กำ",
    "ᄒ" + "ᅡ" + "ᆫ", "\U0001fae9",
]  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_known_answers(vector: dict[str, object]) -> None:
    encoding = {"GSM-7": Encoding.GSM7, "UCS-2": Encoding.UCS2}[str(vector["encoding"])]
    expected = Segments(encoding, int(str(vector["segments"])), int(str(vector["characters"])))
    assert count(str(vector["text"])) == expected


def test_alphabet_has_its_size() -> None:
    # 128 places less the escape; the extension table has the form feed and nine signs.
    assert (len(GSM7_BASE), len(GSM7_EXTENSION)) == (127, 10)
    assert not GSM7_BASE & GSM7_EXTENSION


@pytest.mark.parametrize("character", ONE_EACH)
def test_what_is_seen_as_one_is_one(character: str) -> None:
    assert clusters(character) == [character]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("ab", ["a", "b"]),
        ("\r\n", ["\r", "\n"]),
        ("\u0301", ["\u0301"]),
        ("\n\u0301", ["\n", "\u0301"]),
        ("🇮🇹🇩🇪", ["🇮🇹", "🇩🇪"]),
        ("🇮🇹🇩", ["🇮🇹", "🇩"]),
        ("a\u200db", ["a\u200d", "b"]),
        ("\u200d😜", ["\u200d", "😜"]),
        ("a\u200d😜", ["a\u200d", "😜"]),
        ("😜😜", ["😜", "😜"]),
        ("한국", ["한", "국"]),
        ("각\u11a8", ["각\u11a8"]),
        ("각\u1161", ["각", "\u1161"]),
        ("가\u1161", ["가\u1161"]),
        ("\u11a8\u1161", ["\u11a8", "\u1161"]),
    ],
)
def test_where_one_ends(text: str, parts: list[str]) -> None:
    assert clusters(text) == parts


@pytest.mark.parametrize(
    ("text", "segments", "characters"),
    [
        ("", 0, 0),
        ("a" * 160, 1, 160),
        ("a" * 161, 2, 161),
        ("a" * 307, 3, 307),
        ("a" * 152 + "€" + "a" * 152, 3, 306),  # The euro sign would stand on the cut: 152, 2 + 151, 1.
        ("€" * 80, 1, 160),
        ("€" * 81, 2, 162),
        ("á" * 70, 1, 70),
        ("á" * 71, 2, 71),
        ("á" * 135, 3, 135),
        ("á" * 66 + "😜" + "á" * 66, 3, 133),  # The same with a surrogate pair: 66, 2 + 65, 1.
        ("a" + "\u0301" * 200, 3, 1),
    ],
)
def test_cuts(text: str, segments: int, characters: int) -> None:
    assert (count(text).segments, count(text).characters) == (segments, characters)


def least_segments(sizes: list[int], alone: int, joined: int) -> int:
    """Return the least number of runs that hold these sizes in order, by trying every cut."""
    if sum(sizes) <= alone:
        return 1 if sizes else 0
    least = [0]
    for end in range(1, len(sizes) + 1):
        fits = [start for start in range(end) if sum(sizes[start:end]) <= joined]
        least.append(1 + min(least[start] for start in fits))
    return least[-1]


@given(
    st.lists(st.sampled_from([c for c in ONE_EACH if c != "ᄒ" + "ᅡ" + "ᆫ"]), max_size=90), st.integers(1, 3)
)
@example(["a"] * 80, 2)
@example(["€"] * 80, 3)
@example(["😜"] * 34, 2)
def test_as_a_slow_way_counts(parts: list[str], times: int) -> None:
    parts = [*parts * times]
    text = "".join(parts)
    if all(len(part) == 1 and part in GSM7_BASE | GSM7_EXTENSION for part in parts):
        sizes = [2 if part in GSM7_EXTENSION else 1 for part in parts]
        expected = Segments(Encoding.GSM7, least_segments(sizes, 160, 153), sum(sizes))
    else:
        sizes = [len(part.encode("utf-16-be")) // 2 for part in parts]
        expected = Segments(Encoding.UCS2, least_segments(sizes, 70, 67), len(parts))
    assert count(text) == expected


@given(st.text(max_size=400))
def test_nothing_is_lost_in_any_text(text: str) -> None:
    assert "".join(clusters(text)) == text
    assert (count(text).segments == 0) == (text == "")


@given(st.lists(st.text(max_size=300), min_size=1, max_size=4), st.integers(1, 3))
def test_fitting_takes_the_first_that_fits_or_the_last(variants: list[str], most: int) -> None:
    chosen = fitting(variants, most)
    before = variants[: variants.index(chosen)]
    assert all(count(text).segments > most for text in before)
    assert count(chosen).segments <= most or chosen == variants[-1]


def test_fitting_needs_a_choice() -> None:
    with pytest.raises(ValueError, match="no variant"):
        fitting([])
