"""What each answer of Twilio means for us: the kind of failure, in a sentence without anything private.

Codes: Twilio's error dictionary (docs/api/errors, and docs/whatsapp/api/error-code-mapping; read 2026-11-26),
and the list in the design; docs/twilio.md shows them. An answer that is no clear refusal is `unknown`,
for then the message may have gone out.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests

from notifiers.base import Kind, SendError
from notifiers.lines import never_connected

OPTED_OUT = "21610"

KINDS = {
    **dict.fromkeys(["21211", "21265", "21604", "21610", "21614", "21635", "30005", "30006"], Kind.CONTACT),
    **dict.fromkeys(
        # The account and its credentials.
        ["20003", "20005", "30002"],
        Kind.SENDER,
    ),
    **dict.fromkeys(
        # What is sent from: no such number or messaging service, not ours, not for SMS, not registered.
        ["21212", "21603", "21606", "21659", "21660", "21661", "21701", "21703", "30032", "30034"],
        Kind.SENDER,
    ),
    **dict.fromkeys(
        # What the account may do: countries, a trial's verified numbers, an address for status callbacks.
        ["21408", "21608", "21609"],
        Kind.SENDER,
    ),
    **dict.fromkeys(["20429", "21611", "30001"], Kind.RETRY),
    **dict.fromkeys(["30003", "30004", "30007", "30008", "30036", "30410", "14107"], Kind.CONTENT),
    # WhatsApp: no such user, or one who cannot be written to.
    **dict.fromkeys(["63003", "63024", "63033"], Kind.CONTACT),
    # Its sender: credentials, no such sender, the business account.
    **dict.fromkeys(["63001", "63002", "63007", "63020"], Kind.SENDER),
    # Too fast for it.
    "63018": Kind.RETRY,
    # This message: not accepted, an error of WhatsApp's, against its rules, a sandbox that was not joined,
    # more than 24 hours after their last message, a limit of WhatsApp's, and one for what is promoted.
    **dict.fromkeys(["63005", "63012", "63013", "63015", "63016", "63032", "63049"], Kind.CONTENT),
}

# Our address, account or proxy is wrong: no message would get through. Redirects are never followed.
_SENDER_STATUSES = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 407})

_REASONS = {
    "20003": "Twilio refused the credentials (20003): copy account_sid and auth_token (and api_key and "
    "api_secret, if you use them) from the console once more.",
    "21408": "Twilio may not send to this country (21408): allow it in the console under geo permissions.",
    "21608": "A Twilio trial account sends to verified numbers only (21608): verify it, or upgrade.",
    "21609": "Twilio cannot call the status address (21609): set public_url to one it can reach.",
    "21610": "This person has opted out of messages from this sender (21610): only they can undo that, "
    "by texting START.",
    "63007": "Twilio knows no such WhatsApp sender (63007): use one that its console lists.",
    "63015": "This person has not joined your WhatsApp sandbox (63015): they have to, every 3 days.",
    "63016": "WhatsApp takes free words only within 24 hours of the person's last message (63016).",
    "30034": "The number you send from is not registered for the United States (30034): register it in the "
    "console.",
}

_AGAIN_AT_MOST = timedelta(days=1)


def of_code(code: str | None) -> Kind:
    """Return what is to be done about a message that Twilio accepted and then failed to deliver."""
    return KINDS.get(code or "", Kind.CONTENT)


def refusal(status: int, code: str | None, after: timedelta | None = None) -> SendError:
    """Return the error for an answer of HTTP `status` (300 and above) with Twilio's `code`, if any."""
    kind = _kind(status, code)
    label = code or f"HTTP {status}"
    reason = _REASONS.get("20003" if status == 401 else label) or {
        Kind.CONTACT: f"Twilio cannot reach this number ({label}): check it with the person.",
        Kind.SENDER: f"Twilio does not send for this account ({label}): put the account, the sender or the "
        "address of Twilio right, then run `attune doctor`.",
        Kind.RETRY: f"Twilio is too busy ({label}): the message is tried again later.",
        Kind.CONTENT: f"Twilio refused this message ({label}): it is not sent again.",
        Kind.UNKNOWN: f"Twilio failed in the middle ({label}): nobody knows whether the message went out.",
    }.get(kind, "")
    return SendError(kind, reason, code=label, after=after, opted_out=code == OPTED_OUT)


def _kind(status: int, code: str | None) -> Kind:
    if status >= 500 or status == 408:
        return Kind.UNKNOWN
    if status == 429:
        return Kind.RETRY
    if code in KINDS:
        return KINDS[code]
    return Kind.SENDER if status in _SENDER_STATUSES else Kind.CONTENT


def raise_for_refusal(response: requests.Response, *_args: object, **_options: object) -> None:
    """Raise SendError unless the answer is a success.

    A hook of requests, since the official client drops the headers and puts the number into its exceptions.
    """
    # Reading the body first gives the connection back to the pool.
    code = _code(response)
    if response.status_code >= 300:
        raise refusal(response.status_code, code, retry_after(response.headers.get("Retry-After")))


def _code(response: requests.Response) -> str | None:
    if response.status_code < 300:
        return None
    try:
        body = response.json()
    except ValueError:
        return None
    code = body.get("code") if isinstance(body, dict) else None
    return str(code) if isinstance(code, int) and 10_000 <= code <= 99_999 else None


def retry_after(value: str | None) -> timedelta | None:
    """Return the wait that a Retry-After header asks for (RFC 9110, 10.2.3), at most a day."""
    if value is None:
        return None
    try:
        if value.strip().isdecimal():
            wait = timedelta(seconds=int(value[:9]))
        else:
            wait = parsedate_to_datetime(value) - datetime.now(UTC)
    except (ValueError, TypeError):
        # A date without a zone cannot be subtracted.
        return None
    return min(max(wait, timedelta(0)), _AGAIN_AT_MOST)


def lost(error: Exception) -> SendError:
    """Return the error for a call that ended without an answer that can be understood."""
    if never_connected(error):
        return SendError(
            Kind.RETRY, "There is no connection to Twilio: check the network, DNS and certificates."
        )
    if isinstance(error, requests.Timeout):
        reason = "Twilio did not answer in time: nobody knows whether the message went out."
    elif isinstance(error, requests.RequestException):
        reason = "The line to Twilio broke: nobody knows whether the message went out."
    else:
        reason = "Twilio's answer made no sense: nobody knows whether the message went out."
    return SendError(Kind.UNKNOWN, reason)
