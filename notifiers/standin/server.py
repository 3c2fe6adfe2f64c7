"""A stateful stand-in for Twilio's API, as a real HTTP server on a free loopback port."""

import contextlib
import queue
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Self

from notifiers.standin import posts
from notifiers.standin.api import Api
from notifiers.standin.state import Record, Script

_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
_START = frozenset({"START", "YES", "UNSTOP"})


class TwilioServer:
    """Twilio for one account: takes messages, lists them, and posts to the installation.

    `inbound_url` is where the installation really listens for messages; `public_url` is the beginning of the
    address that it is configured with and that signatures are made for. Both may be set later.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        account_sid: str = f"AC{'0' * 31}1",
        auth_token: str = "a-token-for-tests",
        number: str = "+12025550100",
        whatsapp_number: str = "+12025550100",
        api_key: tuple[str, str] | None = None,
        inbound_url: str | None = None,
        public_url: str | None = None,
        auto_deliver: bool = False,
        latency: tuple[float, float] = (0.0, 0.0),
        reports_after: tuple[float, float] = (0.0, 0.0),
        per_second: float = 0.0,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.number = number
        self.whatsapp_number = whatsapp_number
        self.messaging_service: str | None = None
        """The messaging service that the number belongs to."""
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.logins = dict([(account_sid, auth_token), *([api_key] if api_key else [])])
        self.inbound_url = inbound_url
        self.public_url = public_url
        self.auto_deliver = auto_deliver
        self.latency = latency
        """Seconds, from and to: so long it takes to store a message, and as long again to answer."""
        self.reports_after = reports_after
        """Seconds, from and to, after which automatic reports are posted."""
        self.per_second = per_second
        """Messages taken a second, and at once after a while without any, one at least; 0: no limit."""
        self._room, self._room_at = max(1.0, per_second), time.monotonic()
        self.account_status = "active"
        self.records: list[Record] = []
        self.creates: Counter[tuple[str, str]] = Counter()
        """How often a message was stored, for each number and text."""
        self.calls = 0
        """How many requests came in, refused ones too."""
        self.opted_out: set[str] = set()
        self.closing = threading.Event()
        self._scripts: list[Script] = []
        self._lock = threading.Lock()
        self._posts: queue.Queue[Callable[[], object] | None] = queue.Queue()
        self._port = port

    def __enter__(self) -> Self:
        self._api = Api(self, self._port)
        self._threads = [
            threading.Thread(target=self._api.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True),
            threading.Thread(target=self._post_all, daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._api.stop()
        self._posts.put(None)
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        """The base URL to give to the channel."""
        return f"http://127.0.0.1:{self._api.server_port}"

    @property
    def messages(self) -> list[Record]:
        """The messages that were sent, in order."""
        return [record for record in self.records if record.direction != "inbound"]

    @property
    def connections(self) -> int:
        """How many connections were made."""
        return self._api.accepted

    def script(self, *scripts: Script) -> None:
        """Do these things at the next calls that they fit, each in its turn."""
        with self._lock:
            self._scripts.extend(scripts)

    def scripted(self, on: str, to: str | None, *, unread: bool = False) -> Script | None:
        """Take the first script that fits a call; `unread`: only one that cuts the line before reading."""
        with self._lock:
            for index, script in enumerate(self._scripts):
                fits = script.on == on and (script.to is None or script.to == to)
                if not fits:
                    continue
                if unread and (script.drop != "before" or script.to is not None):
                    return None
                left = script.times - 1
                self._scripts[index : index + 1] = [] if left < 1 else [replace(script, times=left)]
                return script
        return None

    def has_room(self) -> bool:
        """Take one message more into account; say whether it is not one too many for this second."""
        if not self.per_second:
            return True
        with self._lock:
            now = time.monotonic()
            filled = self._room + (now - self._room_at) * self.per_second
            room = min(max(1.0, self.per_second), filled)
            self._room, self._room_at = (room - 1 if room >= 1 else room), now
            return room >= 1

    def linger(self) -> None:
        """Wait as long as half of a call may take."""
        if self.latency[1]:
            self.closing.wait(random.uniform(*self.latency))  # noqa: S311 (Not a secret.)

    def _deliver_at(self, sid: str, at: float) -> None:
        if not self.closing.wait(max(0.0, at - time.monotonic())):
            self.deliver(sid)

    def store(self, record: Record) -> None:
        """Keep a new outbound message, and deliver it at once if that is wanted."""
        with self._lock:
            self.records.append(record)
            self.creates[record.to, record.body] += 1
        if self.auto_deliver:
            at = time.monotonic() + random.uniform(*self.reports_after)  # noqa: S311 (Not a secret.)
            self._posts.put(lambda: self._deliver_at(record.sid, at))

    def record(self, sid: str) -> Record:
        """Return the message with this SID. Raises KeyError."""
        for record in self.records:
            if record.sid == sid:
                return record
        raise KeyError(sid)

    def report(self, sid: str, status: str, error_code: int | None = None) -> int | None:
        """Post one status callback; return the HTTP status, or None if the message asked for none."""
        record = self.record(sid)
        # A messaging service has chosen its number by now.
        record.from_ = record.from_ or self.number
        record.status, record.error_code = status, error_code
        if status in ("sent", "delivered", "undelivered"):
            record.date_sent = record.date_sent or record.date_created
        if record.status_callback is None:
            return None
        url = record.status_callback
        fields = posts.status_fields(record, status, error_code)
        return self.post(posts.local_address(url, self.public_url, self.inbound_url), url, fields)

    def deliver(self, sid: str, error_code: int | None = None) -> list[int | None]:
        """Post `sent` and then `delivered`, or `undelivered` with an error code; return the HTTP statuses."""
        end = "delivered" if error_code is None else "undelivered"
        return [self.report(sid, "sent"), self.report(sid, end, error_code)]

    def text_in(self, from_: str, body: str, **extra: str) -> int:
        """Send a person's text to the installation; return the HTTP status.

        `extra` fields are added or replace ours, such as MessageSid for a repetition. Stop words block the
        number until it texts START, as with Twilio.
        """
        return self.post_text(self.text_in_unposted(from_, body, extra.get("MessageSid")), **extra)

    def post_text(self, record: Record, **extra: str) -> int:
        """Post a person's text to the installation, for the first time or again; return the HTTP status."""
        if self.inbound_url is None:
            raise ValueError("There is no inbound_url to post to.")
        fields = posts.inbound_fields(record, extra)
        url = posts.public_address(self.inbound_url, self.public_url)
        return self.post(self.inbound_url, url, fields)

    def text_in_unposted(self, from_: str, body: str, sid: str | None = None) -> Record:
        """Take a person's text without telling the installation, as when its webhook is down."""
        by_whatsapp = from_.startswith("whatsapp:")
        to = f"whatsapp:{self.whatsapp_number}" if by_whatsapp else self.number
        record = Record(to, from_, body, self.account_sid, direction="inbound", status="received")
        record.sid, record.date_created = sid or record.sid, self.now()
        record.messaging_service_sid = None if by_whatsapp else self.messaging_service
        self._note_consent(from_, body)
        with self._lock:
            self.records.append(record)
        return record

    def post(self, address: str, signed_url: str, fields: posts.Fields) -> int:
        """Post a form to `address`, signed for `signed_url`."""
        signature = posts.signature(self.auth_token, signed_url, fields)
        return posts.post(address, fields, signature)

    def settle(self) -> None:
        """Wait until all automatic posts are made."""
        self._posts.join()

    def _note_consent(self, number: str, body: str) -> None:
        if number.startswith("whatsapp:"):
            return  # There Twilio leaves these words to the installation.
        word = re.sub(r"\W", "", body).upper()
        if word in _STOP:
            self.opted_out.add(number)
        elif word in _START:
            self.opted_out.discard(number)

    def _post_all(self) -> None:
        while (job := self._posts.get()) is not None:
            # An installation that is down loses its callbacks, as with Twilio.
            with contextlib.suppress(OSError):
                job()
            self._posts.task_done()
