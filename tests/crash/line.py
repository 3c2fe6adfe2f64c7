"""A TCP line to the provider that is cut after a given byte, in either direction."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

CHUNK = 65536


class Side(StrEnum):
    """Whose bytes are counted."""

    REQUEST = "request"
    ANSWER = "answer"


class Line:
    """Carries one exchange after the other; each is armed first, and waits for that."""

    def __init__(self, provider_url: str) -> None:
        place = urlsplit(provider_url)
        self._provider = (place.hostname, place.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._armed = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._side, self._limit = Side.REQUEST, 0
        self._at_limit: Callable[[], object] = lambda: None
        self._reached = False
        self._caller: socket.socket | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A close alone would leave the other thread in its accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The address to give to the channel instead of the provider's."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def arm(self, side: Side, limit: int, at_limit: Callable[[], object]) -> None:
        """Let the next exchange through until `limit` bytes of one side have passed; then call, and cut."""
        self._side, self._limit, self._at_limit, self._reached = side, limit, at_limit, False
        self._ended.clear()
        self._armed.set()

    def reached(self) -> bool:
        """End the exchange, whose caller has done all it does, and say whether it had as many bytes."""
        if self._caller:
            with contextlib.suppress(OSError):
                self._caller.shutdown(socket.SHUT_RDWR)  # It may have kept the connection for later.
        assert self._ended.wait(60)
        return self._reached

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            with caller, socket.create_connection(self._provider) as provider:
                self._armed.wait()
                self._armed.clear()
                self._caller = caller
                with contextlib.suppress(ConnectionError):
                    self._carry(caller, provider)
            self._ended.set()

    def _carry(self, caller: socket.socket, provider: socket.socket) -> None:
        left = {Side.REQUEST: CHUNK, Side.ANSWER: CHUNK} | {self._side: self._limit}
        ways = {caller: (Side.REQUEST, provider), provider: (Side.ANSWER, caller)}
        with selectors.DefaultSelector() as ready:
            for end in ways:
                ready.register(end, selectors.EVENT_READ)
            while left[self._side] > 0:
                for key, _ in ready.select():
                    assert isinstance(key.fileobj, socket.socket)
                    side, other = ways[key.fileobj]
                    data = key.fileobj.recv(left[side])
                    if not data:
                        return
                    other.sendall(data)
                    left[side] -= len(data)
                    if left[self._side] == 0:
                        break
        self._reached = True
        self._at_limit()
