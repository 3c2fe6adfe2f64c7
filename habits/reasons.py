"""Why a nudge goes out, or does not."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a nudge goes out, or does not, in words for the admin and the demo."""

    DUE = "due, and not done yet"
    MOVED = "moved to the end of quiet hours"
    RESCUE = "the last day on which its run can be kept"
    WELCOME = "back after a while: a welcome first"
    USEFUL = "unanswered for long: asked whether nudges are still useful"
    DONE = "done already"
    SKIPPED = "skipped today"
    ASKED = "asked about this day already"
    GOAL_MET = "the goal of this period is met"
    TAPERED = "the goal has been kept for weeks, so nudges are fewer"
    NO_RESCUE = "its run needs no rescue today"
    NOTHING = "there is nothing to tell"
    PAUSED = "paused"
    RESTING = "resting"
    SILENT = "waiting, as the latest were not answered"
    STOPPED = "stopped"
    NO_CONSENT = "no address that said yes"
    QUIET_HOURS = "would fall in quiet hours"
    CAP = "the messages of this day are used up"
    DAILY_CAP = "the installation's limit for this day is reached"
    OWN_CAP = "this person's limit for a day is reached"
    LATE = "too late to be of use"
