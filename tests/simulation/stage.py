"""Where lives are played: one installation, its clock, its daemon, and what befalls them."""

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from random import Random
from sqlite3 import Connection
from zoneinfo import ZoneInfo

from sqlalchemy import event

from notifiers.base import Message
from service import inbound, jobs, planning, receipts, sending
from service.settings import Settings
from service.site import Site, open_site
from tests.simulation.line import Line
from tests.simulation.lives import DAYS

ROUND = 25
"""Messages claimed at once."""
CRASH = 0.002
"""The chance that the process dies before or after one hand-over, or between planning and sending."""
SWEPT = timedelta(minutes=3)
"""After so long a hand-over that never ended counts as unknown."""
OUTAGES = [timedelta(hours=hours) for hours in (1, 3, 3, 4, 24, 24, 30, 49)]
STEPS = [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(hours=-1)]
"""How the clock of the machine is set, now and then."""
RESTARTS = 3
"""How often everything is opened anew: each time all statements have to be compiled again."""


class Stage:
    """An installation that is played from `start` on; `heard` is told of each message that arrives."""

    def __init__(
        self, settings: Settings, start: datetime, seed: int, heard: Callable[[Message], None]
    ) -> None:
        random.seed(seed)  # The service spreads its retries with it.
        self.rng = Random(seed)
        self.settings, self.start, self.at, self.heard = settings, start, start, heard
        self.line = Line(self.rng)
        self.agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self.things = 0
        self.down_until = start
        self.site = self._opened()

    def _opened(self) -> Site:
        site = open_site(self.settings, lambda: self.at)
        event.listen(site.db.engine, "connect", _fast)
        site.db.engine.dispose()  # The connection that looked at the schema is slow.
        return replace(site, notifiers={"phone": self.line})

    def restart(self) -> None:
        self.site.db.close()
        self.site = self._opened()

    def on(self, at: datetime, thing: Callable[[], object]) -> None:
        """Put something on the agenda."""
        self.things += 1
        heapq.heappush(self.agenda, (at, self.things, thing))

    def play(self, days: int = DAYS) -> None:
        """Go from instant to instant, and do what is on the agenda or due, until so many days are over."""
        end = self.start + timedelta(days=days)
        self._work()
        while (at := self._next()) and at <= end:
            self.at = max(at, self.at)
            while self.agenda and self.agenda[0][0] <= self.at:
                heapq.heappop(self.agenda)[2]()
            if self.is_up:
                self._work()
        self.site.db.close()

    @property
    def is_up(self) -> bool:
        return self.at >= self.down_until

    def _next(self) -> datetime | None:
        soonest = self.agenda[0][0] if self.agenda else None
        if not self.is_up:
            return soonest
        with self.site.db.read() as session:
            due_at = jobs.next_instant(session, self.at)
        return min((at for at in (soonest, due_at) if at), default=None)

    def _work(self) -> None:
        """Do what a daemon does when it wakes up; at times it dies of it."""
        planning.plan_due(self.site, self.at)
        if self.rng.random() < CRASH:
            self.goes_down(timedelta(minutes=self.rng.choice([3, 15, 40, 200])))
        while self.is_up and (claimed := sending.claim(self.site, self.at, ROUND)):
            for one in claimed:
                if self.rng.random() < CRASH:
                    return self.goes_down(SWEPT)  # Those that are left stay `sending`.
                handed = sending.hand_over(self.site, one)
                if self.rng.random() < CRASH:
                    return self.goes_down(SWEPT)
                sending.record(self.site, handed, self.at)
        self._arrive()
        return None

    def _arrive(self) -> None:
        for message in self.line.arrived:
            self.heard(message)
        self.line.arrived.clear()

    def goes_down(self, time_down: timedelta) -> None:
        """Let the daemon die in the middle of whatever it did; it takes up its work after a while."""
        self.down_until = max(self.down_until, self.at + time_down)
        self.on(self.down_until, self._wakes_up)

    def _wakes_up(self) -> None:
        for ahead in (timedelta(), SWEPT):
            self.on(self.at + ahead, self._sweep)
        self._arrive()

    def _sweep(self) -> None:
        receipts.sweep(self.site, self.at)
        inbound.sweep(self.site, self.at)

    def trouble(self, busy: Sequence[tuple[int, str]]) -> None:
        """Spread outages, steps of the clock and restarts over days on which somebody in a zone is busy.

        They come about the hours at which reminders do, where they matter.
        """
        for length in OUTAGES:
            self.on(self._sometime(busy), partial(self.goes_down, length))
        for step in STEPS:
            self.on(self._sometime(busy), partial(self._steps, step))
        for _ in range(RESTARTS):
            self.on(self._sometime(busy), self.restart)

    def _sometime(self, busy: Sequence[tuple[int, str]]) -> datetime:
        day, zone = self.rng.choice(busy)
        clock = time(self.rng.choice([2, 7, 11, 16, 18, 19]), self.rng.randrange(60))
        return datetime.combine((self.start + timedelta(days=day)).date(), clock, ZoneInfo(zone)).astimezone(
            UTC
        )

    def _steps(self, step: timedelta) -> None:
        self.at += step


def _fast(connection: Connection, _entry: object) -> None:
    """Leave it to the machine when it writes to its disk: this database dies with the test."""
    connection.execute("PRAGMA synchronous = OFF")
