"""Whether a reminder is needed at all, from how its habit stands: rules 2, 7 and 8 of the policy."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from habits.reasons import Reason

WEEK = 7
TAPER = ((12, 4), (4, 2))
"""After how many weeks in which the goal was kept only every how many-th nudge goes."""


class Kind(StrEnum):
    """What a message is. Reminders ask for the first four; the policy may put another in their place."""

    NUDGE = "nudge"
    RESCUE = "rescue"
    PULSE = "pulse"
    SUMMARY = "summary"
    WELCOME = "welcome"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Standing:
    """How the subject of a reminder stands on the person's day that it is about.

    `met`: there is nothing to nudge for (`streaks.quiet_when_done`). `slack` in days, as in
    `streaks.Progress`; only rescues look at it. `kept_weeks`: whole weeks of the running streak of a habit
    that tapers, else 0; `thinned`: nudges left out in a row for that reason. `asked`: this was asked about
    this day (a check-in: this week) already. `empty`: a summary would have nothing to tell.
    """

    paused: bool = False
    asked: bool = False
    empty: bool = False
    done: bool = False
    skipped: bool = False
    met: bool = False
    slack: int | None = None
    kept_weeks: int = 0
    thinned: int = 0


def needless(kind: Kind, standing: Standing) -> Reason | None:
    """Return why nothing needs to be said, or None: quiet when done, and no rescue without need."""
    if standing.paused:
        return Reason.PAUSED
    if standing.asked:
        return Reason.ASKED
    if standing.empty:
        return Reason.NOTHING
    if standing.skipped:
        return Reason.SKIPPED
    if standing.done:
        return Reason.DONE  # One a day counts: a second would add nothing, whatever the goal.
    if standing.met:
        return Reason.GOAL_MET
    if kind is Kind.RESCUE and standing.slack != 0:
        return Reason.NO_RESCUE
    return None


def tapered(kind: Kind, standing: Standing) -> bool:
    """Say whether a nudge that could go is left out because the goal has been kept for weeks.

    Every second goes from the fifth week of a streak on, every fourth from the thirteenth.
    """
    every = next((every for weeks, every in TAPER if standing.kept_weeks >= weeks), 1)
    return kind is Kind.NUDGE and standing.thinned + 1 < every


def kept_weeks(since: date | None, today: date) -> int:
    """Return for how many whole weeks a streak that began on `since` has been kept."""
    return (today - since).days // WEEK if since else 0
