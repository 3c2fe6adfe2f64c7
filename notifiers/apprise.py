"""Any service that the library Apprise knows, such as ntfy or Telegram, as one more channel: out only.

An address is one of Apprise's URLs. It holds the person's secrets, so it is sealed like a number, and neither
it nor anything that the library says of it is ever logged.
"""

import importlib
import re
from types import ModuleType
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from notifiers.base import Accepted, ConfigError, Kind, Message, SendError

LOCAL = frozenset(
    {"blink1", "dbus", "exec", "gio", "glib", "gnome", "kde", "macosx", "qt", "rsyslog", "syslog", "windows"}
)
"""Services of this machine's own desktop, programs and logs: they reach nobody, or everybody who looks."""
_SCHEMA = re.compile(r"([a-z][a-z0-9]{1,30})://\S+")


class AppriseSettings(BaseModel):
    """Which services may be used, and how long to wait for them; the accounts are in the addresses."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)

    schemas: frozenset[str] = Field(
        default=frozenset(),
        description='A list of the services that may be used, such as ["ntfys", "tgram"], or one text with '
        "a comma between them; left out: all that reach beyond this machine.",
    )
    timeout: float = Field(
        default=10.0, ge=0.1, le=30, description="Seconds to wait for a connection or an answer, 0.1 to 30."
    )

    @field_validator("schemas", mode="before")
    @classmethod
    def _one_string(cls, value: object) -> object:
        # All that a variable of the environment can hold.
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("schemas")
    @classmethod
    def _beyond_this_machine(cls, value: frozenset[str]) -> frozenset[str]:
        if value & LOCAL or not all(_SCHEMA.fullmatch(f"{schema}://x") for schema in value):
            raise ValueError(
                "The setting `schemas` of the channel `apprise` names no service, or one of this "
                "machine: give only those that reach a person, such as ntfys and tgram."
            )
        return value


class Apprise:
    """Hands each message to the service that its address names."""

    name: ClassVar[str] = "apprise"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"apprise"})
    Settings: ClassVar[type[BaseModel]] = AppriseSettings

    def __init__(self, settings: AppriseSettings) -> None:
        """Load the library. Raises ConfigError where the extra is not installed."""
        self._settings = settings
        self._services = _library()

    @property
    def sender(self) -> str:
        """There is no account of ours: each address holds its own."""
        return "apprise"

    def send(self, message: Message) -> Accepted:
        """Hand the message over, once; the links to answer and to end it all go below the words.

        Raises SendError: whatever is not known to be refused, or never connected, is unknown.
        """
        self.check_address(message.to)
        try:
            failure = self._services.hand_over(
                message.to, _with_links(message), message.subject, self._settings.timeout
            )
        except Exception:  # 140 plugins, each with bugs of its own.
            failure = SendError(
                Kind.UNKNOWN, "The service's plugin broke: nobody knows whether the message went out."
            )
        # Raised here and not above: the address and the words would be its context.
        if failure:
            raise failure
        return Accepted(f"apprise-{message.attempt_id}")

    def check(self) -> str:
        """Load the library's services; there is no account of ours to ask for."""
        return f"Apprise is installed and knows {self._services.how_many()} kinds of address."

    def check_address(self, address: str) -> None:
        """Raise SendError of the kind `contact` for an address that could never be used here."""
        found = _SCHEMA.fullmatch(address)
        allowed = self._settings.schemas
        if not found:
            raise SendError(Kind.CONTACT, "That is no address of Apprise's: give one like ntfys://topic.")
        if found[1] in LOCAL or (allowed and found[1] not in allowed):
            raise SendError(
                Kind.CONTACT,
                "That service may not be used here: see `schemas` of the channel apprise.",
            )
        if not self._services.is_readable(address):
            raise SendError(
                Kind.CONTACT,
                "Apprise cannot read that address, or lacks a library for it: check it.",
            )


def _library() -> ModuleType:
    try:
        return importlib.import_module("notifiers.apprise_services")
    except ImportError:
        raise ConfigError(
            "The channel `apprise` needs a library that is not installed: run `pip install attune[apprise]`."
        ) from None


def _with_links(message: Message) -> str:
    links = [(message.reply_label, message.reply_url), (message.unsubscribe_label, message.unsubscribe_url)]
    lines = [f"{label}: {url}" if label else url for label, url in links if url]
    return "\n\n".join([message.text, *lines])
