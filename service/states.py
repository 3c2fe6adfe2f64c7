"""The words that rows use for what they are and how far they got."""

from enum import StrEnum


class AddressKind(StrEnum):
    SMS = "sms"
    EMAIL = "email"
    WHATSAPP = "whatsapp"
    APPRISE = "apprise"


class ConsentEvent(StrEnum):
    ASKED = "asked"
    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    RESTORED = "restored"


class Joint(StrEnum):
    NONE = "none"
    BOTH = "both"
    EITHER = "either"


class Purpose(StrEnum):
    """What a reminder brings."""

    NUDGE = "nudge"
    RESCUE = "rescue"
    PULSE = "pulse"
    SUMMARY = "summary"


class NudgeKind(StrEnum):
    NUDGE = "nudge"
    RESCUE = "rescue"
    ANSWER = "answer"
    PULSE = "pulse"
    SUMMARY = "summary"
    WELCOME = "welcome"  # To somebody who was away, in place of what was due.
    QUESTION = "question"  # Its answer is yes or no: are nudges still useful, is a habit to be shared.
    CONSENT = "consent"
    NOTICE = "notice"


class Cause(StrEnum):
    """What a nudge goes back to; with its id and turn it makes a nudge unique."""

    REMINDER = "reminder"  # Its turn is the ordinal of the local date.
    REPLY = "reply"
    OPT_OUT = "opt-out"  # The one confirmation; a stopped person still gets it.
    HELP = "help"  # A stopped person still gets it.
    ENROLMENT = "enrolment"
    CODE = "code"
    TOGETHER = "together"  # Its id is the habit's.
    DELETE = "delete"  # The code that deletes all; a stopped person still gets it.
    TEST = "test"


class NudgeState(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    LAPSED = "lapsed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """How one attempt ended."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    CONTACT = "contact"
    SENDER = "sender"
    CONTENT = "content"
    UNKNOWN = "unknown"


class ReplyState(StrEnum):
    RECEIVED = "received"
    UNDERSTOOD = "understood"
    STUCK = "stuck"


class RestKind(StrEnum):
    """Why a person's part in a joint habit rests; to the other they all look the same."""

    STOPPED = "stopped"
    SILENT = "silent"  # Until a sign of life.
    APART = "apart"  # `together` was taken back.


class PulseState(StrEnum):
    ASKED = "asked"
    ANSWERED = "answered"
    SKIPPED = "skipped"
