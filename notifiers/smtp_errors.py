"""What a mail server's answer, or its silence, means for us (RFC 5321; RFC 3463 for codes like `5.1.1`)."""

import re
import smtplib
import ssl
from enum import StrEnum

from notifiers.base import Kind, SendError


class Stage(StrEnum):
    """How far a conversation with a mail server has come."""

    CONNECT = "connect"  # Connection, TLS and greeting.
    LOGIN = "login"
    FROM = "from"
    TO = "to"
    DATA = "data"  # From the DATA command on, the server may have taken the message.


_ENHANCED = re.compile(rb"\s*([245]\.[0-9]{1,3}\.[0-9]{1,3})\b")

# 5.2.1 is a mailbox that is closed.
_DEAD_ADDRESS = re.compile(r"5\.(1\.[0-9]+|2\.1)")
# A login is missing or wrong; the address that we send from is bad.
_OUR_FAULT = frozenset({530, 535, 538})
_OUR_ADDRESS = frozenset({"5.1.7", "5.1.8"})

_REASONS = {
    Kind.RETRY: "The mail server does not take the message now ({}): it is tried again later.",
    Kind.CONTACT: "The mail server knows no such mailbox ({}): check the address with the person.",
    Kind.CONTENT: "The mail server refused this message ({}): it is not sent again.",
    Kind.UNKNOWN: "The mail server's answer made no sense ({}): nobody knows whether the message went out.",
}
_SENDER_REASONS = {
    Stage.CONNECT: "The mail server turns us away ({}): check host, port and security of the channel smtp.",
    Stage.LOGIN: "The mail server refused the login ({}): check username and password of the channel smtp.",
    Stage.FROM: "The mail server does not let us send from this address ({}): check sender and the login.",
    Stage.TO: "The mail server does not pass mail on for us ({}): check username and password.",
    Stage.DATA: "The mail server takes no messages from us ({}): check sender, username and password.",
}


def is_dead_address(status: str) -> bool:
    """Say whether a status such as `5.1.1` means that there is no such mailbox, rather than a refusal."""
    return _DEAD_ADDRESS.fullmatch(status) is not None and status not in _OUR_ADDRESS


class Refused(smtplib.SMTPResponseException):
    """A reply that is not the one we need; smtplib's own functions return it instead of raising."""


def failure(error: Exception, stage: Stage) -> SendError:
    """Return the error for whatever ended a conversation at `stage`; no word of the server's is repeated."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        what = "no login" if stage is Stage.LOGIN else "no STARTTLS"
        return _sender(f"The mail server offers {what}: check security, username and password of smtp.")
    if isinstance(error, ssl.SSLCertVerificationError):
        return _sender(
            "The mail server's certificate is not valid for this host: check host, or give ca_file if the "
            "server has an authority of its own."
        )
    if isinstance(error, smtplib.SMTPResponseException):
        # A line that never ends is reported as a refusal with 500, but says nothing of the message.
        honest = stage is not Stage.DATA or isinstance(error, Refused | smtplib.SMTPDataError)
        return _refusal(error.smtp_code if honest else -1, error.smtp_error, stage)
    return _silence(error, stage)


def _refusal(code: int, words: bytes | str, stage: Stage) -> SendError:
    enhanced = _ENHANCED.match(words.encode("ascii", "replace") if isinstance(words, str) else words)
    status = enhanced[1].decode("ascii") if enhanced else ""
    kind = _kind(code, status, stage)
    label = f"{code} {status}".strip() if code > 0 else "no code"
    reason = _SENDER_REASONS[stage] if kind is Kind.SENDER else _REASONS[kind]
    return SendError(kind, reason.format(label), code=label)


def _kind(code: int, status: str, stage: Stage) -> Kind:
    if 400 <= code < 500:
        return Kind.RETRY
    if not 500 <= code < 600:
        return Kind.UNKNOWN if stage is Stage.DATA else Kind.RETRY
    if stage in (Stage.CONNECT, Stage.LOGIN, Stage.FROM) or code in _OUR_FAULT or status in _OUR_ADDRESS:
        return Kind.SENDER
    if _DEAD_ADDRESS.fullmatch(status):
        return Kind.CONTACT
    if stage is Stage.DATA:
        return Kind.CONTENT
    return _kind_of_refused_recipient(code, status)


def _kind_of_refused_recipient(code: int, status: str) -> Kind:
    if status.startswith("5.7."):
        # We speak to our own server: a policy at this point is its "relay access denied".
        return Kind.SENDER
    # 556: the domain takes no mail (RFC 7504). 501: it cannot even be read as an address.
    dead = code in (501, 550, 551, 553, 556) and not status.startswith("5.2.")
    return Kind.CONTACT if dead else Kind.CONTENT


def _silence(error: Exception, stage: Stage) -> SendError:
    if stage is Stage.DATA:
        return SendError(
            Kind.UNKNOWN, "The line to the mail server broke: nobody knows whether the message went out."
        )
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return _sender(
            "The mail server does not speak TLS here: check port and security of the channel smtp."
        )
    # Each error of smtplib is an OSError; only this one of those that are left is about the line.
    broken = isinstance(error, smtplib.SMTPServerDisconnected)
    if broken or (isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException)):
        return SendError(
            Kind.RETRY, "There is no connection to the mail server: check host, port and network."
        )
    # Such as no way to log in that both sides know, or a password or host that cannot be spelt for it.
    return _sender(_SENDER_REASONS[stage].format("no answer that we know"))


def _sender(reason: str) -> SendError:
    return SendError(Kind.SENDER, reason)
