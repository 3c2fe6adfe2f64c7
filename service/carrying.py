"""Claimed messages are carried by a pool of threads, and what came of them is recorded as it comes.

What comes in together is recorded together: a fast provider's outcomes share a transaction, a slow one's wait
for nobody. No more is under way than goes out at once: a STOP can still hold the rest, and a process that
dies leaves no more than that unknown.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree

from service import sending
from service.log import place_of
from service.sending import Claimed, Handed, NotBegun
from service.site import Site
from service.trouble import DatabaseError, explain

log = structlog.get_logger()

AT_ONCE_SECONDS = 0.1
"""No more is claimed than can be handed over within so long, by how long the last ones took."""
MOST = 100
"""Nor more than this, however fast the provider is: so many may be unknown after a death."""
MOST_SECONDS = 1.0
"""What one thread has not begun after so long is put back: the provider has become slow."""
TOGETHER_SECONDS = 0.01
"""What ends within so long is recorded together: a transaction costs more than it delays."""
PAUSES = (1.0, 4.0)
"""Seconds between the tries to record outcomes while the database cannot be reached or written."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Messages that are under way no more, how they ended, and how many seconds that took."""

    size: int
    handed: Sequence[Handed] = ()
    seconds: float = 0.0


class Carrier:
    """Hands messages over in `threads` threads of a pool, several one after the other if that is quick."""

    def __init__(self, site: Site, pool: Executor, threads: int) -> None:
        self._site = site
        self._pool = pool
        self._threads = threads
        self._most = threads
        self._under_way = 0
        self._ended: SimpleQueue[_Part] = SimpleQueue()

    def run(self, going_on: Callable[[], bool]) -> int:
        """Claim and hand over until nothing is left, or `going_on` says no; return how many were claimed."""
        total = 0
        try:
            while True:
                total += self._claim() if self._has_room and going_on() else 0
                if not self._under_way:
                    return total
                self._record_next()
        finally:
            while self._under_way:  # An error of the claim loses no outcome.
                self._record_next()

    @property
    def _has_room(self) -> bool:
        """Whether half of what may be under way has ended: to claim one after the other would be dear."""
        return self._under_way <= self._most // 2

    def _claim(self) -> int:
        claimed = sending.claim(self._site, self._site.now(), self._most - self._under_way)
        share = -(-len(claimed) // self._threads)
        for first in range(0, len(claimed), share or 1):
            part = claimed[first : first + share]
            self._pool.submit(self._carry, part)
            self._under_way += len(part)
        return len(claimed)

    def _carry(self, claimed: Sequence[Claimed]) -> None:
        """Hand over one message after the other, in a thread of the pool."""
        first = time.monotonic()
        try:
            while claimed:
                begun = time.monotonic()
                if begun - first > MOST_SECONDS:
                    self._ended.put(_Part(len(claimed), [Handed(one, NotBegun()) for one in claimed]))
                    return
                handed = sending.hand_over_some(self._site, claimed)
                self._ended.put(_Part(len(handed), handed, time.monotonic() - begun))
                claimed = claimed[len(handed) :]
        except Exception as error:  # What is left stays `sending` for the sweep.
            self._ended.put(_Part(len(claimed)))
            log.error("hand-over broke", error=type(error).__name__, place=place_of(error))

    def _record_next(self) -> None:
        """Wait for what ends next, and record it with all else that ends within a moment."""
        parts = [self._ended.get()]
        self._under_way -= parts[0].size
        until = time.monotonic() + TOGETHER_SECONDS
        with suppress(Empty):
            while self._under_way:
                parts.append(self._ended.get(timeout=max(0.0, until - time.monotonic())))
                self._under_way -= parts[-1].size
        handed = [one for part in parts for one in part.handed]
        if begun := sum(part.size for part in parts if part.seconds):
            each = sum(part.seconds for part in parts) / begun
            at_once = self._threads * AT_ONCE_SECONDS / max(each, 1e-6)
            self._most = max(self._threads, min(MOST, int(at_once)))
        if handed:
            record(self._site, handed)


def record(site: Site, handed: Sequence[Handed], pauses: Sequence[float] = PAUSES) -> None:
    """Record how hand-overs ended; one that cannot be recorded stays `sending` for the sweep, alone."""
    try:
        sending.record_all(site, handed, site.now())
    except (DatabaseError, OperationalError, NoneFree) as error:  # It is of no row: all would fail alike.
        if pauses:
            time.sleep(pauses[0])
            record(site, handed, pauses[1:])
        else:
            _not_recorded(handed, error)
    except Exception as error:
        middle = len(handed) // 2
        if middle:
            record(site, handed[:middle], pauses)
            record(site, handed[middle:], pauses)
        else:
            _not_recorded(handed, error)


def _not_recorded(handed: Sequence[Handed], error: Exception) -> None:
    """Log what is left to the sweep; the text of an error may hold what is private."""
    if isinstance(error, (DBAPIError, DatabaseError)):
        why = explain(error)
    else:
        why = f"{type(error).__name__} at {place_of(error)}"
    for one in handed:
        log.error("not recorded", attempt=str(one.claimed.attempt_id), why=why)
