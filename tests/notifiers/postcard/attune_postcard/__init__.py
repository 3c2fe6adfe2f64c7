"""A channel of another package: it leaves each message as a file in a folder, the letter box."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from notifiers.base import Accepted, Kind, Message, Report, SendError


class PostcardSettings(BaseModel):
    """Where the letter box is, and how thick its slot."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    box: Path = Field(description="The folder that postcards are left in.")
    longest: int = Field(default=300, ge=10, description="Characters that fit, at least 10.")


class Postcard:
    """Leaves postcards, and looks them up again."""

    name: ClassVar[str] = "postcard"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"sms"})
    Settings: ClassVar[type[BaseModel]] = PostcardSettings

    def __init__(self, settings: PostcardSettings) -> None:
        self._settings = settings

    @property
    def sender(self) -> str:
        return "postcard"

    def send(self, message: Message) -> Accepted:
        """Write the postcard to a file of its own."""
        if not self._settings.box.is_dir():
            raise SendError(Kind.SENDER, "There is no letter box: set box to a folder.")
        if len(message.text) > self._settings.longest:
            raise SendError(Kind.CONTENT, "The message is longer than a postcard.")
        if (self._settings.box / "full").exists():
            raise SendError(Kind.RETRY, "The letter box is full: it is tried again later.")
        if (self._settings.box / "moved-away").exists():
            raise SendError(Kind.CONTACT, "Nobody of that address lives here.")
        if (self._settings.box / "dog").exists():
            raise SendError(Kind.UNKNOWN, "The postman ran: nobody knows whether the postcard was left.")
        (self._settings.box / f"{message.attempt_id}.txt").write_text(message.text)
        return Accepted(f"postcard-{message.attempt_id}")

    def check(self) -> str:
        return "The letter box is there."

    def find(self, message: Message, since_at: datetime, matched: frozenset[str]) -> Accepted | None:
        """Look into the letter box."""
        left = (self._settings.box / f"{message.attempt_id}.txt").exists()
        return Accepted(f"postcard-{message.attempt_id}") if left else None

    def parse_status(self, form: Mapping[str, str]) -> Report | None:
        """Read what the postman says."""
        return Report(form["card"], "delivered", 3) if "card" in form else None
