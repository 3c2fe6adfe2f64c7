"""Entries: what was said of a habit's days, folded into one mark a day.

Facts are never changed, only added to: an undo is an entry of its own that takes back one other.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

NOTHING, EXCUSED, DONE = 0, 1, 2
"""The bits of a day's mark. Both, EXCUSED | DONE, is a done day: done wins over skipped and over a pause."""
DONE_ANYHOW = EXCUSED | DONE


class Mark(StrEnum):
    """What an entry says: of a day, or, if `undone`, of another entry."""

    DONE = "done"
    SKIPPED = "skipped"
    UNDONE = "undone"


SAID_DONE, SAID_SKIPPED, SAID_UNDONE = Mark.DONE, Mark.SKIPPED, Mark.UNDONE


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact. `seq` is its place among all that was said; only an undone entry `undoes` another, by id."""

    id: Hashable
    seq: int
    day: date
    kind: Mark
    undoes: Hashable | None = None

    def __post_init__(self) -> None:
        if (self.kind is SAID_UNDONE) is (self.undoes is None):
            raise ValueError("An undone entry takes back one other entry, and no other kind does.")


@dataclass(frozen=True, slots=True)
class Pause:
    """Paused days, both ends included; without an end until somebody resumes.

    One that ends before it begins, as when somebody resumes at once, holds no day.
    """

    from_on: date
    to_on: date | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """The days of which something was said that stands: entries of which none was ever taken back."""

    done: Sequence[date] = ()
    skipped: Sequence[date] = ()


NOTHING_SAID = Said()


def fold(
    entries: Sequence[Entry],
    pauses: Iterable[Pause],
    first: date,
    today: date,
    ahead: int = 0,
    said: Said = NOTHING_SAID,
) -> bytearray:
    """Return a mark for each day from `first` to `today`, both included, and `ahead` days more.

    What was said of days before `first` or after `today` is ignored; order and repetition change nothing. A
    pause with an end is known ahead, one without holds up to `today` only: it may end tomorrow. `first` is
    not after `today`.
    """
    origin = first.toordinal()
    days = today.toordinal() - origin + 1
    marks = bytearray(days + ahead)
    for pause in pauses:
        begins = max(0, pause.from_on.toordinal() - origin)
        ends = min(days + ahead, pause.to_on.toordinal() - origin + 1) if pause.to_on else days
        if begins < ends:
            marks[begins:ends] = bytes([EXCUSED]) * (ends - begins)
    for mark, of in ((DONE, said.done), (EXCUSED, said.skipped)):
        for one in of:
            day = one.toordinal() - origin
            if 0 <= day < days:
                marks[day] |= mark
    taken = taken_back(entries)
    for entry in entries:
        day = entry.day.toordinal() - origin
        if 0 <= day < days and entry.id not in taken:
            if entry.kind is SAID_DONE:
                marks[day] |= DONE
            elif entry.kind is SAID_SKIPPED:
                marks[day] |= EXCUSED
    return marks


def taken_back(entries: Iterable[Entry]) -> set[Hashable]:
    """Return the ids of the entries that no longer stand.

    An undo counts whatever day it carries. It can itself be taken back by a later one (higher `seq`): then
    what it took back stands again.
    """
    taken: set[Hashable] = set()
    undos = [entry for entry in entries if entry.kind is SAID_UNDONE]
    for undo in sorted(undos, key=lambda entry: entry.seq, reverse=True):
        if undo.id not in taken:
            taken.add(undo.undoes)
    return taken
