"""Whoever says their request byte by byte is hung up on: each of them keeps a connection for good.

uvicorn waits for a request without end; a proxy in front has limits of its own, and not everybody has one.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol


class Impatient(H11Protocol):
    """A connection on which each request, its body as well, has to be complete in so many seconds."""

    seconds: ClassVar[float] = 20.0
    """From the connection or the last answer on; a provider's post takes less than one."""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # As uvicorn has it.
        super().connection_made(transport)
        self._begin()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._end()
        if not self.transport.is_closing():
            self._deadline = self.loop.call_later(self.seconds, self._hang_up)

    def _end(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _hang_up(self) -> None:
        answering = self.cycle and not self.cycle.response_complete and not self.cycle.more_body
        if not answering:
            self.transport.close()
