"""What was understood of a message, in words for whoever tries things out: English, as all for admins."""

from datetime import date, timedelta

from habits import parts
from habits.parts import Part

PLAIN: dict[type, str] = {
    parts.Stop: "wants nothing more",
    parts.Help: "asks who runs this",
    parts.Danger: "may be in danger",
    parts.Automatic: "an automatic reply",
    parts.Agree: "consents",
    parts.BadDay: "a day out of reach",
    parts.Undo: "takes back the last message",
    parts.ShowStreaks: "asks for the streaks",
    parts.ShowHabits: "asks for the list",
    parts.ShowNext: "asks when the next reminder comes",
    parts.ShowResults: "asks for the own check-ins",
    parts.ShowAccess: "asks who has looked",
    parts.ShowCall: "asks for people to call",
    parts.ShareNothing: "shares nothing",
    parts.Leave: "leaves everything",
    parts.Delete: "wants everything deleted",
    parts.Code: "sends a code",
    parts.Keep: "wants nothing deleted",
    parts.SkipPulse: "leaves out the check-in",
    parts.BadScores: "scores that do not fit the check-in",
    parts.Unread: "and more that was not clear",
    parts.Unclear: "not clear",
    parts.Ignored: "a reaction that says nothing",
    parts.Reacted: "a reaction to a message of ours",
    parts.Unreacted: "took a reaction back",
}


def described(understood: tuple[Part, ...]) -> str:
    """Return what a message was taken to say, its parts joined by "; "."""
    return "; ".join(_described(part) for part in understood)


def _described(part: Part) -> str:
    match part:
        case parts.Done(of, day):
            return f"done {_numbers(of)}{_on(day)}"
        case parts.Skip(of, day):
            return f"skip {_numbers(of)}{_on(day)}"
        case parts.NotToday(hard):
            return "tells of a hard day" if hard else "not today"
        case parts.Later():
            return f"later {_later(part)}".rstrip()
        case parts.Pause(days, until):
            return f"pause{_span(days, until)}"
        case parts.Rest(of, days, until):
            return f"rest {_numbers(of)}{_span(days, until)}"
        case parts.At(at, of):
            return f"at {at:%H:%M} {_numbers(of)}".rstrip()
        case parts.Scores(values):
            return f"scores {_numbers(values)}"
        case parts.Tell(topic, number):
            return f"{topic} {number}"
        case parts.Which(of, about):
            return f"{about}, but which of {_numbers(of)}?"
        case parts.UnknownNumber(number):
            return f"no number {number} on the list"
        case parts.Share(of) | parts.Resume(of) | parts.Drop(of) | parts.Together(of) | parts.Apart(of):
            return f"{type(part).__name__.lower()} {_numbers(of)}".rstrip()
    return PLAIN[type(part)]


def _numbers(of: tuple[int, ...]) -> str:
    return " ".join(map(str, of))


def _on(day: date | None) -> str:
    return f" on {day}" if day else ""


def _span(days: int | None, until: date | None) -> str:
    return f" for {days} days" if days else f" until {until}" if until else ""


def _later(part: parts.Later) -> str:
    delay = f"in {_minutes(part.delay)} min" if part.delay else ""
    day = str(part.on) if part.on else ""
    return " ".join(piece for piece in (delay, day, f"{part.at:%H:%M}" if part.at else "") if piece)


def _minutes(delay: timedelta) -> int:
    return int(delay.total_seconds() // 60)
