"""The machine's clock: when it leaps forward it is not believed at once, and nothing new is planned.

A leap is what the clock shows beyond the seconds that were counted meanwhile, those of a sleep included. A
machine that was off is no leap: whoever starts believes the clock.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.errors import AttuneError

log = structlog.get_logger()

LEAP = timedelta(minutes=10)
"""A clock that is set forward by no more than this is believed at once."""
STANDS = timedelta(minutes=15)
"""A clock that goes on evenly for so long after a leap is believed."""
EPOCH, NONE = datetime.fromtimestamp(0, UTC), timedelta()
Now = Callable[[], datetime]


class ClockTrouble(AttuneError):  # noqa: N818 (Like KeyTrouble, it is no bug.)
    """The machine's clock and the database's do not agree."""


def machine_time() -> datetime:
    return datetime.now(UTC)


def seconds_counted() -> float:
    """Return seconds that nobody can set and that go on while the machine sleeps."""
    # Linux stops its monotonic clock in a sleep; other systems do not, and have no other.
    if hasattr(time, "clock_gettime"):
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    return time.monotonic()


class Clock:
    """Tells the time; after a leap the one from before it, counted on, until the new one is believed.

    That is when it has stood for 15 minutes. A step back is believed at once: what was planned is planned.
    Threads may share it.
    """

    def __init__(self, wall: Now = machine_time, counted: Callable[[], float] = seconds_counted) -> None:
        self._wall = wall
        self._counted = counted
        self._lock = threading.Lock()
        self._ahead = wall() - EPOCH - timedelta(seconds=counted())
        """How far the clock was ahead of the seconds counted, when it was last believed."""
        self._leapt: tuple[timedelta, timedelta] | None = None
        """How far it was ahead when it leapt, and what was counted then; None while it is believed."""

    def __call__(self) -> datetime:
        """Return the time, in UTC."""
        wall, leap = self._look()
        return wall - leap

    def leapt(self) -> timedelta | None:
        """Return by how much the clock has leapt forward, None while it is believed."""
        return self._look()[1] or None

    def apart_from(self, witness: datetime) -> timedelta:
        """Return how far what the machine shows, believed or not, is from another clock."""
        return abs(self._wall() - witness)

    def _look(self) -> tuple[datetime, timedelta]:
        """Return what the machine shows, and how much of that is a leap that is not believed yet."""
        with self._lock:
            wall, counted = self._wall(), timedelta(seconds=self._counted())
            ahead = wall - EPOCH - counted
            leap = ahead - self._ahead
            if leap <= LEAP:
                if self._leapt:
                    log.warning("the clock was set back, and is believed")
            elif self._leapt is None or abs(ahead - self._leapt[0]) > LEAP:
                self._leapt = ahead, counted
                log.warning("the clock leapt, and is not believed yet", seconds=_seconds(leap))
                return wall, leap
            elif counted - self._leapt[1] < STANDS:
                return wall, leap
            else:
                log.warning("the clock has stood, and is believed", seconds=_seconds(leap))
            self._ahead, self._leapt = ahead, None
            return wall, NONE


def is_doubtful(now: Now) -> bool:
    """Say whether the clock has leapt and is not believed yet; a clock of another kind never is."""
    return isinstance(now, Clock) and now.leapt() is not None


def notices(now: Now) -> list[str]:
    """Return what an admin should know about the clock."""
    leapt = now.leapt() if isinstance(now, Clock) else None
    if leapt is None:
        return []
    return [
        f"The machine's clock leapt forward by {_shown(leapt)}: nothing new is planned until it has stood "
        f"for {_shown(STANDS)}. If it is wrong, set it right; if right, restart Attune to go on at once."
    ]


def check(session: Session, now: Now) -> None:
    """Raise ClockTrouble if PostgreSQL, perhaps elsewhere, shows quite another time than this machine."""
    if not isinstance(now, Clock) or session.get_bind().dialect.name != "postgresql":
        return
    witness = session.scalar(select(func.clock_timestamp()))
    if witness and (apart := now.apart_from(witness)) > LEAP:
        raise ClockTrouble(
            f"The clocks of this machine and of PostgreSQL are {_shown(apart)} apart; set right the one that "
            "is wrong, best by NTP on both."
        )


def _seconds(time: timedelta) -> int:
    return round(time.total_seconds())


def _shown(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes / 60:.0f} hours" if minutes < 2880 else f"{minutes / 1440:.0f} days"
