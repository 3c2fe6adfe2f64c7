"""A time zone of the test's own in which it is almost noon, so that a reminder is due in a few seconds.

Reminders come at whole minutes of the person's clock; a zone may be any number of seconds off.
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path

ZONE = "Test/Soon"
LEAD = timedelta(seconds=15)
"""From the making of the zone to noon: a question, an answer and a command or two later."""
MARGIN = timedelta(seconds=4)
"""What the command that sets up a reminder may take."""
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Soon:
    """The zone: `folder` belongs into PYTHONTZPATH."""

    folder: Path
    noon_at: datetime

    @classmethod
    def make(cls, folder: Path) -> "Soon":
        """Write the zone's file."""
        noon_at = datetime.now(UTC) + LEAD
        since_midnight = noon_at - noon_at.replace(hour=0, minute=0, second=0, microsecond=0)
        offset = round((timedelta(hours=12) - since_midnight).total_seconds())
        file = folder / ZONE
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_zone(offset))
        return cls(folder, noon_at)

    def clock(self) -> str:
        """Return the first minute on the zone's clocks for which a reminder can still be set up."""
        late = datetime.now(UTC) + MARGIN - self.noon_at
        return f"12:{max(0, ceil(late / MINUTE)):02}"


def _zone(offset: int) -> bytes:
    """Return a zone that is always `offset` seconds ahead of UTC, in the format of RFC 8536, version 1."""
    name = b"SOON\0"
    header = struct.pack(">4s16x6l", b"TZif", 0, 0, 0, 0, 1, len(name))
    return header + struct.pack(">lbb", offset, 0, 0) + name
