"""What posts have stored is understood one by one, behind them: to understand takes ten times as long."""

import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from queue import SimpleQueue

import structlog
from fastapi import FastAPI

from service.log import place_of

log = structlog.get_logger()

MOST = 20_000
"""So many may wait; what is beyond is left to the sweep, as what a killed process leaves is."""
SHARE = 0.03
"""Of the time, while posts go on coming: who posts hangs up after some seconds, and an answer can wait."""
LONGEST_REST_SECONDS = 1.0
"""However long the last one took: it may have waited for the database."""
END_SECONDS = 5.0
"""So long the end of the server waits for what was begun."""
LAST_SECONDS = 15.0
"""As long as one message takes at most, with a database that is busy."""
Work = Callable[[], object]


class Behind:
    """A thread that does one thing after the other; it begins with the first."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[Work | None] = SimpleQueue()
        self._came = 0
        self._ending = threading.Event()
        self._until = float("inf")
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, work: Work) -> None:
        """Do this once all before it is done."""
        if self._waiting.qsize() >= MOST:
            log.warning("left to the sweep", waiting=MOST)
            return
        self._came += 1
        self._waiting.put(work)
        if self._thread is None:
            self._begin()

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="behind", daemon=True)
                self._thread.start()

    def end(self, seconds: float = END_SECONDS) -> None:
        """Do what waits, for so long at most; the rest is left to the sweep."""
        self._until = time.monotonic() + seconds
        self._ending.set()
        self._waiting.put(None)
        if self._thread:
            self._thread.join(seconds + LAST_SECONDS)

    def _run(self) -> None:
        while work := self._waiting.get():
            came, begun = self._came, time.monotonic()
            try:
                work()
            except Exception as error:
                log.error("left to the sweep", error=type(error).__name__, place=place_of(error))
            if time.monotonic() > self._until:
                return
            if self._came > came:
                self._ending.wait(min((time.monotonic() - begun) * (1 / SHARE - 1), LONGEST_REST_SECONDS))


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """Be there while the application is, as `app.state.behind`."""
    app.state.behind = behind = Behind()
    yield
    behind.end()
