"""Prints each message, for an admin who tries things out."""

import sys
from typing import ClassVar, TextIO

from pydantic import BaseModel, ConfigDict

from notifiers.base import Accepted, Kind, Message, SendError


class ConsoleSettings(BaseModel):
    """It needs none."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Console:
    """Writes the text, and nothing of the address, to a stream."""

    name: ClassVar[str] = "console"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"sms", "email"})
    Settings: ClassVar[type[BaseModel]] = ConsoleSettings

    def __init__(self, _settings: BaseModel, stream: TextIO | None = None) -> None:
        """Write to `stream`, or to whatever standard output is when a message comes."""
        self._stream = stream

    @property
    def sender(self) -> str:
        """There is one console."""
        return "console"

    def send(self, message: Message) -> Accepted:
        """Write the text and a line feed. Raises SendError when the stream takes no more."""
        stream = self._stream or sys.stdout
        try:
            stream.write(f"{message.text}\n")
            stream.flush()
        except UnicodeError:
            failure = SendError(Kind.CONTENT, "This terminal cannot show a character of the message.")
        except (OSError, ValueError):
            # A closed stream raises ValueError.
            failure = SendError(Kind.SENDER, "The console takes no more text; start Attune in a terminal.")
        else:
            return Accepted(f"console-{message.attempt_id}")
        # Raised here and not above: the error of an encoding holds the text.
        raise failure

    def check(self) -> str:
        """A console always works."""
        return "Messages are printed here."
