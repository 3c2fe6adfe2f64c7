"""Invented people: where they live, what they take up and when, and how they take what they are sent.

Lives are sparse, so that two years of many people pass soon: a habit with a reminder every month
or two all along, and a week or so of many. Dense ones have the catalogue's own pace, and months of many.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum
from random import Random

from habits import practices

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Pacific/Auckland",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Europe/London",
)
DAYS = 730
SPARSE = (
    ("every 8 weeks sat 10:00", "1 in 60 days"),
    ("every 7 weeks wed 18:00-20:00", "1 in 50 days"),
    ("every 50 days 20:30", "1 in 60 days"),
    ("monthly 1 09:00", "1 a month"),
    ("monthly last sun 17:00", "1 a month"),
    ("monthly 31 02:30", "2 in 90 days"),
)
BUSY = (
    (("daily 20:00",), "daily"),
    (("daily 07:55", "daily 20:06"), "2 a week"),
    (("weekdays 08:00",), "mon tue wed thu fri"),
    (("mon wed fri 19:00", "sat 02:15"), "2 a week"),
    (("daily 17:00-20:00",), "2 in 4 days"),
    (("every 2 days 20:08", "sun 23:30"), "2 a month"),
    (("tue thu sat 12:00", "tue 12:09"), "tue thu sat"),
)
WEEKLY = (("sun 17:00", "1 a week"), ("wed 18:30", "1 a week"), ("sat 10:00-12:00", "1 in 7 days"))
CLOCKS = ((time(21), time(8)),) * 4 + (
    (time(22, 30), time(6, 30)),
    (time(12), time(14)),
    (time(0), time(0)),
    (time(1, 30), time(5)),
    (time(20), time(10)),
)


class Temper(StrEnum):
    """How somebody takes messages."""

    DEVOTED = "does what is asked, and says so"
    RELIABLE = "answers most of them"
    FORGETFUL = "answers now and then"
    SILENT = "answers until some day, and never again"
    RETURNING = "is silent for months, and then is back"
    PAUSING = "pauses again and again"
    STOPPING = "stops, and comes back"


@dataclass(frozen=True, slots=True)
class Season:
    """A practice taken up on one day of the simulation, counted from 0, and ended on another."""

    practice: str
    goal: str
    schedules: tuple[str, ...]
    first: int
    last: int
    taper: bool = False
    rescue: time | None = None
    joint: bool = False
    """For both of a couple."""


@dataclass(frozen=True, slots=True)
class Life:
    """One person, as invented."""

    name: str
    number: str
    zone: str
    temper: Temper
    couple: int | None
    day_starts: time
    quiet_from: time
    quiet_to: time
    daily_cap: int
    seasons: tuple[Season, ...]
    check_in: tuple[int, int, str] | None
    """First and last day of the weekly check-in, and when it comes."""
    summary: tuple[int, int, str] | None
    moves: tuple[tuple[int, str], ...]
    turning: tuple[int, ...]
    """Days on which they fall silent, stop, pause or come back, by turns."""

    def busy_days(self) -> list[int]:
        """Return the days, counted from 0, on which many reminders come."""
        return [
            day
            for season in self.seasons
            if season.last < DAYS and not season.taper
            for day in range(season.first + 2, season.last)
        ]

    def is_away(self, day: int) -> bool:
        """Say whether it is a time of silence, of a stop, or of pauses."""
        return sum(turn <= day for turn in self.turning) % 2 == 1


def invent(seed: int, count: int, dense: bool = False) -> list[Life]:
    """Return so many people; two in three belong to a couple. The same seed invents the same people."""
    rng = Random(seed)
    lives: list[Life] = []
    while len(lives) < count:
        couple = seed * 1000 + len(lives) if rng.random() < 0.5 and len(lives) + 2 <= count else None
        one = _life(rng, len(lives), couple, dense)
        lives.append(one)
        if couple is not None:
            other = _life(rng, len(lives), couple, dense)
            # What they share is taken up for both by the first of the two.
            lives[-1] = one = replace(one, seasons=tuple(_shared(rng, one.seasons)))
            taken = {season.practice for season in one.seasons if season.joint}
            own = tuple(season for season in other.seasons if season.practice not in taken)
            lives.append(replace(other, seasons=own))
    return lives


def _shared(rng: Random, seasons: Sequence[Season]) -> list[Season]:
    return [replace(season, joint=rng.random() < 0.6, rescue=None) for season in seasons]


def _life(rng: Random, position: int, couple: int | None, dense: bool) -> Life:
    temper = rng.choice(list(Temper))
    quiet_from, quiet_to = rng.choice(CLOCKS)
    first, last = _span(rng, 15, 35)
    home = rng.choice(ZONES)
    seasons = _seasons(rng, temper, dense)
    return Life(
        name=f"Person {position}",
        number=f"+120255501{position:02d}",
        zone=home,
        temper=temper,
        couple=couple,
        day_starts=rng.choice([time(3), time(3), time(0), time(4, 30)]),
        quiet_from=quiet_from,
        quiet_to=quiet_to,
        daily_cap=rng.choice([1, 1, 2, 3, 4]),
        seasons=seasons,
        check_in=(first, last, rng.choice(["sun 17:00", "wed sun 19:00"])) if rng.random() < 0.3 else None,
        summary=(*_span(rng, 15, 35), rng.choice(("sun 18:00", "wed sun 18:00")))
        if rng.random() < 0.3
        else None,
        moves=_moves(rng, home, seasons[1]),
        turning=_turning(rng, temper),
    )


def _seasons(rng: Random, temper: Temper, dense: bool) -> tuple[Season, ...]:
    slugs = rng.sample(list(practices.catalogue()), 5)
    when, goal = rng.choice(WEEKLY if dense else SPARSE)
    seasons = [Season(slugs[0], goal, (when,), 0, DAYS)]
    first, last = _span(rng, *((100, 500) if dense else (6, 8)))
    for slug in slugs[1 : rng.choice([2, 2, 3, 4])]:
        many, goal = rng.choice(BUSY)
        rescue = time(19, 30) if rng.random() < 0.5 else None
        begins = first + rng.randint(0, 3)
        seasons.append(Season(slug, goal, many, begins, last, rescue=rescue))
    if temper is Temper.DEVOTED:
        when, goal = rng.choice(WEEKLY)
        begins, ends = _span(rng, 110, 160)
        seasons.append(Season(slugs[4], goal, (when,), begins, ends, taper=True))
    return tuple(seasons)


def _span(rng: Random, shortest: int, longest: int) -> tuple[int, int]:
    length = rng.randint(shortest, longest)
    first = rng.randint(1, DAYS - length - 1)
    return first, first + length


def _moves(rng: Random, home: str, busy: Season) -> tuple[tuple[int, str], ...]:
    """Return a journey that begins in a busy season, where it matters, or none."""
    if rng.random() > 0.4:
        return ()
    first = rng.randint(busy.first + 2, busy.last - 1)
    return (first, rng.choice(ZONES)), (rng.randint(first + 1, first + 40), home)


def _turning(rng: Random, temper: Temper) -> tuple[int, ...]:
    if temper is Temper.SILENT:
        return (rng.randint(30, 600),)
    if temper in (Temper.DEVOTED, Temper.RELIABLE, Temper.FORGETFUL):
        return ()
    return tuple(sorted(rng.sample(range(20, DAYS), rng.choice([2, 4, 4]))))
