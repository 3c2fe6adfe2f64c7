"""The ten practices: what each is, why and how, how often, and twelve prompts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from random import Random
from types import MappingProxyType
from typing import NamedTuple

from habits import catalogue as texts

DEPTHS = (1, 2, 3)


class Kind(StrEnum):
    """One of the seven practices, or of the three that help over a barrier."""

    PRACTICE = "practice"
    BARRIER = "barrier"


class Act(StrEnum):
    """What a prompt asks for: an action, a question to the partner, a look inward, or nothing."""

    DO = "do"
    ASK = "ask"
    NOTICE = "notice"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One idea. Depth 1 is light, 2 fits after two weeks, 3 is for those who asked for it."""

    id: str
    depth: int
    kind: Act
    text: str

    def __post_init__(self) -> None:
        if self.depth not in DEPTHS:
            raise ValueError(f"The depth of prompt {self.id} must be 1, 2 or 3.")


@dataclass(frozen=True, slots=True)
class Practice:
    """A practice of the catalogue; `goal` and `schedule` are its defaults, as people write them."""

    slug: str
    title: str
    aliases: tuple[str, ...]
    kind: Kind
    why: str
    how: str
    goal: str
    schedule: str
    prompts: tuple[Prompt, ...]


class Drawn(NamedTuple):
    """A prompt, the chance that it had, and whether it is the first since the bank was last used up."""

    prompt: Prompt
    chance: float
    first: bool


def catalogue(language: str = texts.ENGLISH) -> Mapping[str, Practice]:
    """Return all practices by slug, in the order of the source text.

    `language` is a tag such as `es` or `es-MX`; what is not translated is English.
    """
    return _catalogue(texts.language_of(language))


@cache
def _catalogue(language: str) -> Mapping[str, Practice]:
    tables = [table for name in texts.names() if "slug" in (table := texts.read(name, language))]
    tables.sort(key=lambda table: int(table["position"]))
    return MappingProxyType({table["slug"]: _practice(table) for table in tables})


def _practice(table: texts.Table) -> Practice:
    return Practice(
        slug=table["slug"],
        title=table["title"],
        aliases=tuple(table["aliases"]),
        kind=Kind(table["kind"]),
        why=table["why"],
        how=table["how"],
        goal=table["defaults"]["goal"],
        schedule=table["defaults"]["schedule"],
        prompts=tuple(
            Prompt(row["id"], row["depth"], Act(row["kind"]), row["text"]) for row in table["prompts"]
        ),
    )


def find(name: str, language: str = texts.ENGLISH) -> Practice:
    """Return the practice with this slug, title or alias; case and punctuation do not matter.

    Raises ValueError, with the nearest name there is, if it is none.
    """
    by_name = {
        _plain(known): practice
        for practice in catalogue(language).values()
        for known in (practice.slug, practice.title, *practice.aliases)
    }
    wanted = _plain(name)
    if practice := by_name.get(wanted):
        return practice
    if near := get_close_matches(wanted, by_name, n=1):
        raise ValueError(f"There is no practice of that name. Did you mean {by_name[near[0]].slug}?")
    raise ValueError(f"There is no practice of that name. There are: {', '.join(catalogue(language))}.")


def _plain(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", name.casefold()))


def draw(practice: Practice, used_ids: Sequence[str], deepest: int, rng: Random) -> Drawn:
    """Return a prompt and the chance in (0, 1] that it had.

    All prompts up to the depth `deepest` (1 to 3) that were not used since the bank was last used up have the
    same chance. `used_ids` runs from the oldest to the newest; other practices' and deeper ids do no harm.
    Raises ValueError if no prompt is that light.
    """
    bank = {prompt.id for prompt in practice.prompts if prompt.depth <= deepest}
    if not bank:
        raise ValueError(f"No prompt of {practice.slug} has a depth of {deepest} or less.")
    used: set[str] = set()
    for prompt_id in used_ids:
        if prompt_id in bank:
            used.add(prompt_id)
        if len(used) == len(bank):
            used.clear()
    free = [prompt for prompt in practice.prompts if prompt.id in bank and prompt.id not in used]
    return Drawn(rng.choice(free), 1 / len(free), not used)
