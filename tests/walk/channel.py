"""A channel of the tests' own: it keeps what it is given and answers what it is told to."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from notifiers.base import Accepted, Message

Answer = Accepted | Exception


class ChannelSettings(BaseModel):
    """It needs none."""


class Channel:
    """Accepts each message unless `answers` holds something else; `meanwhile` is done in each call."""

    name: ClassVar[str] = "own"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"sms", "email"})
    Settings: ClassVar[type[BaseModel]] = ChannelSettings

    def __init__(self, settings: BaseModel | None = None) -> None:
        self.messages: list[Message] = []
        self.answers: deque[Answer] = deque()
        self.meanwhile: Callable[[Message], None] = lambda _: None

    @property
    def sender(self) -> str:
        return "own/1"

    @property
    def texts(self) -> list[str]:
        """The texts that it was given, in order."""
        return [message.text for message in self.messages]

    def send(self, message: Message) -> Accepted:
        self.messages.append(message)
        self.meanwhile(message)
        answer = self.answers.popleft() if self.answers else Accepted(f"own-{message.attempt_id}", 1)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def check(self) -> str:
        return "It works."


class FindingChannel(Channel):
    """A channel that can be asked; `found` are the answers, in turn."""

    def __init__(self, settings: BaseModel | None = None) -> None:
        super().__init__(settings)
        self.found: deque[Answer | None] = deque()
        self.asked: list[tuple[Message, datetime, frozenset[str]]] = []

    def find(self, message: Message, since_at: datetime, matched: frozenset[str]) -> Accepted | None:
        self.asked.append((message, since_at, matched))
        answer = self.found.popleft() if self.found else None
        if isinstance(answer, Exception):
            raise answer
        return answer
