"""The simulator's channel on its bad days: busy, or nobody knows what became of a message."""

from random import Random
from typing import ClassVar

from pydantic import BaseModel

from notifiers.base import Accepted, Kind, Message, SendError
from notifiers.phone import Phone, PhoneSettings

BUSY = 0.01
BROKEN = 0.004


class Line:
    """Hands messages to the simulator, and keeps what has arrived until somebody reads it."""

    name: ClassVar[str] = "phone"
    address_kinds: ClassVar[frozenset[str]] = Phone.address_kinds
    Settings: ClassVar[type[BaseModel]] = PhoneSettings

    def __init__(self, rng: Random) -> None:
        self.phone = Phone(PhoneSettings())
        self.rng = rng
        self.arrived: list[Message] = []

    @property
    def sender(self) -> str:
        return self.phone.sender

    def send(self, message: Message) -> Accepted:
        fate = self.rng.random()
        if fate < BUSY:
            raise SendError(Kind.RETRY, "the line is busy")
        if fate > BROKEN + BUSY or fate % (2 * BROKEN) < BROKEN:
            self.arrived.append(message)
        if fate < BROKEN + BUSY:
            raise SendError(Kind.UNKNOWN, "the line broke")
        return self.phone.send(message)

    def check(self) -> str:
        return self.phone.check()
