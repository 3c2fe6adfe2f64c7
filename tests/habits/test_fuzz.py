"""Text of every kind, in every language and context: no exception, and nothing that must never happen."""

import base64
import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from habits import catalogue as texts
from habits import parts, patterns, replies, safety, words
from habits.context import Context
from tests.habits import corpus
from tests.habits.corpus import LANGUAGES

CONTEXTS = (
    *("none", "one", "two", "three", "several", "pulse", "pulse_one", "pulse_done"),
    *("consent", "stopped", "useful", "together", "deleting", "alone"),
)


def vocabulary() -> list[str]:
    """Words that people type, of all languages, with marks between them."""
    phrases = {
        phrase
        for language in LANGUAGES
        for listed in texts.read_own("replies", language).values()
        if isinstance(listed, list)
        for phrase in listed
        if isinstance(phrase, str)
    }
    marks = [
        ",",
        ".",
        "!",
        "?",
        "-",
        "1",
        "2",
        "3",
        "12",
        "20:30",
        "2026-11-17",
        "👍",
        "😂",
        "👎",
        "\n",
        "“",
        "”",
    ]
    return [*sorted(phrases)[::7], *marks * 20]


WORDS = st.lists(st.sampled_from(vocabulary()), max_size=25).map(" ".join)
LINES = st.lists(st.sampled_from([row.text for row in corpus.rows()]), min_size=1, max_size=3).map(" ".join)
ANY = st.text(max_size=1600)
CONTEXT = st.builds(corpus.context, st.sampled_from(CONTEXTS), st.sampled_from(LANGUAGES))
NASTY = (
    "",
    " ",
    "\u200b\u200c\u2060",
    "👍" * 800,
    "🤷🏽‍♀️👩‍👩‍👧‍👦🏳️‍🌈",
    "שלום, עשיתי את זה",
    "\u202edone\u202c",
    "d\u0336o\u0336n\u0336e\u0336",
    "𝕯𝖔𝖓𝖊",
    "Robert'); DROP TABLE entry;--",
    "<img src=x onerror=alert(1)>done",
    "%s%n{0}{}\\x00\\",
    "\x00\x01\x02\x7f",
    "ﷺ" * 1600,
    "\U0010ffff\ud800",
    base64.b64encode(b"done, and he hits me, STOP").decode(),
    "I" * 1600,
    "no " * 533,
    "dont want to " * 123,
    "he is " * 266,
    "1-" * 800,
    "((((" * 400,
    "“Liked “" * 200,
    "\u200a\u200b" * 800,
    "ha" * 800,
    "stop" * 400,
    "a.b.c.d." * 200,
    "+1 555 0134 " * 130,
    "http://example.org/" + "a/" * 790,
    "ä" * 1600,
    "\u0301" * 1600,
)


def holds(text: str, context: Context) -> None:
    read = replies.read(text, context)
    assert read.parts
    known = set(context.known)
    for part in read.parts:
        match part:
            case parts.Done(of, day) | parts.Skip(of, day):
                assert of
                assert set(of) <= known
                assert day is None or 0 <= (context.day - day).days <= 7
            case parts.Rest(of) | parts.Drop(of) | parts.Together(of) | parts.Apart(of) | parts.Which(of):
                assert of
                assert set(of) <= known
            case parts.Tell(_, number):
                assert number in known
            case parts.UnknownNumber(number):
                assert number not in known
            case parts.Scores(values):
                assert len(values) == len(context.pulse)
            case parts.Agree():
                assert context.asking_consent or context.stopped
            case parts.Code(digits):
                assert context.question
                assert digits == "" or len(digits) >= 4
            case parts.Pause(days, until):
                assert days is None or 1 <= days <= 366
                assert until is None or until > context.now.date()
    stops = any(isinstance(part, parts.Stop) for part in read.parts)
    assert not (stops and any(isinstance(part, parts.Done | parts.Skip) for part in read.parts))
    if replies.is_opt_out(text):
        assert read.parts == (parts.Stop(),)
    assert text not in repr(read) or len(text) < 12


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100)
@given(ANY | WORDS | LINES, CONTEXT)
@example("(", corpus.context("pulse", "es"))
def test_no_text_is_too_much(text: str, context: Context) -> None:
    holds(text[:1600], context)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_nasty_text_is_not_too_much(text: str, language: str) -> None:
    for name in ("one", "pulse_one", "consent"):
        holds(text, corpus.context(name, language))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(corpus.rows()))
def test_case_accents_and_invisible_characters_change_nothing(row: corpus.Row) -> None:
    if row.kind == "reaction" or "\u200a" in row.text:
        return  # Their shape is in their case and characters.
    context = corpus.context(row.context, row.language)
    disguised = "".join(
        f"{c}\u200b" if c.isalpha() else c for c in unicodedata.normalize("NFD", row.text.upper())
    )
    if words.fold(disguised) == words.fold(row.text):
        assert replies.understand(disguised, context) == replies.understand(row.text, context)


@settings(deadline=None, max_examples=60)
@given(WORDS, CONTEXT)
def test_a_question_logs_nothing(text: str, context: Context) -> None:
    read = replies.read(f"{text}?", context)
    if not any(mark in text for mark in ".!?\n") and read.rule is replies.Rule.GRAMMAR:
        assert not any(isinstance(part, parts.Done | parts.Skip) for part in read.parts)


def is_passed_over_rightly(text: str, language: str) -> None:
    """What is taken for plain commands holds no danger, no opt-out and no automatic reply."""
    said = words.fold(text)
    line, tokens = words.line(said), words.tokens(said)
    if replies.is_plain(tokens, language):
        assert not safety.sounds_like_danger(line), text
        assert not replies.wishes_for_nothing(line, tokens), text
        assert not patterns.everywhere("automatic").search(line), text


def test_what_is_passed_over_holds_no_danger_and_no_opt_out() -> None:
    for row in corpus.rows():
        for language in LANGUAGES:
            is_passed_over_rightly(row.text, language)


@settings(deadline=None, max_examples=100)
@given(WORDS, st.sampled_from(LANGUAGES))
def test_what_is_passed_over_is_passed_over_rightly(text: str, language: str) -> None:
    is_passed_over_rightly(text, language)


def test_every_language_is_tried() -> None:
    assert set(LANGUAGES) == set(texts.languages())
