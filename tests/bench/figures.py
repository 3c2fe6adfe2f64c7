"""A figure that is measured: a rate, a share or a size, beside another one from the same run."""

from dataclasses import dataclass, field


class NotHere(Exception):  # noqa: N818 (It is no error.)
    """What this machine lacks for the rest of a measurement, in a sentence; no run fails of it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value in its unit; `other` is what the alternative `beside` it came to.

    `raw` has the values of all rounds, `spread` what a round is made of: a value for each percent, or second.
    """

    what: str
    value: float
    unit: str
    beside: str = ""
    other: float | None = None
    raw: list[float] = field(default_factory=list)
    spread: list[float] = field(default_factory=list)
