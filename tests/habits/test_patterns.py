"""Expressions of sentences: whole words, shapes and gaps, and what comes right before them."""

import re

import pytest

from habits import catalogue as texts
from habits import patterns, words

NAMES = ("opt_out", "negations", "danger", "harmless", "automatic", "heard", "hard", "past", "not_yet")


def found(expression: str, line: str, **shapes: str) -> bool:
    return re.search(rf"(?<!\S)(?:{patterns._whole(expression, shapes)})(?!\S)", line) is not None


@pytest.mark.parametrize(
    ("expression", "line", "expected"),
    [
        ("stop (it|this)", "please stop it now", True),
        ("stop (it|this)", "please stop items", False),
        ("stop (it|this)", "nonstop it", False),
        ("take me ~ list", "take me off your list", True),
        ("take me ~ list", "take me off this very long list", False),
        ("a (?! (b|c)) ?d", "a d", True),
        ("stop(?! (a|the))", "stop again", True),
        ("stop(?! (a|the))", "stop the", False),
        ("stop(?= me| us|,|$)", "stop messing", False),
        ("stop(?= me| us| ,|$)", "stop , now", True),
        ("my <person>", "my wife", True),
        ("my <person>", "my dog", False),
    ],
)
def test_an_expression_matches_whole_words(expression: str, line: str, expected: bool) -> None:
    assert found(expression, line, person="wife|husband") is expected


def test_what_comes_right_before_takes_it_back() -> None:
    either = patterns.unless("opt_out", "negations")
    kept = [match["but"] for match in either.finditer("please dont stop texting me , stop texting me")]
    assert [bool(but) for but in kept] == [True, False]


@pytest.mark.parametrize("language", texts.languages())
@pytest.mark.parametrize("name", NAMES)
def test_every_expression_is_sound(language: str, name: str) -> None:
    table = texts.read_own("sentences", language)
    assert table[name]
    for expression in table[name]:
        whole = patterns._whole(expression, table["shapes"])
        assert re.compile(whole)
        assert "~" not in whole
        # The line has small letters, digits and commas only: an accent or an apostrophe never matches.
        assert words.fold(re.sub(r"\\.", "", expression)).isascii()


@pytest.mark.parametrize("language", texts.languages())
def test_every_shape_is_used(language: str) -> None:
    table = texts.read_own("sentences", language)
    used = {
        name
        for listed in table.values()
        if isinstance(listed, list)
        for one in listed
        for name in re.findall(r"<(\w+)>", one)
    }
    assert used == set(table["shapes"])


def test_an_unknown_name_matches_nothing() -> None:
    assert patterns.pattern("no-such-name", ("en",)).search("anything") is None
