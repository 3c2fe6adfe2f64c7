"""The words of each message: the catalogue's texts, filled in and cut to as few SMS segments as they need.

`turn` picks among a text's alternatives; callers count it up, so that nobody reads the same thing every time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from habits import pulse as checkin
from habits import safety, wording
from habits.streaks import Progress
from notifiers.segments import fitting
from service.settings import Settings
from service.states import AddressKind, NudgeKind

MOST_LINES = 6
SUBJECTS = {
    NudgeKind.CONSENT: "subject_consent",
    NudgeKind.WELCOME: "subject_welcome_back",
    NudgeKind.NUDGE: "subject_nudge",
    NudgeKind.RESCUE: "subject_nudge",
    NudgeKind.PULSE: "subject_pulse",
    NudgeKind.SUMMARY: "subject_summary",
    NudgeKind.QUESTION: "subject_question",
    NudgeKind.NOTICE: "subject_code",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One habit in a nudge: its number for this person, its title, the prompt, and the person's own cue."""

    number: int
    title: str
    prompt: str
    cue: str | None = None


def text(language: str, key: str, turn: int = 0, /, **values: str | int) -> str:
    """Return the longest variant of a text that fits one segment, or two where the catalogue allows two."""
    most = wording.catalogue(language)[key].segments
    return fitting(wording.variants(language, key, turn, **values), most)


def alternatives(language: str, key: str, **values: str | int) -> list[str]:
    """Return all alternatives of a text, each in its longest variant."""
    turns = range(len(wording.catalogue(language)[key].alternatives))
    return [wording.variants(language, key, turn, **values)[0] for turn in turns]


def nudge(language: str, discreet: bool, lines: Sequence[Line], turn: int, rescue: bool = False) -> str:
    """Return the words of a nudge for one habit, or of a digest for several, with their numbers.

    `rescue`: it is the last day on which a run can be kept, which is said gently, and of one habit only.
    """
    if any(line.cue for line in lines):
        return _nudge(language, discreet, tuple(lines), turn, rescue)  # Their own words are not kept.
    return _of_catalogue(language, discreet, tuple(lines), turn, rescue)


def _nudge(language: str, discreet: bool, lines: tuple[Line, ...], turn: int, rescue: bool) -> str:
    if len(lines) > 1:
        return _digest(language, discreet, lines, turn)
    (line,) = lines
    if discreet:
        return text(language, "nudge_discreet", turn, number=line.number)
    values: dict[str, str | int] = {"title": line.title, "prompt": line.prompt, "number": line.number}
    if line.cue:
        return text(language, "nudge_cue", turn, cue=wording.lead(line.cue), **values)
    if rescue:
        return text(language, "rescue", turn, **values)
    return text(language, "nudge", turn, **values)


_of_catalogue = lru_cache(maxsize=4096)(_nudge)


def summary(language: str, habits: Sequence[tuple[str, Progress]], together: Sequence[str]) -> str:
    """Return the weekly summary: practised days and streak of each habit, by its title, and what is joint."""
    lines, short = standings(language, habits)
    key = "summary_joint" if together else "summary"
    listed = {"lines": "\n".join(lines), "list": ", ".join(short), "together": "\n".join(together)}
    return text(language, key, **listed)


def standings(language: str, habits: Sequence[tuple[str, Progress]]) -> tuple[list[str], list[str]]:
    """Return a line for each habit by its title, practised days first, and a short form of each."""
    lines: list[str] = []
    short: list[str] = []
    for title, progress in habits:
        values: dict[str, str | int] = {"title": title, "total": progress.practised}
        short.append(text(language, "streak_short", **values))
        if progress.streak:
            run = span(language, progress.streak, progress.unit)
            lines.append(text(language, "streak_line", streak=run, **values))
        else:
            lines.append(text(language, "streak_line_fresh", **values))
    return lines, short


def span(language: str, count: int, unit: str) -> str:
    """Return a streak's length: `12 days`, `1 week`."""
    return text(language, f"span_{unit}s", count=count)


def _digest(language: str, discreet: bool, lines: Sequence[Line], turn: int) -> str:
    if discreet:
        numbers = ", ".join(str(line.number) for line in lines)
        return text(language, "digest_discreet", turn, numbers=numbers)
    listed = numbered(language, [(line.number, line.title) for line in lines])
    prompts = "\n".join(_digest_line(language, line) for line in lines)
    return text(language, "digest", turn, lines=prompts, list=listed)


def _digest_line(language: str, line: Line) -> str:
    title = wording.lead(line.cue) if line.cue else line.title
    return wording.variants(language, "digest_line", number=line.number, title=title, prompt=line.prompt)[0]


def numbered(language: str, habits: Sequence[tuple[int, str]]) -> str:
    """Return habits as people see them listed: `1 Gratitude, 2 Quality time`."""
    items = [text(language, "numbered", number=number, title=title) for number, title in habits]
    return ", ".join(items)


def title(language: str, discreet: bool, number: int, plain: str) -> str:
    """Return a practice's title, or what stands for it in messages to a discreet person."""
    return text(language, "discreet_title", number=number) if discreet else plain


def pulse(language: str, week_on: date) -> str:
    """Return the check-in question of the week that begins on `week_on`."""
    first, second, third = (item.short for item in checkin.asked(week_on, language))
    return text(language, "pulse", first=first, second=second, third=third)


def consent_question(settings: Settings, language: str, kind: AddressKind, daily: int) -> str:
    """Return the opt-in question, the only message before a yes; `daily`: messages a day at the most."""
    key = "consent_progress" if settings.operator_sees == "progress" else "consent"
    if kind in (AddressKind.EMAIL, AddressKind.APPRISE):  # Neither counts segments.
        key += "_email"
    return text(
        language, key, brand=settings.brand, daily=at_most(daily), contact=contact(settings, language)
    )


def at_most(daily_cap: int) -> int:
    """Return how many messages a day somebody is told to expect: one, if there are no nudges for now."""
    return max(daily_cap, 1)


def contact(settings: Settings, language: str) -> str:
    """Return who runs this installation, in words for the people it writes to."""
    return settings.contact or text(language, "nobody_named")


def with_helplines(key: str, language: str, country: str, turn: int = 0) -> str:
    """Return `danger` or `call` with as many helplines of a country as its segments have room for."""
    most = wording.catalogue(language)[key].segments
    shown = [safety.helplines(country, language, count) for count in range(MOST_LINES, 0, -1)]
    filled = [wording.variants(language, key, turn, helplines=lines) for lines in dict.fromkeys(shown)]
    return fitting([one for variants in zip(*filled, strict=True) for one in variants], most)


def help_answer(settings: Settings, language: str, country: str, turn: int = 0) -> str:
    return text(
        language,
        "help",
        turn,
        brand=settings.brand,
        contact=contact(settings, language),
        emergency=safety.emergency(country, language),
    )


def subject(language: str, kind: NudgeKind, brand: str, discreet: bool, turn: int) -> str:
    """Return the subject of an e-mail."""
    if discreet:
        return wording.variants(language, "subject_discreet")[0]
    return wording.variants(language, SUBJECTS.get(kind, "subject_answer"), turn, brand=brand)[0]
