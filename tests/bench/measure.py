"""Two ways to one answer, timed in turn in the same run: what else the machine does meets both."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
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

    @property
    def ratio(self) -> float | None:
        """How many times as long the alternative takes, by the medians."""
        return median(self.others) / median(self.ours) if self.others else None


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


def table(rows: list[Row]) -> Iterator[str]:
    """Yield the lines of a plain table of medians."""
    cells = [("what", "ours", "alternative", "", "ratio")]
    for row in rows:
        others = _shown(median(row.others)) if row.others else ""
        ratio = f"{row.ratio:,.2g}" if row.ratio and row.ratio < 10 else f"{row.ratio or 0:,.0f}"
        cells.append((row.what, _shown(median(row.ours)), others, row.beside, ratio if others else ""))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for what, ours, other, beside, ratio in cells:
        yield (
            f"{what:{widths[0]}}  {ours:>{widths[1]}}  {other:>{widths[2]}}  {beside:{widths[3]}}"
            f"  {ratio:>{widths[4]}}"
        ).rstrip()


def _shown(seconds: float) -> str:
    """Return a time in the unit in which it is at least 1."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds / 1e-6:.2f} µs"
