"""Help lines: none that nobody has checked within a year."""

from datetime import UTC, datetime, timedelta

import pytest

from habits import safety

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
