"""Ids that are made in code and sort by the time they were made."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562, 5.7): 48 bits of milliseconds, 12 bits of their fraction, 62 random bits.

    The fraction keeps ids made one after the other in order down to about a quarter of a microsecond.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    tail = int.from_bytes(os.urandom(8)) & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | tail)


def as_id(wanted: str) -> UUID | None:
    """Return the id, or None if that is none."""
    try:
        return UUID(wanted)
    except ValueError:
        return None


def ends_with(id_: UUID, wanted: str) -> bool:
    """Say whether an id ends with these four or more digits; ids made together begin alike."""
    digits = wanted.lower().replace("-", "")
    return len(digits) >= 4 and id_.hex.endswith(digits)
