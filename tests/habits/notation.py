"""The notation of the corpus: what was understood of a message, in one line."""

from datetime import date, time

from habits import parts
from habits.parts import Part


def noted(understood: tuple[Part, ...]) -> str:
    """Return the parts of a message in the corpus's notation, joined by "; "."""
    return "; ".join(text for part in understood if (text := _noted(part)) is not None)


def _noted(part: Part) -> str | None:
    match part:
        case parts.Done(of, day):
            return f"done {_numbers(of)}{_day(day)}"
        case parts.Skip(of, day):
            return f"skip {_numbers(of)}{_day(day)}"
        case parts.Later():
            return " ".join(["later", *_later(part)])
        case parts.Pause(days, until):
            return f"pause{_span(days, until)}"
        case parts.Rest(of, days, until):
            return f"rest {_numbers(of)}{_span(days, until)}"
        case parts.At(at, of):
            return f"at {at:%H:%M} {_numbers(of)}".strip()
        case parts.Scores(values):
            return f"scores {_numbers(values)}"
        case parts.Tell(topic, number):
            return f"{topic} {number}"
        case parts.Which(_, about):
            return f"which {about}"
        case parts.UnknownNumber(number):
            return f"unknown {number}"
        case parts.Code(digits):
            return f"code {digits}".strip()
        case parts.Share(of) | parts.Resume(of) | parts.Drop(of) | parts.Together(of) | parts.Apart(of):
            return f"{type(part).__name__.lower()} {_numbers(of)}".strip()
        case parts.Reacted():
            return None  # What it means stands beside it.
        case parts.Unreacted():
            return "unreact"
    names = {
        parts.SkipPulse: "skip pulse",
        parts.BadScores: "bad scores",
        parts.BadDay: "bad day",
        parts.NotToday: "not today",
        parts.ShareNothing: "share nothing",
        parts.ShowStreaks: "streaks",
        parts.ShowHabits: "habits",
        parts.ShowNext: "next",
        parts.ShowResults: "results",
        parts.ShowAccess: "access",
        parts.ShowCall: "call",
    }
    return names.get(type(part), type(part).__name__.lower())


def _numbers(of: tuple[int, ...]) -> str:
    return " ".join(map(str, of))


def _day(day: date | None) -> str:
    return f" @{day}" if day else ""


def _span(days: int | None, until: date | None) -> str:
    return f" {days}d" if days else f" until {until}" if until else ""


def _later(part: parts.Later) -> list[str]:
    clock: time | None = part.at
    delay = [f"{int(part.delay.total_seconds() // 60)}m"] if part.delay else []
    return delay + [str(part.on)] * bool(part.on) + ([f"{clock:%H:%M}"] if clock else [])
