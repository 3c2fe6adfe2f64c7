"""What a message is understood against, and what it can say. Used through `habits.replies`."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Known:
    """A habit that the person has now, by the number that is theirs for good."""

    number: int
    slug: str
    title: str
    aliases: tuple[str, ...] = ()


class Asked(StrEnum):
    """What a question with the answers yes and no is about."""

    TOGETHER = "together"
    USEFUL = "useful"


@dataclass(frozen=True, slots=True)
class Question:
    """The question that a yes or a no belongs to: the newest of our own messages, and not answered yet."""

    about: Asked
    number: int = 0
    """The habit's, for TOGETHER."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a message is understood against."""

    now: datetime
    """Aware, in the person's own zone."""
    habits: tuple[Known, ...] = ()
    waiting: tuple[tuple[int, ...], ...] = ()
    """The numbers of the habits in each nudge that still waits for an answer, newest first."""
    asking_consent: bool = False
    stopped: bool = False
    pulse: tuple[tuple[int, int], ...] = ()
    """Lowest and highest score of each item of the check-in, while one is open."""
    joint: tuple[int, ...] = ()
    """The numbers of the habits that both of a couple may make theirs together."""
    question: Question | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Stop:
    """Wants nothing more."""


@dataclass(frozen=True, slots=True)
class Help:
    """Asks who runs this."""


@dataclass(frozen=True, slots=True)
class Agree:
    """Consents while being asked, or comes back after a stop."""


@dataclass(frozen=True, slots=True)
class Done:
    """Has done these habits; one or more numbers, all known."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Skip:
    """Skips these habits; one or more numbers, all known."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Undo:
    """Takes back what the last message logged."""


@dataclass(frozen=True, slots=True)
class Later:
    """Wants the nudge again after `delay`, or at the next `at`; an hour from now if neither is given."""

    delay: timedelta | None = None
    at: time | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wants quiet for `days` (1 to 366, today is the first), until the day `until`, or until resume."""

    days: int | None = None
    until: date | None = None
    """The first day back."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Ends a pause."""


@dataclass(frozen=True, slots=True)
class Together:
    """Lets the partner see how these habits go for both; one or more numbers, all known."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Apart:
    """Takes that back, or declines it; one or more numbers, all known."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShowStreaks:
    """Asks for the streaks."""


@dataclass(frozen=True, slots=True)
class ShowHabits:
    """Asks for the list of habits."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Answers the check-in, each score within its item's range."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SkipPulse:
    """Leaves out this week's check-in."""


@dataclass(frozen=True, slots=True)
class BadScores:
    """Tried to answer the check-in, with too few or too many scores or one out of range."""


class About(StrEnum):
    """What a question back is about."""

    DONE = "done"
    SKIP = "skip"
    TOGETHER = "together"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class Which:
    """Could mean one or more of these habits: ask which."""

    numbers: tuple[int, ...]
    about: About = About.DONE


@dataclass(frozen=True, slots=True)
class UnknownNumber:
    """Named a number that is none of the person's habits."""

    number: int


@dataclass(frozen=True, slots=True)
class Unclear:
    """Was not understood."""


Part = (
    Stop
    | Help
    | Agree
    | Done
    | Skip
    | Undo
    | Later
    | Pause
    | Resume
    | Together
    | Apart
    | ShowStreaks
    | ShowHabits
    | Scores
    | SkipPulse
    | BadScores
    | Which
    | UnknownNumber
    | Unclear
)
