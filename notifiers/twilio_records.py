"""What Twilio's list of messages says: people's messages, what became of ours, and how far it was read.

The list shows the newest first, and a message may be listed late (twilio-java #442, twilio-node #647). So a
bit of it is read again each time, and much of it now and then.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from notifiers import twilio_errors
from notifiers.base import Inbound, Report

OVERLAP = timedelta(minutes=15)
"""Read again each time."""
LOOK_BACK = timedelta(hours=12)
"""Read again now and then: longer than Twilio keeps a message in its queue (10 hours)."""
LOOK_BACK_EVERY = timedelta(minutes=15)
OLDEST = timedelta(days=30)
"""Read after an outage, or when polling begins anew; what is older is of no use any more."""
FEW, MANY = 50, 1000
"""Messages on a page, for each of the two. Twilio gives 1,000 at most."""

RANKS = {
    **dict.fromkeys(["accepted", "scheduled", "queued", "sending"], 1),
    "sent": 2,
    **dict.fromkeys(["delivered", "read", "partially_delivered", "undelivered", "failed", "canceled"], 3),
}
FAILED = frozenset({"undelivered", "failed", "canceled"})
WHATSAPP = "whatsapp:"
"""What Twilio writes before the number of somebody who is reached by WhatsApp."""

MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_ERROR_CODE = re.compile(r"[1-9][0-9]{4}")


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the list was read; as text, three instants and nothing private."""

    began_at: datetime
    """Nothing older is ever returned."""
    read_until: datetime
    """The newest message that was seen, by Twilio's clock, yet never later than it was seen by ours."""
    looked_back_at: datetime

    @classmethod
    def beginning(cls, now: datetime) -> "Mark":
        """Return the mark of somebody who wants all from `now` on; Twilio's dates are whole seconds."""
        second = now.replace(microsecond=0)
        return cls(second, second, second)

    @classmethod
    def read(cls, text: str) -> "Mark":
        """Return the mark that was written as `text`. Raises ValueError."""
        began_at, read_until, looked_back_at = map(datetime.fromisoformat, text.split())
        return cls(began_at, read_until, looked_back_at)

    def __str__(self) -> str:
        return " ".join(at.isoformat() for at in (self.began_at, self.read_until, self.looked_back_at))

    def looks_back(self, now: datetime) -> bool:
        """Say whether it is time to read much again."""
        return now - self.looked_back_at >= LOOK_BACK_EVERY

    def since(self, now: datetime) -> datetime:
        """Return from when on the list is to be read."""
        start = min(self.read_until, now) - OVERLAP
        if self.looks_back(now):
            start = min(start, now - LOOK_BACK)
        return max(start, now - OLDEST)

    def moved(self, seen: Iterable[datetime], now: datetime) -> "Mark":
        """Return the mark after a reading in which messages of these dates were seen."""
        read_until = max(self.read_until, min(now, max(seen, default=self.read_until)))
        return Mark(self.began_at, read_until, now if self.looks_back(now) else self.looked_back_at)


def newest_first(records: Iterable[Any], since: datetime) -> Iterator[Any]:
    """Yield the records of a list up to the first that is older than `since`: no further page is fetched."""
    for record in records:
        if (at := date_of(record)) is None:
            continue
        if at < since:
            return
        yield record


def date_of(record: Any) -> datetime | None:
    """Return the later of a record's dates."""
    dates = (record.date_sent, record.date_created)
    return max((at.astimezone(UTC) for at in dates if isinstance(at, datetime)), default=None)


def inbound(record: Any, is_ours: Callable[[Any], bool]) -> Inbound | None:
    """Return the person's message in a record, None if it is none, or one to somebody else on the account."""
    whole = record.direction == "inbound" and record.status != "receiving"
    if not whole or not record.from_ or not _has_sid(record) or not is_ours(record):
        return None
    kind, sender = plain_address(record.from_)
    return Inbound(record.sid, sender, record.body or "", date_of(record), address_kind=kind)


def outbound(record: Any) -> Report | None:
    """Return what became of a message of ours, None while it is no more than queued, as we know already."""
    if not str(record.direction).startswith("outbound") or not _has_sid(record):
        return None
    found = report(record.sid, str(record.status), str(record.error_code or ""))
    return found if found and found.rank > 1 else None


def report(sid: str, status: str, error_code: str) -> Report | None:
    """Return the report in a status and an error code of Twilio's, or None if they mean nothing to us."""
    if status not in RANKS or not MESSAGE_SID.fullmatch(sid):
        return None
    if status not in FAILED:
        return Report(sid, status, RANKS[status])
    code = error_code if _ERROR_CODE.fullmatch(error_code) else None
    opted_out = code == twilio_errors.OPTED_OUT
    return Report(sid, status, RANKS[status], twilio_errors.of_code(code), code, opted_out)


def plain_address(address: str) -> tuple[str, str]:
    """Return the kind of an address of Twilio's and the address without what shows its kind."""
    if address.startswith(WHATSAPP):
        return "whatsapp", address.removeprefix(WHATSAPP)
    return "sms", address


def _has_sid(record: Any) -> bool:
    return isinstance(record.sid, str) and MESSAGE_SID.fullmatch(record.sid) is not None
