"""SMS and WhatsApp by Twilio: sending, asking what became of a message, and hearing what people answer.

People's messages and reports come by Twilio's posts, by asking for Twilio's list of messages, or by both.
"""

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from notifiers import twilio_client, twilio_records
from notifiers.base import Accepted, Inbound, Kind, Message, Polled, Report, SendError
from notifiers.twilio_client import TwilioSettings, asked, settled
from notifiers.twilio_records import FEW, MANY, MESSAGE_SID, WHATSAPP, Mark

LONGEST_VALIDITY = timedelta(hours=10)
"""Twilio's `ValidityPeriod` runs from 1 to 36,000 seconds."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far Twilio's clock may be behind ours when a message is looked for."""

TRIAL_PREFIX = "Sent from your Twilio trial account - "
"""Twilio puts this before each text of a trial account, in its records too."""

SIGNATURE = "x-twilio-signature"
"""The header that proves where a post comes from."""


class Twilio:
    """Sends from one number or messaging service, and from a WhatsApp sender; understands what comes back."""

    name: ClassVar[str] = "twilio"
    address_kinds: frozenset[str] = frozenset({"sms", "whatsapp"})
    Settings: ClassVar[type[BaseModel]] = TwilioSettings

    def __init__(self, settings: TwilioSettings) -> None:
        """Make the client; no connection is opened yet."""
        self._settings = settings
        if settings.whatsapp_sender is None:
            self.address_kinds = frozenset({"sms"})
        self._numbers: set[str] = set()  # Of the messaging service: as listed, or as it was seen to use them.
        self._numbers_listed = False
        token = settings.auth_token.get_secret_value()
        self._validator = RequestValidator(token)
        http = twilio_client.http_client(settings.timeout)
        self._client = twilio_client.client(settings, settings.account_sid, token, http)
        self._account = twilio_client.account(self._client)
        if settings.api_key and settings.api_secret:
            secret = settings.api_secret.get_secret_value()
            self._client = twilio_client.client(settings, settings.api_key, secret, http)
        self._messages = twilio_client.account(self._client).messages

    @property
    def sender(self) -> str:
        """The Account SID and the number or messaging service."""
        return f"{self._settings.account_sid}/{self._settings.sender}"

    @property
    def per_second(self) -> float:
        """Messages a second that the sender may be given; 0: no limit."""
        return self._settings.per_second

    @property
    def price(self) -> float:
        """What one segment costs."""
        return self._settings.price

    def send(self, message: Message) -> Accepted:
        """Create the message at Twilio, once: nothing is tried again here. Raises SendError."""
        return settled(lambda: self._create(message))

    def _create(self, message: Message) -> Accepted:
        created = self._messages.create(
            to=_address(message.address_kind, message.to),
            body=message.text,
            status_callback=message.status_url,
            validity_period=_validity_seconds(message.valid_for),
            **self._from(message.address_kind),
        )
        if not (isinstance(created.sid, str) and MESSAGE_SID.fullmatch(created.sid)):
            raise ValueError("Twilio's answer holds no message SID.")
        # A messaging service says 0 until it has chosen a number.
        segments = int(created.num_segments) if str(created.num_segments).isdecimal() else 0
        return Accepted(created.sid, segments or None)

    def _from(self, kind: str) -> dict[str, str]:
        sender = self._settings.sender
        if kind == "whatsapp":
            if self._settings.whatsapp_sender is None:
                raise SendError(Kind.SENDER, "There is no WhatsApp sender: set whatsapp_sender.")
            return {"from_": _address(kind, self._settings.whatsapp_sender)}
        return {"messaging_service_sid": sender} if sender.startswith("MG") else {"from_": sender}

    def find(self, message: Message, since_at: datetime, matched: frozenset[str]) -> Accepted | None:
        """Return the oldest message to the same number with the same words since `since_at`, or None.

        Those in `matched` are passed over. Twilio may list a message only once it has left its queue, so None
        may turn into a message later. Raises SendError; asking again never does harm.
        """
        return asked(lambda: self._look_up(message, since_at.astimezone(UTC) - CLOCK_SKEW, matched))

    def _look_up(self, message: Message, from_at: datetime, matched: frozenset[str]) -> Accepted | None:
        to, sender = _address(message.address_kind, message.to), self._from(message.address_kind)
        query = {"to": to, "date_sent_after": from_at, "page_size": 200, "limit": 2000}
        service = sender.get("messaging_service_sid")
        # Twilio chooses the number of a messaging service, so that only the service can be compared.
        records = self._messages.list(**query, **({} if service else sender))
        texts = {message.text.strip(), f"{TRIAL_PREFIX}{message.text}".strip()}
        ours = [
            record.sid
            for record in records
            if (record.body or "").strip() in texts
            and (record.date_created is None or record.date_created >= from_at)
            and (service is None or record.messaging_service_sid == service)
        ]
        # Twilio lists the newest first, and its filter knows whole days only.
        return next((Accepted(sid) for sid in reversed(ours) if sid not in matched), None)

    @property
    def polls(self) -> bool:
        """Whether Twilio's list of messages is to be asked for."""
        return self._settings.poll

    def poll(self, mark: str | None, now: datetime) -> Polled:
        """Return people's messages and what became of ours since `mark`, the oldest first; with None nothing.

        Returns again what came in the last 15 minutes, and now and then in the last 12 hours: Twilio may list
        a message late, and know later what became of one. Raises SendError; asking again never does harm.
        """
        now = now.astimezone(UTC)
        if mark is None:
            return Polled(str(Mark.beginning(now)))
        return asked(lambda: self._poll(Mark.read(mark), now))

    def _poll(self, mark: Mark, now: datetime) -> Polled:
        since = mark.since(now)
        if self._settings.sender.startswith("MG") and (not self._numbers_listed or mark.looks_back(now)):
            self._list_numbers()
        records = [
            record
            for query in self._queries()
            for record in self._newest(query, since, MANY if mark.looks_back(now) else FEW)
        ]
        dates = {record.sid: at for record in records if (at := twilio_records.date_of(record))}
        records.sort(key=lambda record: dates[record.sid])
        sent = [record for record in records if record.direction != "inbound" and self._is_of_service(record)]
        self._numbers |= {record.from_ for record in sent if record.from_}
        messages = [twilio_records.inbound(record, self._is_to_us) for record in records]
        reports = [twilio_records.outbound(record) for record in records]
        return Polled(
            mark=str(mark.moved(dates.values(), now)),
            messages=tuple(m for m in messages if m and m.received_at and m.received_at >= mark.began_at),
            reports=tuple(report for report in reports if report),
        )

    def _list_numbers(self) -> None:
        """Learn the numbers of the messaging service, now and then anew; if that fails, as they are used."""
        with contextlib.suppress(SendError):
            self._numbers |= asked(lambda: twilio_client.numbers_of(self._client, self._settings.sender))
        self._numbers_listed = True

    def _queries(self) -> list[dict[str, str]]:
        """Return what to list: Twilio has no filter for a messaging service, so that it is all for one."""
        settings = self._settings
        if settings.sender.startswith("MG"):
            return [{}]
        ours = [settings.sender]
        if settings.whatsapp_sender:
            ours.append(_address("whatsapp", settings.whatsapp_sender))
        # First what came: an answer that is listed late is not passed over for a later message of ours.
        return [*({"to": number} for number in ours), *({"from_": number} for number in ours)]

    def _newest(self, query: dict[str, str], since: datetime, page_size: int) -> list[Any]:
        # Without a filter by date: an inbound message is "sent" when a webhook is called, if there is one.
        records = self._messages.stream(**query, page_size=page_size)
        return list(twilio_records.newest_first(records, since))

    def _is_of_service(self, record: Any) -> bool:
        return bool(record.messaging_service_sid == self._settings.sender)

    def _is_to_us(self, record: Any) -> bool:
        """Say whether a listed message was sent to us and not to another number of the account."""
        whatsapp = self._settings.whatsapp_sender
        if whatsapp and record.to == _address("whatsapp", whatsapp):
            return True
        return record.to == self._settings.sender or record.to in self._numbers or self._is_of_service(record)

    def check(self) -> str:
        """Fetch the account, and with an API key a message too; return what Twilio said of them."""
        return asked(self._check)

    def _check(self) -> str:
        account = self._account.fetch()
        if account.status != "active":
            raise SendError(
                Kind.SENDER, "The Twilio account is suspended or closed: see Twilio's console for the reason."
            )
        if self._settings.api_key:
            self._messages.list(limit=1)
        trial = account.type == "Trial"
        return (
            f"Twilio knows the account{', a trial one that sends to verified numbers only' if trial else ''}."
        )

    def verify(self, url: str, form: list[tuple[str, str]], headers: Mapping[str, str]) -> bool:
        """Say whether Twilio signed this post. Never raises.

        `url` is the public one with its raw query; `form` has every field, blank and repeated ones too; the
        names of `headers` are in lower case.
        """
        fields = _Fields()
        for name, value in form:
            fields.setdefault(name, []).append(value)
        try:
            return bool(self._validator.validate(url, fields, headers.get(SIGNATURE, "")))
        except ValueError:
            # A port that is none, or half of a surrogate pair: Twilio never signed that.
            return False

    def parse_status(self, form: Mapping[str, str]) -> Report | None:
        """Return the report in a status callback, or None if it holds none that we know."""
        sid = form.get("MessageSid") or form.get("SmsSid") or ""
        status = form.get("MessageStatus") or form.get("SmsStatus") or ""
        return twilio_records.report(sid, status.lower(), form.get("ErrorCode") or "")

    def parse_inbound(self, form: Mapping[str, str]) -> Inbound | None:
        """Return the message in a webhook's form; a picture without words has a blank text."""
        sid = form.get("MessageSid") or form.get("SmsSid") or ""
        sender = form.get("From") or ""
        is_report = "MessageStatus" in form or form.get("SmsStatus", "received") != "received"
        if is_report or not sender or not MESSAGE_SID.fullmatch(sid):
            return None
        kind, sender = twilio_records.plain_address(sender)
        handled = (form.get("OptOutType") or "").upper()
        stopped, answered = handled == "STOP", handled in ("HELP", "START")
        text = form.get("Body") or ""
        return Inbound(sid, sender, text, opted_out=stopped, answered=answered, address_kind=kind)


class _Fields(dict[str, list[str]]):
    """A form as the validator wants it, which asks for the list of a name's values."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def _address(kind: str, number: str) -> str:
    """Return a number as Twilio spells it for this kind of message."""
    return f"{WHATSAPP}{number}" if kind == "whatsapp" else number


def _validity_seconds(valid_for: timedelta | None) -> int | None:
    if valid_for is None:
        return None
    return max(1, int(min(valid_for, LONGEST_VALIDITY).total_seconds()))
