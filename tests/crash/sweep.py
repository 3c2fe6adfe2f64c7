"""Deaths and cut lines at given bytes of the exchange with the provider, one message for each."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from notifiers.standin import TwilioServer
from service import outbox, receipts, sending
from service.models import Nudge
from service.outbox import NewNudge
from service.proving import ground
from service.settings import Settings
from service.site import open_site
from service.states import Cause, NudgeKind, NudgeState
from tests.crash.line import Line, Side
from tests.walk import processes
from tests.walk.rows import crowd, rows
from tests.world import World

processes.CONTEXT.set_forkserver_preload(
    [
        "__main__",
        "tests.crash.sweep",
        "tests.walk.walker",
        "tests.walk.writers",
        "service.proving.ground",
        "notifiers.twilio",
        "psycopg",
    ]
)
PEOPLE = 10
ALL_AT_ONCE = 100_000


@dataclass(slots=True)
class Swept:
    """What came of it. Each point is one message whose exchange ended at one byte."""

    points: int = 0
    at_provider: int = 0
    sent: int = 0
    """Of those, settled."""
    unknown: int = 0
    """Of the others: nobody tries again, and the admin is shown them."""
    doubles: int = 0
    wrong: int = 0
    """All else."""
    most_bytes: dict[str, int] = field(default_factory=dict)
    """The last byte that was reached, of request and answer."""


def every_byte(_: Side) -> Iterable[int]:
    """Return all numbers of bytes; a sweep ends by itself where the exchange has not as many."""
    return range(1_000_000)


def kill(folder: Path, database_url: str | None, bytes_: Callable[[Side], Iterable[int]]) -> Swept:
    """Kill a process with SIGKILL at these bytes of request and answer, and let the next start carry on."""
    return _sweep(folder, database_url, bytes_, _killed)


def cut(folder: Path, database_url: str | None, bytes_: Callable[[Side], Iterable[int]]) -> Swept:
    """Cut the line at these bytes; the process lives on."""
    return _sweep(folder, database_url, bytes_, _cut)


def _sweep(
    folder: Path,
    database_url: str | None,
    bytes_: Callable[[Side], Iterable[int]],
    end: Callable[[World, Line, Side, int], None],
) -> Swept:
    with (
        TwilioServer() as twilio,
        Line(twilio.url) as line,
        ground.installation(folder, database_url, twilio) as made,
    ):
        notifiers = {"twilio": {**made.settings.notifiers["twilio"], "base_url": line.url}}
        settings = made.settings.model_copy(update={"notifiers": notifiers})
        world = World.open(settings, datetime.now(UTC))
        with closing(world.site.db):
            ids = crowd(world, PEOPLE)
            points: list[UUID] = []
            most: dict[str, int] = {}
            for side in Side:
                for nth in bytes_(side):
                    points.append(_plan(world, ids[len(points) % PEOPLE], len(points)))
                    end(world, line, side, nth)
                    if not line.reached():
                        break
                    most[side] = nth
            return replace(_settled(world, made.settings, twilio, points), most_bytes=most)


def _plan(world: World, person_id: UUID, number: int) -> UUID:
    """Plan a message like any other, with words of its own that are as long as all the others'."""
    nudge = NewNudge(
        person_id=person_id,
        kind=NudgeKind.NOTICE,
        cause_kind=Cause.TEST,
        cause_id=uuid4(),
        due_at=world.at,
        not_before=world.at,
        expires_at=world.at + timedelta(hours=2),
        words=f"Message {number:05}",
    )
    with world.site.db.write() as session:
        outbox.lock_people(session, [person_id])
        outbox.add(session, world.site.sealer, [nudge])
    return nudge.id


def send_one(settings: Settings, at: datetime) -> None:
    """Hand over the one message that is planned."""
    site = open_site(settings, lambda: at)
    for claimed in sending.claim(site, at, 1):
        sending.record(site, sending.hand_over(site, claimed), at)
    site.db.close()


def _killed(world: World, line: Line, side: Side, nth: int) -> None:
    process = processes.start(send_one, world.site.settings, world.at)
    line.arm(side, nth, process.kill)
    assert processes.ended(process) in (0, -9)


def _cut(world: World, line: Line, side: Side, nth: int) -> None:
    # As after a start: a connection that is open already would be another exchange.
    line.arm(side, nth, lambda: None)
    send_one(world.site.settings, world.at)


def _settled(world: World, settings: Settings, twilio: TwilioServer, points: list[UUID]) -> Swept:
    """Do what the next start does once claims are swept, with the line in order, and count."""
    later = World.open(settings, world.at + timedelta(seconds=settings.claim_seconds + 1))
    with closing(later.site.db):
        while receipts.sweep(later.site, later.at):
            pass
        later.run()
        # Nobody waits for this job: a daemon asks about so many in turns of some seconds.
        receipts.settle(later.site, later.at, ALL_AT_ONCE, clock=lambda: 0.0)
        later.run()
        nudges = {row.id: row for row in rows(later, Nudge, Nudge.cause_kind == Cause.TEST)}
    times = Counter(record.body for record in twilio.messages)
    swept = Swept(points=len(points))
    for number, id_ in enumerate(points):
        stored, state = times[f"Message {number:05}"], nudges[id_].state
        swept.at_provider += stored > 0
        swept.doubles += max(0, stored - 1)
        if stored and state is NudgeState.SENT:
            swept.sent += 1
        elif not stored and state is NudgeState.UNKNOWN:
            swept.unknown += 1
        else:
            swept.wrong += 1
    return swept
