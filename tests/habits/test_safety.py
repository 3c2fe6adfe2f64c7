"""Help lines: none that nobody has checked within a year."""

from datetime import UTC, datetime, timedelta

import pytest

from habits import catalogue as texts
from habits import safety, words
from notifiers.segments import count
from service import composing
from tests.habits import corpus

LINES = [(country, line) for country in safety.countries() for line in safety.lines(country)]


def test_no_line_was_verified_more_than_a_year_ago() -> None:
    today = datetime.now(UTC).date()
    for country, line in LINES:
        age = today - line.verified_on
        assert age <= timedelta(days=366), f"{country}: check {line.purpose} at its source and date it anew."
        assert age >= timedelta(days=-1), f"{country}: {line.purpose} was verified in the future."


def test_every_line_can_be_reached_and_names_its_source() -> None:
    assert len(LINES) == 11
    for _, line in LINES:
        assert line.purpose
        assert line.call or line.text
        assert line.source


@pytest.mark.parametrize(
    ("country", "sentence"),
    [
        ("US", "Emergency: 911."),
        ("gb", "Emergency: 999."),
        ("ES", "Emergency: 112."),
        ("DE", "In danger, call your local emergency number."),
        ("ZZ", "In danger, call your local emergency number."),
        ("", "In danger, call your local emergency number."),
    ],
)
def test_the_emergency_sentence_of_a_country(country: str, sentence: str) -> None:
    assert safety.emergency(country, "en") == sentence


def test_an_unknown_country_has_no_lines() -> None:
    assert safety.lines("ZZ") == ()


@pytest.mark.parametrize("language", texts.languages())
@pytest.mark.parametrize("country", [*safety.countries(), "FR", "ZZ"])
@pytest.mark.parametrize("key", ["danger", "danger_stranger", "call"])
def test_help_lines_fit_two_segments_in_every_language(language: str, country: str, key: str) -> None:
    told = composing.with_helplines(key, language, country)
    assert count(told).segments <= 2
    known = [line.call or line.text for line in safety.lines(country)]
    assert not known or known[0] in told


@pytest.mark.parametrize("country", safety.countries())
def test_the_emergency_number_comes_first(country: str) -> None:
    told = safety.helplines(country, "en")
    emergency = [line.call for line in safety.lines(country) if line.purpose == safety.EMERGENCY]
    assert told.startswith(f"Emergency: {emergency[0]}." if emergency else "In danger, call your local")


def test_a_country_of_the_union_without_lines_gets_the_common_ones() -> None:
    assert "116 016" in safety.helplines("fr", "en")
    assert "116 016" not in safety.helplines("CH", "en")


@pytest.mark.parametrize("kind", ["danger", "not danger"])
def test_danger_is_the_same_in_all_languages_for_everybody(kind: str) -> None:
    for row in corpus.rows():
        if row.kind == kind:
            line = words.line(words.fold(row.text))
            assert safety.sounds_like_danger(line) == (kind == "danger"), row
