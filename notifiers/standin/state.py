"""What the stand-in for Twilio remembers: messages, what to do at the next calls, the spelling of errors."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Literal

from notifiers.segments import count

API = "/2010-04-01/Accounts"

ERRORS = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    21211: "The 'To' number is not a valid phone number.",
    21602: "Message body is required.",
    21603: "A 'From' or 'MessagingServiceSid' parameter is required.",
    21604: "A 'To' phone number is required.",
    21610: "Attempt to send to unsubscribed recipient",
    21910: "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel",
    63007: "Twilio could not find a Channel with the specified From address",
    21617: "The concatenated message body exceeds the 1600 character limit.",
}


@dataclass(frozen=True)
class Script:
    """What to do at a call instead of the usual. All fields of a JSON body of `/control/script`."""

    on: Literal["create", "list", "fetch", "account", "numbers"] = "create"
    to: str | None = None
    """Only for messages to this number."""
    times: int = 1
    """For so many calls; the next script comes after that."""
    status: int = 201
    """The HTTP status; 300 and above are refusals."""
    code: int | None = None
    """Twilio's error code in the body of a refusal."""
    retry_after: str | None = None
    body: str | None = None
    """Answered word for word, in the place of JSON that makes sense."""
    wait_seconds: float = 0.0
    """Waited before the answer, after the message was stored."""
    drop: Literal["before", "after", "inside"] | None = None
    """Cut the line: before the request is read, after the message was stored, or inside of the answer, which
    waits in the middle."""
    stored: bool | None = None
    """Whether the message is stored all the same; None: when it is no refusal and not dropped before."""

    @property
    def stores(self) -> bool:
        """Whether a message is stored at this call."""
        return (self.status < 300 and self.drop != "before") if self.stored is None else self.stored


@dataclass
class Record:
    """One message as Twilio keeps it, in either direction."""

    to: str
    from_: str
    body: str
    account_sid: str
    direction: Literal["outbound-api", "inbound"] = "outbound-api"
    messaging_service_sid: str | None = None
    status_callback: str | None = None
    validity_period: int | None = None
    status: str = "queued"
    error_code: int | None = None
    sid: str = field(default_factory=lambda: f"SM{secrets.token_hex(16)}")
    date_created: datetime = field(default_factory=lambda: datetime.now(UTC))
    date_sent: datetime | None = None

    @property
    def at(self) -> datetime:
        """The time that the list is sorted and filtered by."""
        return self.date_sent or self.date_created

    @classmethod
    def of_form(cls, account_sid: str, form: dict[str, str], at: datetime) -> "Record":
        """Return a new outbound message from the form of a create call at that instant."""
        validity = form.get("ValidityPeriod")
        return cls(
            to=form.get("To", ""),
            from_=form.get("From", ""),
            body=form.get("Body", ""),
            account_sid=account_sid,
            messaging_service_sid=form.get("MessagingServiceSid"),
            status_callback=form.get("StatusCallback"),
            validity_period=int(validity) if validity else None,
            date_created=at,
        )

    def fits(self, query: dict[str, str]) -> bool:
        """Say whether a list with these filters holds the message; Twilio compares dates, not times."""
        wanted = [("To", self.to), ("From", self.from_)]
        if any(query.get(name) not in (None, "", value) for name, value in wanted):
            return False
        since, until, day = query.get("DateSent>"), query.get("DateSent<"), query.get("DateSent")
        return (
            (not since or self.at.date() >= _date(since))
            and (not until or self.at.date() <= _date(until))
            and (not day or self.at.date() == _date(day))
        )

    def as_json(self) -> dict[str, object]:
        """Return the resource as Twilio spells it."""
        uri = f"{API}/{self.account_sid}/Messages/{self.sid}"
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": format_datetime(self.date_created),
            "date_sent": format_datetime(self.date_sent) if self.date_sent else None,
            "date_updated": format_datetime(self.at),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": None,
            "from": self.from_ or None,
            "messaging_service_sid": self.messaging_service_sid,
            "num_media": "0",
            "num_segments": "0" if self.messaging_service_sid else str(count(self.body).segments),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }


def error_json(status: int, code: int | None) -> dict[str, object]:
    """Return the body of a refusal as Twilio spells it."""
    body: dict[str, object] = {"message": ERRORS.get(code or 0, "Refused."), "status": status}
    if code is not None:
        body |= {"code": code, "more_info": f"https://www.twilio.com/docs/errors/{code}"}
    return body


def _date(text: str) -> date:
    return date.fromisoformat(text[:10])
