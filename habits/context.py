"""What a message is understood against."""

from dataclasses import dataclass, field
from datetime import date, datetime
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
    DELETE = "delete"
    """A code was asked for, without which nothing is deleted."""


@dataclass(frozen=True, slots=True)
class Question:
    """The question that a yes or a no belongs to: the newest of our own messages, and not answered yet."""

    about: Asked
    number: int = 0
    """The habit's, for TOGETHER."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of ours that a reaction may quote, with the numbers of the habits that it nudged about."""

    text: str = field(repr=False)
    numbers: tuple[int, ...] = ()


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
    dropped: tuple[int, ...] = ()
    """The numbers of habits that the person left and may take up again."""
    shareable: int = 0
    """How many items the last answered check-in had, if there is somebody to share it with."""
    sent: tuple[Sent, ...] = ()
    """What went out lately, newest first: looked at only if the message has the shape of a reaction."""
    language: str = "en"
    today: date | None = None
    """The person's own day; None: the calendar date of `now`."""

    @property
    def known(self) -> tuple[int, ...]:
        """Return the numbers of the person's habits, in order."""
        return tuple(sorted(habit.number for habit in self.habits))

    @property
    def newest(self) -> tuple[int, ...]:
        """Return the habits of the newest nudge that waits, as far as the person still has them."""
        known = set(self.known)
        lived = (tuple(number for number in nudge if number in known) for nudge in self.waiting)
        return next((nudge for nudge in lived if nudge), ())

    @property
    def day(self) -> date:
        """Return the person's own day."""
        return self.today or self.now.date()
