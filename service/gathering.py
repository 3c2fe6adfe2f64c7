"""What several threads want to write at the same time goes into one transaction: one wait for the disk."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
MOST = 50
"""Wishes in one transaction: it stays a short one for whoever waits for the turn after it."""


class _Wish(Generic[T]):
    """What one thread wants written, and what became of it."""

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self.work = work
        self.over = threading.Event()
        self.result: T | None = None
        self.error: BaseException | None = None


class Gathering:
    """Wishes that wait for the turn to write; whoever has it fulfils all of them.

    `turn` waits for it and may give up, `begin` opens a transaction.
    """

    def __init__(
        self,
        turn: Callable[[], AbstractContextManager[None]],
        begin: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._turn, self._begin = turn, begin
        self._waiting: list[_Wish[object]] = []
        self._lock = threading.Lock()

    def do(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returns once that is committed. Raises what it raises, or the database does."""
        wish = _Wish(work)
        with self._lock:
            self._waiting.append(wish)  # type: ignore[arg-type]  # What it returns is its thread's alone.
        try:
            with self._turn():
                # Those before us may have done it already.
                while not wish.over.is_set():
                    self._fulfil(self._taken())
        except Exception:
            with self._lock:
                if wish in self._waiting:
                    self._waiting.remove(wish)  # type: ignore[arg-type]
                    raise
            wish.over.wait()  # It was taken up while we gave up.
        if wish.error:
            raise wish.error
        return wish.result  # type: ignore[return-value]  # It is over, and without an error.

    def _taken(self) -> list[_Wish[object]]:
        with self._lock:
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            return taken

    def _fulfil(self, wishes: list[_Wish[object]]) -> None:
        """Do all of it, or none; where one of several is at fault, each alone."""
        at: _Wish[object] | None = None
        error: BaseException | None = None
        try:
            with self._begin() as connection:
                for at in wishes:
                    at.result = at.work(connection)
                at = None
        except BaseException as raised:
            error = raised
            if at and len(wishes) > 1:
                for wish in wishes:
                    self._fulfil([wish])
                return
        for wish in wishes:
            wish.error = error
            wish.over.set()
