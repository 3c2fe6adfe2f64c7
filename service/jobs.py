"""What an engine runs again and again. Each job may be lost, late or run twice: the claims decide."""

import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service import (
    alerts,
    carrying,
    clock,
    due,
    inbound,
    lapsing,
    loops,
    planning,
    polling,
    receipts,
    retention,
    schema,
    senders,
    sending,
    strangers,
    traces,
    waiting,
    zones,
)
from service.carrying import Carrier
from service.db import insert_new
from service.log import place_of
from service.models import Meta
from service.site import Site

log = structlog.get_logger()

MOST_UNPLANNABLE = 10
"""If nothing can be planned for so many in one go, it is no trouble of theirs, and the job fails."""
FEW, QUICK_SECONDS = 100, 0.5
"""People in the first batch of a go, and what is quick for one."""
LAST_TICK = "last_tick"
SILENT_FOR = timedelta(minutes=2)
"""A daemon that has not said for so long that it is at work is not."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so many seconds; it returns how much it did."""

    name: str
    every_seconds: int
    run: Callable[[Site], int]


def plan(site: Site, going_on: Callable[[], bool] = lambda: True) -> int:
    """Plan for all who are due, batch by batch; return how many people were looked at.

    The batches grow while they are quick: years of history may have to be summed up, and whoever wants to
    write waits for a batch. Somebody of whom something cannot be read is found, and put off: nobody else
    waits for that.
    """
    total, limit, put_off = 0, FEW, 0
    while going_on():
        begun = time.monotonic()
        try:
            people = planning.plan_due(site, site.now(), limit).people
        except planning.Unplannable as error:
            if len(error.person_ids) > 1:  # Found by fewer and fewer at a time.
                limit = max(1, len(error.person_ids) // 8)
                continue
            put_off += 1
            if put_off > MOST_UNPLANNABLE:
                raise
            planning.put_off(site, error.person_ids[0], site.now())
            cause = error.__cause__ or error
            log.error(
                "cannot plan",
                for_id=str(error.person_ids[0]),
                error=type(cause).__name__,
                place=place_of(cause),
            )
            limit = FEW
        else:
            if not people:
                break
            total += people
            quick = time.monotonic() - begun < QUICK_SECONDS
            limit = min(2 * limit, planning.BATCH) if quick else max(1, limit // 2)
    return total


def send(site: Site, pool: Executor, size: int, going_on: Callable[[], bool] = lambda: True) -> int:
    """Hand over what is planned until nothing is left, in `size` threads; return how many were claimed.

    Nothing is claimed beyond what goes out at once, so that a STOP can still hold the rest.
    """
    return Carrier(site, pool, size).run(going_on)


def send_one_by_one(site: Site) -> int:
    """Hand over what is planned, in this thread; return how many were claimed."""
    total = 0
    while claimed := sending.claim(site, site.now(), 1):
        for one in claimed:
            carrying.record(site, [sending.hand_over(site, one)])
        total += len(claimed)
    return total


def beat(site: Site) -> int:
    """Note in the database that a daemon is at work, one that can read it: the key may have been replaced."""
    with site.db.write() as session:
        schema.check_key(session, site.sealer)
        # Two daemons, or two jobs of one, may begin at the same instant.
        insert_new(session, Meta, [{"key": LAST_TICK, "value": ""}])
        session.execute(update(Meta).where(Meta.key == LAST_TICK).values(value=site.now().isoformat()))
    return 1


def last_tick(session: Session) -> datetime | None:
    """Return when a daemon last said that it is at work."""
    value = session.scalar(select(Meta.value).where(Meta.key == LAST_TICK))
    return datetime.fromisoformat(value) if value else None


ENDS = (
    loops.forget,
    inbound.drop_stuck,
    due.end_rests,
    lapsing.drop_help_words,
    strangers.forget_helped,
    polling.forget_passed_over,
    senders.reopen,
)
"""What ends by itself, each in a write of its own."""


def tidy(site: Site) -> int:
    """End what was kept for a while only; return how many rows were changed."""
    now, changed = site.now(), 0
    for end in ENDS:
        with site.db.write() as session:
            changed += end(session, now)
    return changed + traces.wipe_left(site)


PERIODIC = (
    Job("plan", 1, plan),
    Job("understand", 10, lambda site: inbound.sweep(site, site.now())),
    Job("sweep", 15, lambda site: receipts.sweep(site, site.now())),
    Job("settle", 60, lambda site: receipts.settle(site, site.now())),
    Job("poll", 20, polling.poll),
    Job("beat", 30, beat),
    Job("alert", 60, lambda site: alerts.tell(site, site.now())),
    Job("tidy", 300, tidy),
    Job("purge", 3600, retention.purge),
    Job("zones", 60, zones.follow),
)


HELD = frozenset({"plan", "alert"})
"""What waits while the machine's clock has leapt and is not believed; all else goes by the time before."""


def run(job: Job, site: Site) -> int:
    """Run a job as an engine does; return how much it did, nothing while the clock holds it."""
    return 0 if job.name in HELD and clock.is_doubtful(site.now) else job.run(site)


def run_all(site: Site) -> int:
    """Run everything in order until nothing is left to do at this instant; return how much was done."""
    total = 0
    while did := plan(site) + inbound.sweep(site, site.now()) + send_one_by_one(site):
        total += did
    return total


def idle(site: Site) -> set[str]:
    """Return those of the jobs that run each second which have nothing to do now."""
    now = site.now()
    with site.db.read() as session:
        firsts = zip(("plan", "send"), waiting.first_instants(session), strict=True)
        return {name for name, first in firsts if first is None or first > now}


def next_instant(session: Session, now: datetime) -> datetime | None:
    """Return the next instant after `now` at which something is due."""
    return waiting.next_instant(session, now)
