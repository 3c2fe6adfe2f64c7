"""The course of it: load, kills at random instants, then peace, then the ledger."""

import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import exists, func, select

from notifiers.standin import TwilioServer
from service import jobs, receipts
from service.models import Attempt, Nudge, Person, Reply
from service.proving import ground, ledger
from service.proving.crowd import Crowd
from service.proving.ground import Daemon
from service.proving.ledger import Cut, Ledger
from service.site import Site
from service.states import NudgeState, ReplyState

STALLED_SECONDS = 60
"""What is left after the last daemon has done nothing for so long is lost."""
QUIET_SECONDS = 3.0
LOOK_SECONDS = 0.25
AT_START = 0.2
"""The share of daemons whose seconds count from their start, and not from when they are at work."""
ALL_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Course:
    """What is to be done. The same seed kills after the same seconds; what that hits is chance."""

    kills: int
    people: int
    """Who join during each daemon's life."""
    seconds: float
    """The longest that a daemon lives."""
    seed: int
    database_url: str | None = None


def prove(course: Course, tell: Callable[[int], None] = lambda _: None) -> Ledger:
    """Kill a throw-away installation as often as `course` says; `tell` is given the number of each kill."""
    chance = random.Random(course.seed)  # noqa: S311 (Not a secret: it has to be repeatable.)
    cut = Cut()
    with (
        tempfile.TemporaryDirectory(prefix="attune-prove-", ignore_cleanup_errors=True) as folder,
        ground.stand_in() as twilio,
        ground.installation(Path(folder), course.database_url, twilio) as site,
    ):
        with Crowd(site, twilio, random.Random(course.seed)) as crowd:  # noqa: S311
            for nth in range(course.kills):
                crowd.wanted += course.people
                from_work = chance.random() > AT_START
                _live_and_die(site, from_work, chance.uniform(0, course.seconds), cut)
                tell(nth + 1)
            _in_peace(site, twilio, crowd)
        _settle(site)
        return ledger.draw(site, twilio, crowd, cut, course.seed)


def _live_and_die(site: Site, from_work: bool, seconds: float, cut: Cut) -> None:
    """Start a daemon, kill it so many seconds after its start or once it is at work; note what it left."""
    daemon = Daemon.start(site.settings)
    try:
        if from_work:
            daemon.wait_until_at_work()
        time.sleep(seconds)
    finally:
        cut.ended_alone += not daemon.kill()
    with site.db.read() as session:
        under_way = select(Attempt.id).join(Nudge, Nudge.id == Attempt.nudge_id)
        cut_off = session.scalars(
            under_way.where(Nudge.state == NudgeState.SENDING, Attempt.outcome.is_(None))
        ).all()
        planned = exists().where(Nudge.state == NudgeState.PLANNED, Nudge.not_before <= site.now())
        stored = exists().where(Reply.state == ReplyState.RECEIVED)
        waiting = session.scalar(select(planned | stored)) or False
    cut.note(set(cut_off), waiting)


def _in_peace(site: Site, twilio: TwilioServer, crowd: Crowd) -> None:
    """Let one more daemon work off what is left, and end it as Ctrl-C does."""
    crowd.stop_joining()
    daemon = Daemon.start(site.settings)
    try:
        daemon.wait_until_at_work()
        quiet_since = moved_at = time.monotonic()
        left: list[int] = []
        while time.monotonic() < min(quiet_since + QUIET_SECONDS, moved_at + STALLED_SECONDS):
            time.sleep(LOOK_SECONDS)
            before, left = left, _left(site)
            if not crowd.is_quiet or any(left):
                quiet_since = time.monotonic()
            if before != left:
                moved_at = time.monotonic()
        twilio.settle()
        daemon.end()
    finally:
        daemon.kill()


def _left(site: Site) -> list[int]:
    """Count what a daemon has left to do, besides what kills left half done: `_settle` sees to that."""
    now = site.now()
    with site.db.read() as session:
        counts = (
            select(func.count()).where(Person.due_at <= now),
            select(func.count()).where(Nudge.state == NudgeState.PLANNED, Nudge.not_before <= now),
        )
        return [session.scalar(one) or 0 for one in counts]


def _settle(site: Site) -> None:
    """Do what a daemon does some time later: take up what was left half done, ask about what never ended."""
    ahead = timedelta(seconds=site.settings.claim_seconds + 1)
    later = replace(site, now=lambda: site.now() + ahead)
    while receipts.sweep(later, later.now()):
        pass
    jobs.run_all(later)
    # Nobody waits for this job: a daemon asks about so many in turns of some seconds.
    receipts.settle(later, later.now(), ALL_AT_ONCE, clock=lambda: 0.0)
