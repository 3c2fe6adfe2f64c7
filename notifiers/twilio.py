"""SMS by Twilio: sending, asking what became of a message, and understanding what Twilio posts."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar, TypeVar

from pydantic import BaseModel
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from notifiers import twilio_client, twilio_errors
from notifiers.base import Accepted, Inbound, Kind, Message, Report, SendError
from notifiers.twilio_client import TwilioSettings

T = TypeVar("T")

LONGEST_VALIDITY = timedelta(hours=10)
"""Twilio's `ValidityPeriod` runs from 1 to 36,000 seconds."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far Twilio's clock may be behind ours when a message is looked for."""

TRIAL_PREFIX = "Sent from your Twilio trial account - "
"""Twilio puts this before each text of a trial account, in its records too."""

SIGNATURE = "x-twilio-signature"
"""The header that proves where a post comes from."""

RANKS = {
    **dict.fromkeys(["accepted", "scheduled", "queued", "sending"], 1),
    "sent": 2,
    **dict.fromkeys(["delivered", "read", "partially_delivered", "undelivered", "failed", "canceled"], 3),
}
FAILED = frozenset({"undelivered", "failed", "canceled"})

_MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_ERROR_CODE = re.compile(r"[1-9][0-9]{4}")


class Twilio:
    """Sends from one number or messaging service; understands Twilio's posts."""

    name: ClassVar[str] = "twilio"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"sms"})
    Settings: ClassVar[type[BaseModel]] = TwilioSettings

    def __init__(self, settings: TwilioSettings) -> None:
        """Make the client; no connection is opened yet."""
        self._settings = settings
        token = settings.auth_token.get_secret_value()
        self._validator = RequestValidator(token)
        http = twilio_client.http_client(settings.timeout)
        self._account = twilio_client.account(settings, settings.account_sid, token, http)
        self._messages = self._account.messages
        if settings.api_key and settings.api_secret:
            secret = settings.api_secret.get_secret_value()
            self._messages = twilio_client.account(settings, settings.api_key, secret, http).messages

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
        return _settled(lambda: self._create(message))

    def _create(self, message: Message) -> Accepted:
        created = self._messages.create(
            to=message.to,
            body=message.text,
            status_callback=message.status_url,
            validity_period=_validity_seconds(message.valid_for),
            **self._from(),
        )
        if not (isinstance(created.sid, str) and _MESSAGE_SID.fullmatch(created.sid)):
            raise ValueError("Twilio's answer holds no message SID.")
        # A messaging service says 0 until it has chosen a number.
        segments = int(created.num_segments) if str(created.num_segments).isdecimal() else 0
        return Accepted(created.sid, segments or None)

    def _from(self) -> dict[str, str]:
        sender = self._settings.sender
        return {"messaging_service_sid": sender} if sender.startswith("MG") else {"from_": sender}

    def find(self, message: Message, since_at: datetime, matched: frozenset[str]) -> Accepted | None:
        """Return the oldest message to the same number with the same words since `since_at`, or None.

        Those in `matched` are passed over. Twilio may list a message only once it has left its queue, so None
        may turn into a message later. Raises SendError; asking again never does harm.
        """
        return _asked(lambda: self._look_up(message, since_at.astimezone(UTC) - CLOCK_SKEW, matched))

    def _look_up(self, message: Message, from_at: datetime, matched: frozenset[str]) -> Accepted | None:
        query = {"to": message.to, "date_sent_after": from_at, "page_size": 200, "limit": 2000}
        service = self._from().get("messaging_service_sid")
        # Twilio chooses the number of a messaging service, so that only the service can be compared.
        records = self._messages.list(**query, **({} if service else self._from()))
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

    def check(self) -> str:
        """Fetch the account, and with an API key a message too; return what Twilio said of them."""
        return _asked(self._check)

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
        status = (form.get("MessageStatus") or form.get("SmsStatus") or "").lower()
        if status not in RANKS or not _MESSAGE_SID.fullmatch(sid):
            return None
        if status not in FAILED:
            return Report(sid, status, RANKS[status])
        given = form.get("ErrorCode") or ""
        code = given if _ERROR_CODE.fullmatch(given) else None
        opted_out = code == twilio_errors.OPTED_OUT
        return Report(sid, status, RANKS[status], twilio_errors.of_code(code), code, opted_out)

    def parse_inbound(self, form: Mapping[str, str]) -> Inbound | None:
        """Return the message in a webhook's form; a picture without words has a blank text."""
        sid = form.get("MessageSid") or form.get("SmsSid") or ""
        sender = form.get("From") or ""
        is_report = "MessageStatus" in form or form.get("SmsStatus", "received") != "received"
        if is_report or not sender or not _MESSAGE_SID.fullmatch(sid):
            return None
        handled = (form.get("OptOutType") or "").upper()
        stopped, answered = handled == "STOP", handled in ("HELP", "START")
        return Inbound(sid, sender, form.get("Body") or "", opted_out=stopped, answered=answered)


class _Fields(dict[str, list[str]]):
    """A form as the validator wants it, which asks for the list of a name's values."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def _validity_seconds(valid_for: timedelta | None) -> int | None:
    if valid_for is None:
        return None
    return max(1, int(min(valid_for, LONGEST_VALIDITY).total_seconds()))


def _settled(call: Callable[[], T]) -> T:
    """Return what `call` returns; whatever it raises becomes a SendError."""
    try:
        return call()
    except SendError as error:
        failure = error
    except Exception as error:  # The client may stumble over any junk, and then the message may be out.
        failure = twilio_errors.lost(error)
    # Raised here and not above: the client's errors hold the number, and would be its context.
    raise failure


def _asked(call: Callable[[], T]) -> T:
    """Return what `call`, which changes nothing at Twilio, returns; a lost answer may be asked for again."""
    try:
        return _settled(call)
    except SendError as error:
        failure = error
    if failure.kind is Kind.UNKNOWN:
        failure = SendError(Kind.RETRY, "Twilio did not answer: ask again later.", code=failure.code)
    raise failure
