"""A machine whose clock a test sets."""

from datetime import datetime, timedelta

from service.clock import Clock


class Machine:
    """`at` is the true time; `off` is how far the machine's clock is ahead of it."""

    def __init__(self, at: datetime) -> None:
        self.at = self._began = at
        self.off = timedelta()
        self.clock = Clock(lambda: self.at + self.off, lambda: (self.at - self._began).total_seconds())
