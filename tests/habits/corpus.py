"""Messages as people type them, with what has to be understood: the files of `corpus/`, and contexts."""

import tomllib
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from habits import practices
from habits.context import Asked, Context, Known, Question, Sent

FOLDER = Path(__file__).parent / "corpus"
LANGUAGES = ("en", "es", "de")
NOW = datetime(2026, 11, 18, 18, 0, tzinfo=ZoneInfo("America/New_York"))
SLUGS = ("gratitude", "quality-time", "empathy")
SCALE = ((1, 5), (1, 5), (0, 5))
SENT = (
    Sent("Gratitude: Say thanks for an effort today, whatever came of it. Reply 1 when done.", (1,)),
    Sent("For today: 1 Gratitude, 2 Quality time. Reply with the numbers you did.", (1, 2)),
    Sent("Gratitude logged for today. 12 days so far. Not right? Reply UNDO."),
    Sent("Welcome to Nest. Reply HABITS to see your list, PAUSE for a break, STOP to end it."),
)


class Row(NamedTuple):
    """One message, where it was written, and what it means."""

    language: str
    kind: str
    context: str
    text: str
    expect: str


@cache
def rows() -> tuple[Row, ...]:
    return tuple(row for language in LANGUAGES for row in _rows(language))


def _rows(language: str) -> Iterator[Row]:
    for group in tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))["group"]:
        for text in group["texts"]:
            yield Row(language, group["kind"], group["context"], text, group["expect"])


@cache
def context(name: str, language: str) -> Context:
    """Return the context of that name, of a person who has this language."""
    known = practices.catalogue(language)
    habits = tuple(
        Known(number, slug, known[slug].title, known[slug].aliases) for number, slug in enumerate(SLUGS, 1)
    )
    waiting: dict[str, tuple[tuple[int, ...], ...]] = {
        "one": ((1,),),
        "two": ((1, 2),),
        "three": ((1, 2, 3),),
        "several": ((1,), (3,)),
        "pulse_one": ((1,),),
        "alone": ((1,),),
    }
    questions = {
        "useful": Question(Asked.USEFUL),
        "together": Question(Asked.TOGETHER, 1),
        "deleting": Question(Asked.DELETE),
    }
    return Context(
        NOW,
        habits=habits[:1] if name == "alone" else habits,
        waiting=waiting.get(name, ()),
        asking_consent=name == "consent",
        stopped=name in ("stopped", "deleting"),
        pulse=SCALE if name.startswith("pulse") and name != "pulse_done" else (),
        joint=(1, 2, 3),
        question=questions.get(name),
        shareable=3 if name == "pulse_done" else 0,
        sent=SENT,
        language=language,
    )
