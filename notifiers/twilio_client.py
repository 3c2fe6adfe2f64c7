"""The official Twilio client, with our settings, timeouts and pool, none of its logging, and our errors."""

import logging
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]
from twilio.rest.api.v2010.account import AccountContext  # type: ignore[import-untyped]

from notifiers import twilio_errors
from notifiers.base import Kind, SendError
from notifiers.hosts import is_this_machine
from notifiers.twilio_errors import raise_for_refusal

T = TypeVar("T")

# The URL of a look-up holds a phone number, and urllib3 logs each URL at DEBUG.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

POOL = 32
"""Connections kept open; as many threads as that may send without opening new ones."""


class TwilioSettings(BaseModel):
    """An account and what it sends from."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)

    account_sid: str = Field(
        pattern=r"^AC[0-9a-fA-F]{32}$",
        description="The Account SID from Twilio's console: AC and 32 hexadecimal digits.",
    )
    auth_token: SecretStr = Field(
        min_length=1,
        description="The account's auth token from Twilio's console; webhooks are signed with it.",
    )
    api_key: str | None = Field(
        default=None,
        pattern=r"^SK[0-9a-fA-F]{32}$",
        description="An API key to send with instead of the auth token: SK and 32 hexadecimal digits.",
    )
    api_secret: SecretStr | None = Field(
        default=None, min_length=1, description="The secret that belongs to api_key."
    )
    sender: str = Field(
        pattern=r"^(\+[1-9][0-9]{6,14}|MG[0-9a-fA-F]{32})$",
        description="The Twilio number to send from, like +12025550100, or a messaging service: MG and "
        "32 hexadecimal digits.",
    )
    whatsapp_sender: str | None = Field(
        default=None,
        pattern=r"^\+[1-9][0-9]{6,14}$",
        description="The WhatsApp sender's number, like +12025550100, to reach people by WhatsApp too.",
    )
    poll: bool = Field(
        default=False,
        description="Ask Twilio for messages every 20 seconds: answers arrive without an open port, and what "
        "a webhook missed.",
    )
    base_url: str = Field(
        default="https://api.twilio.com",
        pattern=r"^https?://([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?/?$",
        description="The address of Twilio's API, such as https://api.dublin.ie1.twilio.com; http:// only "
        "for this machine.",
    )
    timeout: float = Field(
        default=10.0, ge=0.1, le=60, description="Seconds to wait for a connection or an answer, 0.1 to 60."
    )

    per_second: float = Field(
        default=1.0,
        ge=0,
        le=1000,
        description="Messages a second that the sender may be given: 1 for a long code, more for a toll-free "
        "number or a short code; 0: no limit.",
    )
    price: float = Field(
        default=0.01,
        ge=0,
        le=1000,
        description="What one segment costs, for the caps on money: the number alone, in your currency.",
    )

    @field_validator("whatsapp_sender", mode="before")
    @classmethod
    def _as_the_console_shows_it(cls, value: object) -> object:
        return value.strip().removeprefix("whatsapp:") if isinstance(value, str) else value

    @field_validator("base_url")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme == "http" and not is_this_machine(url.hostname or ""):
            raise ValueError("The setting `base_url` of the channel `twilio` must begin with https://.")
        return value

    @model_validator(mode="after")
    def _key_with_secret(self) -> "TwilioSettings":
        if (self.api_key is None) != (self.api_secret is None):
            raise ValueError("Give both `api_key` and `api_secret` of the channel `twilio`, or neither.")
        return self


def http_client(timeout: float) -> TwilioHttpClient:
    """Return the transport: one pool for all threads; `timeout` in seconds; a refusal raises SendError."""
    # The client logs each URL at INFO, with phone numbers; this logger stands outside the tree and is mute.
    mute = logging.Logger("attune.twilio", logging.CRITICAL + 1)
    client = TwilioHttpClient(timeout=timeout, logger=mute, request_hooks={"response": raise_for_refusal})
    pool = HTTPAdapter(pool_connections=2, pool_maxsize=POOL)
    client.session.mount("https://", pool)
    client.session.mount("http://", pool)
    return client


def client(settings: TwilioSettings, username: str, password: str, http: TwilioHttpClient) -> Client:
    """Return the client for this login, with our address of the API. No request is made yet."""
    # Without an environment of its own the client would take a region from the process's and change the host.
    client = Client(
        username, password, settings.account_sid, http_client=http, environment={"TWILIO_REGION": ""}
    )
    client.api.base_url = settings.base_url
    client.messaging.base_url = _messaging_url(settings.base_url)
    return client


def account(client: Client) -> AccountContext:
    """Return the account's part of the API."""
    return client.api.v2010.account


def _messaging_url(base_url: str) -> str:
    """Return where messaging services are asked about: at Twilio it is a host beside that of the API."""
    url = urlsplit(base_url)
    host = url.hostname or ""
    at_twilio = host.startswith("api.") and host.endswith(".twilio.com")
    return base_url.replace("//api.", "//messaging.", 1) if at_twilio else base_url


def numbers_of(client: Client, service: str) -> frozenset[str]:
    """Return the numbers that a messaging service sends from; one has 400 at most."""
    found = client.messaging.v1.services(service).phone_numbers.list(limit=400, page_size=400)
    return frozenset(one.phone_number for one in found if one.phone_number)


def settled(call: Callable[[], T]) -> T:
    """Return what `call` returns; whatever it raises becomes a SendError."""
    try:
        return call()
    except SendError as error:
        failure = error
    except Exception as error:  # The client may stumble over any junk, and then the message may be out.
        failure = twilio_errors.lost(error)
    # Raised here and not above: the client's errors hold the number, and would be its context.
    raise failure


def asked(call: Callable[[], T]) -> T:
    """Return what `call`, which changes nothing at Twilio, returns; a lost answer may be asked for again."""
    try:
        return settled(call)
    except SendError as error:
        failure = error
    if failure.kind is Kind.UNKNOWN:
        failure = SendError(Kind.RETRY, "Twilio did not answer: ask again later.", code=failure.code)
    raise failure
