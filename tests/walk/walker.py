"""One nudge's whole walk as a script, in a process that kills itself with SIGKILL where it is told to.

The hooks that kill are SQLAlchemy's events, set in that process only: before and after the n-th commit of a
write, and at two places in between that the script names itself.
"""

import os
import signal
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, event, select

from notifiers.base import Inbound, Report
from service import inbound, planning, receipts, sending
from service.connecting import WRITE
from service.models import Attempt, Nudge
from service.settings import Settings
from service.site import Site, open_site
from service.states import AddressKind, NudgeKind, NudgeState
from tests.world import NUMBERS

SAID = f"SM{'d' * 32}"
"""The provider's id of the person's message: the same each time it is posted."""


class Place(StrEnum):
    """Where a process may die."""

    BEFORE_COMMIT = "before a commit"
    AFTER_COMMIT = "after a commit"
    CLAIMED = "between the claim and the call of the provider"
    ACCEPTED = "between the provider's answer and our record of it"
    NOWHERE = "nowhere"


def walk_and_die(settings: Settings, at: datetime, place: Place, nth: int) -> None:
    """Walk, and die when `place` is reached for the `nth` time."""
    left = nth

    def reach(reached: Place) -> None:
        nonlocal left
        if reached is place:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    site = open_site(settings, lambda: at)
    listen(site, reach)
    walk(site, reach)
    site.db.close()


def listen(site: Site, reach: Callable[[Place], None]) -> None:
    writes = False

    def before(connection: Connection) -> None:
        nonlocal writes
        writes = bool(connection.get_execution_options().get(WRITE))
        if writes:
            reach(Place.BEFORE_COMMIT)

    def after(*_: object) -> None:
        nonlocal writes
        if writes:
            writes = False
            reach(Place.AFTER_COMMIT)

    event.listen(site.db.engine, "commit", before)
    # Not the session's own event: what is added past any session is committed as well.
    event.listen(site.db.engine, "checkin", after)


def walk(site: Site, reach: Callable[[Place], None] = lambda _: None) -> None:
    """Do all that a start does, once: see to what was left, plan, send, take reports and a reply, answer."""
    now = site.now()
    receipts.sweep(site, now)
    receipts.settle(site, now)
    inbound.sweep(site, now)
    planning.plan_due(site, now)
    send(site, reach)
    report(site)
    if arrived(site):
        said = Inbound(SAID, NUMBERS["Alex"], "done")
        if reply_id := inbound.store(site, "twilio", AddressKind.SMS, said, now):
            inbound.understand(site, reply_id, now)
    send(site, reach)


def send(site: Site, reach: Callable[[Place], None]) -> None:
    while claimed := sending.claim(site, site.now(), 1):
        for one in claimed:
            reach(Place.CLAIMED)
            handed = sending.hand_over(site, one)
            reach(Place.ACCEPTED)
            sending.record(site, handed, site.now())


def report(site: Site) -> None:
    """Take the provider's reports of the nudge; it may send them again."""
    with site.db.read() as session:
        known = session.execute(
            select(Attempt.id, Attempt.provider_id)
            .join(Nudge, Nudge.id == Attempt.nudge_id)
            .where(Nudge.kind == NudgeKind.NUDGE, Attempt.provider_id.is_not(None))
        ).all()
    for attempt_id, provider_id in known:
        assert provider_id is not None
        for rank, status in ((2, "sent"), (3, "delivered")):
            receipts.record(site, "twilio", Report(provider_id, status, rank), attempt_id, site.now())


def arrived(site: Site) -> bool:
    """Say whether the person has the nudge, and so may answer it."""
    gone = (NudgeState.SENT, NudgeState.DELIVERED)
    with site.db.read() as session:
        nudge = select(Nudge.id).where(Nudge.kind == NudgeKind.NUDGE, Nudge.state.in_(gone))
        return session.scalar(nudge.limit(1)) is not None
