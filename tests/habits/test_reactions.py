"""Reactions of phones: every known wording, added and taken away, and what is none."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habits import reactions
from habits.context import Sent
from habits.parts import Ignored, Reacted, Unreacted
from habits.reactions import Reaction

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "tapbacks.json").read_text("utf-8"))
QUOTE = "Gratitude: Say thanks today. Reply 1 when done. Or STOP."
SENT = (
    Sent("An answer: UNDO takes it back."),
    Sent(QUOTE, (1,)),
    Sent("For today: 1 Gratitude, 2 Empathy.", (1, 2)),
)
Row = tuple[str, str, bool, str]


def rows() -> Iterator[Row]:
    """Every wording of the vectors, with its emoji, whether it is put there, and what is quoted."""
    for form in VECTORS["formats"]:
        if "template" in form and not form["id"].startswith("google-messages-add"):
            yield from filled(form["template"], form["emoji"], form["action"] == "add")
    for locale in VECTORS["locales"]:
        for action in ("add", "remove"):
            for emoji, templates in locale.get(action, {}).items():
                for template in [templates] if isinstance(templates, str) else templates:
                    yield from filled(template, emoji, action == "add")
        for template in locale.get("media", []):
            yield from filled(template, "{emoji}" if "{emoji}" in template else "❤️", True)


def filled(template: str, emoji: str, added: bool) -> Iterator[Row]:
    if "…" in template or emoji == "?":
        return  # Words that the vectors do not know are tried below.
    for shown in ("👍", "❤️", "🫶🏽") if "{emoji}" in template else (emoji,):
        quote = QUOTE if "{text}" in template else ""
        yield template.replace("{emoji}", shown).replace("{text}", QUOTE), shown, added, quote


ALL = list(rows())


def google(emoji: str, quote: str, mark: str = "\u200b", words: str = " to “") -> str:
    return f"\u200a{mark}{emoji}{mark}{words}\u200a{quote}\u200a”\u200a"


def test_the_vectors_are_many() -> None:
    assert len(ALL) >= 80


@pytest.mark.parametrize(("text", "emoji", "added", "quote"), ALL, ids=[row[0][:40] for row in ALL])
def test_every_known_wording_is_read(text: str, emoji: str, added: bool, quote: str) -> None:
    read = reactions.read(text)
    assert read is not None
    assert (read.emoji, read.added) == (emoji, added)
    assert reactions._squashed(read.quote) == reactions._squashed(quote)


@pytest.mark.parametrize("words", [" to “", " a “", " zu „", " à « ", "対 “"])
@pytest.mark.parametrize(("mark", "added"), [("\u200b", True), ("\u200c", False)])
def test_google_messages_are_read_by_their_invisible_characters(words: str, mark: str, added: bool) -> None:
    assert reactions.read(google("👍🏾", QUOTE, mark, words)) == Reaction("👍🏾", added, QUOTE)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"Liked “{QUOTE}”", Reacted(1)),
        (f'Liked "{QUOTE}"', Reacted(1)),
        (f"liked “{QUOTE}”.", Reacted(1)),
        (f"  Loved “{QUOTE}”\n", Reacted(1)),
        (f"Reacted ✅ to “{QUOTE}”", Reacted(1)),
        (f"Reacted 💪🏿 to “{QUOTE}”", Reacted(1)),
        (f"Questioned “{QUOTE}”", Reacted(1, how=True)),
        (f"Disliked “{QUOTE}”", Ignored()),
        (f"Laughed at “{QUOTE}”", Ignored()),
        (f"Emphasized “{QUOTE}”", Ignored()),
        (f"Reacted with a sticker to “{QUOTE}”", Ignored()),
        (f"Removed a like from “{QUOTE}”", Unreacted(1)),
        (f"Removed 👍 from “{QUOTE}”", Unreacted(1)),
        (f"A retiré son « J’aime » de « {QUOTE} »", Unreacted(1)),
        (google("👍", QUOTE[:30] + "…"), Reacted(1)),
        (google("👍", "Gratitude:  Say thanks today.\nReply 1 when done. Or STOP."), Reacted(1)),
        ("Liked “For today: 1 Gratitude, 2 Empathy.”", Reacted(2)),
        ("Liked “An answer: UNDO takes it back.”", Ignored()),
        ("Liked “STOP”", Ignored()),
        ("Loved “kill myself”", Ignored()),
        ("Liked an image", Ignored()),
        ("Loved a message", Ignored()),
        ("Liked “…”", Ignored()),
    ],
)
def test_a_reaction_means_what_it_says_of_a_message_of_ours(text: str, meant: object) -> None:
    read = reactions.read(text)
    assert read is not None
    assert reactions.meaning(read, SENT) == meant


@pytest.mark.parametrize(
    "text",
    [
        "Liked it",
        "Loved our walk in the park",
        "I liked “Amélie” a lot",
        "Removed the sofa from the attic",
        "Reacted badly to “no”",
        "done",
        "",
        "👍",
        "“done”",
        "Gefällt mir",
        "\u200a",
        "\u200a\u200b\u200b",
    ],
)
def test_what_is_no_reaction(text: str) -> None:
    assert reactions.read(text) is None


@given(st.text(max_size=1600) | st.text(alphabet="“”„«» Liked\u200a\u200b\u200c👍{}", max_size=400))
def test_no_text_is_too_much(text: str) -> None:
    read = reactions.read(text)
    if read:
        assert isinstance(reactions.meaning(read, SENT), Reacted | Unreacted | Ignored)


def test_a_reaction_shows_nothing_of_the_quote() -> None:
    assert QUOTE not in repr(reactions.read(f"Liked “{QUOTE}”"))
