"""What people write and what is understood: a table of messages, then text of every kind."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from habits import items, words
from habits.context import Context
from habits.parts import (
    Agree,
    Done,
    Help,
    Part,
    Pause,
    Scores,
    Skip,
    Stop,
    UnknownNumber,
    Which,
)
from habits.replies import is_opt_out, understand
from tests.habits.messages import (
    ASKED,
    EMPTY,
    EVERY,
    NONE,
    NOW,
    ONE,
    PULSE,
    PULSE_DIGEST,
    PULSE_ONE,
    ROWS,
    SOLE,
    STOPPED,
    TEN,
    TWO,
)

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "keywords.json").read_text("utf-8"))[
    "vectors"
]


@pytest.mark.parametrize(("text", "context", "expected"), ROWS, ids=[row[0][:30] for row in ROWS])
def test_a_message_is_understood(text: str, context: Context, expected: tuple[Part, ...]) -> None:
    assert understand(text, context) == expected


def test_the_table_is_long() -> None:
    assert len(ROWS) >= 150


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_the_providers_keywords_mean_the_same_here(vector: dict[str, str]) -> None:
    meaning = vector.get("twilio_default", "STOP")
    assert is_opt_out(vector["body"]) == (meaning == "STOP")
    parts: dict[str, Part] = {"STOP": Stop(), "START": Agree(), "HELP": Help()}
    assert understand(vector["body"], STOPPED) == (parts[meaning],)


@pytest.mark.parametrize("text", ["STOP", "stop!!! 🙏", "Stop stop", "opt-out", "cancel", "\u200bEND\u200b"])
def test_an_exact_opt_out_is_known_without_a_context(text: str) -> None:
    assert is_opt_out(text)


@pytest.mark.parametrize(
    "text", ["please stop", "stop texting me", "don't stop", "", "🛑", "start", "stop 2", "stop until monday"]
)
def test_a_sentence_is_no_exact_opt_out(text: str) -> None:
    assert not is_opt_out(text)


VERBS = [phrase for verb in items.Verb for phrase in words.phrases(verb.value, "en")]


def test_no_phrase_has_two_meanings() -> None:
    # A pause with a span may begin like an opt-out, and a "yes" of consent is a "done" at other times.
    assert len(VERBS) == len(set(VERBS))
    for other in ("all", "both", "leads", "number_leads", "joins", "courtesies", "fillers", "against"):
        assert not words.phrases(other, "en") & set(VERBS), other
    taken = words.everywhere("opt_out") | words.everywhere("opt_out_sentences") | words.everywhere("help")
    # With a span or a habit after it such a phrase is no opt-out: "stop until monday", "quit gratitude".
    for_a_while = ("pause_with", "rest_with", "drop_named")
    assert taken & set(VERBS) <= {phrase for name in for_a_while for phrase in words.phrases(name, "en")}
    assert not words.everywhere("agree") & words.everywhere("decline")


def test_no_phrase_is_longer_than_is_looked_for() -> None:
    kinds = [
        *(verb.value for verb in items.Verb),
        "opt_out",
        "opt_out_sentences",
        "help",
        "agree",
        "restart",
        "decline",
    ]
    assert max(len(phrase) for kind in kinds for phrase in words.phrases(kind, "en")) <= words.LONGEST_PHRASE
    assert all(phrase for kind in kinds for phrase in words.phrases(kind, "en"))


def test_no_name_of_a_practice_is_a_word_of_the_grammar() -> None:
    names = {
        form
        for habit in EVERY
        for name in (habit.slug, habit.title, *habit.aliases)
        for form in words.forms(name)
    }
    assert max(map(len, names)) <= items.LONGEST_NAME
    every_word = {
        phrase
        for kind in ("opt_out", "help", "agree", "decline", "courtesies", "fillers", "joins", "all", "both")
        for phrase in words.phrases(kind, "en")
    } | set(VERBS)
    assert not names & every_word


def test_every_name_of_every_practice_is_understood_among_all_ten() -> None:
    for habit in EVERY:
        for name in (habit.slug, habit.title, *habit.aliases):
            assert understand(name, TEN) == (Done((habit.number,)),)


LETTERS = st.text(max_size=1600)
COMMON = (
    "stop done skip 1 2 3 9 - , and later 2h pause until monday undo yes all gratitude gratitde quality time"
    " don't 20:30 👍 👎 ? in half an hour dec 24 the number please s both ok for days 2026-11-25 streak start"
    " help at 8 pm with oops a tomorrow week now"
)
SPOKEN = st.lists(st.sampled_from(COMMON.split()), max_size=14).map(" ".join)
CONTEXTS = st.sampled_from([NONE, ONE, TWO, SOLE, EMPTY, TEN, ASKED, STOPPED, PULSE, PULSE_ONE, PULSE_DIGEST])
EXACT = {
    "stop",
    "stopall",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
    "remove",
    "stop all",
    "opt out",
}


def is_repeated_keyword(text: str) -> bool:
    """The rule once more, by another way: take keywords off the folded words until nothing is left."""
    left = " ".join(re.sub(r"[\W_]+", " ", words.fold(text)).split())
    if not left:
        return False
    while left:
        first = next(
            (keyword for keyword in sorted(EXACT, key=len)[::-1] if f"{left} ".startswith(f"{keyword} ")), ""
        )
        if not first:
            return False
        left = left.removeprefix(first).lstrip()
    return True


@settings(deadline=None)
@given(LETTERS | SPOKEN, CONTEXTS)
@example("\u0301" * 1600, NONE)
@example("stop " * 320, NONE)
@example("gratitdue " * 160, TEN)
@example("1-" * 800, PULSE)
@example("ﷺ" * 1600, NONE)
@example("\ud83d stop", NONE)
@example("❶❷ ፩²", NONE)
def test_no_text_is_too_much(text: str, context: Context) -> None:
    parts = understand(text, context)
    assert parts
    assert is_opt_out(text) == is_repeated_keyword(text)
    if is_opt_out(text):
        assert parts == (Stop(),)
    numbers = {habit.number for habit in context.habits}
    for part in parts:
        match part:
            case Done(of) | Skip(of) | Which(of):
                assert of
                assert set(of) <= numbers
                assert len(set(of)) == len(of)
            case UnknownNumber(number):
                assert number not in numbers
            case Scores(values):
                assert len(values) == len(context.pulse)
            case Pause(days, until):
                assert days is None or 1 <= days <= 366
                assert until is None or until > NOW.date()
            case Agree():
                assert context.asking_consent or context.stopped


@settings(deadline=None)
@given(SPOKEN, CONTEXTS)
def test_case_accents_and_invisible_characters_change_nothing(text: str, context: Context) -> None:
    disguised = "".join(f"{letter}\u200b\u0301" if letter.isalpha() else letter for letter in text.upper())
    assert understand(disguised, context) == understand(text, context)


@settings(deadline=None)
@given(LETTERS)
def test_folding_twice_changes_nothing(text: str) -> None:
    folded = words.fold(text)
    assert words.words(words.fold(folded)) == words.words(folded)


@settings(deadline=None)
@given(SPOKEN)
def test_a_negation_is_never_logged(text: str) -> None:
    parts = understand(f"not {text}", TWO)
    assert not any(isinstance(part, Done | Skip) for part in parts) or text.startswith("now")
