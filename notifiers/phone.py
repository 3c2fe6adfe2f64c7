"""The simulator's channel: it accepts everything, and the page shows the nudge rows themselves."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from notifiers.base import Accepted, Message
from notifiers.segments import count


class PhoneSettings(BaseModel):
    """It needs none."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Phone:
    """Takes each message at once."""

    name: ClassVar[str] = "phone"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"sms"})
    Settings: ClassVar[type[BaseModel]] = PhoneSettings

    def __init__(self, settings: BaseModel) -> None:
        """Take the settings, of which there are none."""

    @property
    def sender(self) -> str:
        """There is one simulator."""
        return "phone"

    def send(self, message: Message) -> Accepted:
        """Accept the message; the same attempt always has the same id."""
        return Accepted(f"phone-{message.attempt_id}", count(message.text).segments)

    def check(self) -> str:
        """A simulator always works."""
        return "The simulator accepts every message."
