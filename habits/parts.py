"""What a message can say."""

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum


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
class Danger:
    """May be in danger from a person, themselves included."""


@dataclass(frozen=True, slots=True)
class Automatic:
    """Was written by a machine."""


@dataclass(frozen=True, slots=True)
class Done:
    """Has done these habits; one or more numbers, all known; on `day`, if one was said."""

    numbers: tuple[int, ...]
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Skips these habits; one or more numbers, all known; on `day`, if one was said."""

    numbers: tuple[int, ...]
    day: date | None = None


@dataclass(frozen=True, slots=True)
class BadDay:
    """Spoke of a day that is in the future, or too long ago to be logged."""


@dataclass(frozen=True, slots=True)
class NotToday:
    """Says no for today, or that it did not happen; `hard` if they tell of a bad day."""

    hard: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """Takes back what the last message logged."""


@dataclass(frozen=True, slots=True)
class Later:
    """Wants the nudge again after `delay`, or at the next `at`, or on the coming day `on`, at its usual hour
    if no `at` is given; an hour from now if nothing is.
    """

    delay: timedelta | None = None
    at: time | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wants quiet for `days` (1 to 366, today is the first), until the day `until`, or until resume."""

    days: int | None = None
    until: date | None = None
    """The first day back."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Wants quiet about these habits alone, for as long as `Pause` has it."""

    numbers: tuple[int, ...]
    days: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """Ends a pause; with numbers, the rest of these habits, or brings back those that were dropped."""

    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class At:
    """Wants the nudges of these habits at another time of day from now on; none named: the newest nudge's."""

    time: time
    numbers: tuple[int, ...] = ()


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
class ShowNext:
    """Asks when the next reminder comes."""


@dataclass(frozen=True, slots=True)
class ShowResults:
    """Asks for their own check-ins so far."""


@dataclass(frozen=True, slots=True)
class ShowAccess:
    """Asks who has looked at their data."""


@dataclass(frozen=True, slots=True)
class ShowCall:
    """Asks for people to call."""


class Topic(StrEnum):
    """What a person wants to hear about a habit."""

    MORE = "more"  # Another prompt.
    DEEPER = "deeper"  # A deep one.
    WHY = "why"
    HOW = "how"


@dataclass(frozen=True, slots=True)
class Tell:
    """Wants to hear something about a habit; a known number."""

    topic: Topic
    number: int


@dataclass(frozen=True, slots=True)
class Share:
    """Shares these items of the last answered check-in, counted from 1; none: asks which there are."""

    items: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ShareNothing:
    """Shares nothing of the last answered check-in, or takes it back."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Leaves these habits for good; one or more numbers, all known."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """Leaves all of it."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Wants all that is kept of them deleted."""


@dataclass(frozen=True, slots=True)
class Code:
    """Sends the code that confirms it; digits only, none if they meant to confirm without it."""

    digits: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Keep:
    """Wants nothing deleted after all."""


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
    DROP = "drop"
    MORE = "more"
    DEEPER = "deeper"
    WHY = "why"
    HOW = "how"


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
class Unread:
    """Said more than was understood: to be named in the answer."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Was not understood."""


@dataclass(frozen=True, slots=True)
class Reacted:
    """Reacted with `done`, or `how`, to the message that has the place `message` in what was sent."""

    message: int
    how: bool = False


@dataclass(frozen=True, slots=True)
class Unreacted:
    """Took a reaction to a message of ours back; `message` is its place in what was sent."""

    message: int


@dataclass(frozen=True, slots=True)
class Ignored:
    """A reaction that says nothing to us."""


Part = (
    Stop
    | Help
    | Danger
    | Automatic
    | Agree
    | Done
    | Skip
    | BadDay
    | NotToday
    | Undo
    | Later
    | Pause
    | Rest
    | Resume
    | At
    | Together
    | Apart
    | ShowStreaks
    | ShowHabits
    | ShowNext
    | ShowResults
    | ShowAccess
    | ShowCall
    | Tell
    | Share
    | ShareNothing
    | Drop
    | Leave
    | Delete
    | Code
    | Keep
    | Scores
    | SkipPulse
    | BadScores
    | Which
    | UnknownNumber
    | Unread
    | Unclear
    | Reacted
    | Unreacted
    | Ignored
)
