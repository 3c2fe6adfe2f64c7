"""The ten rules of the policy in a sentence each, and which of them stands behind each reason."""

from habits.reasons import Reason

RULES = {
    1: "Only to an address that said yes, and to nobody who paused, rests or stopped.",
    2: "Quiet when done: not for a habit whose day is done, or whose week has what it asked for.",
    3: "Quiet hours (21:00 to 08:00 unless set otherwise): moved to their end if that is the same day, "
    "else none.",
    4: "One message: reminders within ten minutes go together, with their numbers; three messages a day "
    "at the most.",
    5: "Catching up: what is two hours late is dropped. After an outage there is one message, not a burst.",
    6: "Silence: after three messages without an answer it waits 6 days, then 15, then asks once whether "
    "nudges are still useful, and rests until a sign of life.",
    7: "Taper, where it is switched on: nudges get fewer once the goal is kept for 4 weeks, and for 12.",
    8: "Rescue, where it is switched on: one gentle nudge on the last day on which a run can be kept.",
    9: "Coming back: whoever was away for three days or more gets a welcome, no list, no guilt.",
    10: "A weekly summary, one message: practised days, streaks, what is joint.",
}
"""The list of docs/why.md, by its numbers."""

RULE_OF = {
    Reason.DUE: 2,
    Reason.MOVED: 3,
    Reason.RESCUE: 8,
    Reason.WELCOME: 9,
    Reason.USEFUL: 6,
    Reason.DONE: 2,
    Reason.SKIPPED: 2,
    Reason.ASKED: 2,
    Reason.GOAL_MET: 2,
    Reason.TAPERED: 7,
    Reason.NO_RESCUE: 8,
    Reason.NOTHING: 10,
    Reason.PAUSED: 1,
    Reason.RESTING: 1,
    Reason.SILENT: 6,
    Reason.STOPPED: 1,
    Reason.NO_CONSENT: 1,
    Reason.QUIET_HOURS: 3,
    Reason.CAP: 4,
    Reason.DAILY_CAP: 4,
    Reason.OWN_CAP: 4,
    Reason.LATE: 5,
}
"""The number of the rule that decided, for every reason."""
