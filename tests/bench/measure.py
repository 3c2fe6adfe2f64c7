"""Two ways to one answer, timed in turn in the same run: what else the machine does meets both."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from timeit import timeit

LONG_ENOUGH = 0.02
"""Seconds that one look at the clock should last."""
SLOW, ENOUGH = 1.0, 3
"""What lasts longer than so many seconds is timed in so many rounds only."""
Way = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Pair:
    """What is measured: our way, and another that must give the same answer, in words and as a call.

    `times` is how often a call does what is measured.
    """

    what: str
    ours: Way
    beside: str = ""
    other: Way | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """Seconds of each round, and what else is to be said; `others` is empty without an alternative."""

    what: str
    ours: list[float]
    beside: str
    others: list[float]


def measure(pair: Pair, rounds: int) -> Row:
    """Return the seconds that both ways took in each round. ValueError if they do not agree."""
    row = Row(pair.what, [], pair.beside, [])
    ways = [(pair.ours, row.ours), *([(pair.other, row.others)] if pair.other else [])]
    first = [_once(way) for way, _ in ways]
    if first[0][1] != first[-1][1]:
        raise ValueError(f"The two ways to {pair.what!r} do not agree.")
    for _ in range(rounds):
        for (way, seconds), (lasts, _) in zip(ways, first, strict=True):
            if lasts < SLOW or len(seconds) < ENOUGH:
                number = max(1, round(LONG_ENOUGH / lasts))
                seconds.append(timeit(way, number=number) / number / pair.times)
    return row


def _once(way: Way) -> tuple[float, object]:
    begins = perf_counter()
    answer = way()
    return perf_counter() - begins, answer
