"""How well the jobs of one process do: when each last went well, what hangs, and what a failure was of."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger()


@dataclass(slots=True)
class State:
    """Of one job, in seconds of the clock; None: it never was."""

    well_at: float
    begun_at: float | None = None
    failed_at: float | None = None
    why: str = ""


class Beats:
    """Notes how each job does; threads may share it. The log is told once of a failure, and of its end."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._states: dict[str, State] = {}

    def _of(self, name: str) -> State:
        return self._states.setdefault(name, State(well_at=self._clock()))

    def begin(self, name: str) -> None:
        """Note that a job begins, or that one which takes long has done a part."""
        self._of(name).begun_at = self._clock()

    def end(self, name: str) -> None:
        """Note that a job has ended, however it went."""
        self._of(name).begun_at = None

    def well(self, name: str) -> None:
        """Note that a job, or a part of it, went well."""
        state = self._of(name)
        state.well_at = self._clock()
        if state.why:
            log.info("job works again", job=name)
        state.failed_at, state.why = None, ""

    def failed(self, name: str, why: str) -> None:
        """Note what a job failed of."""
        state = self._of(name)
        if state.why != why:
            log.error("job failed", job=name, why=why)
        state.failed_at, state.why = self._clock(), why

    def trouble(self, name: str, patience: float) -> str | None:
        """Return what is wrong with a job for longer than `patience`, a blank if it hangs, None if nothing.

        What failed here once and was not tried here again is no trouble: another process has taken it up.
        """
        state, now = self._of(name), self._clock()
        hangs = state.begun_at is not None and now - state.begun_at > patience
        fails = state.failed_at is not None and now - state.failed_at <= patience
        if hangs or (fails and now - state.well_at > patience):
            return state.why
        return None
