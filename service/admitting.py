"""Which of the messages that could go may go now: their sender is open and has a token, the day has room.

All that this looks at is in the rows and locked, so that any number of processes hold the same limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from habits.reasons import Reason
from notifiers.base import Priced
from notifiers.segments import count
from service import caps, due, outbox, rechecking, senders
from service.caps import Used
from service.models import SenderState
from service.rechecking import Way
from service.sealing import KeyTrouble
from service.site import Site
from service.states import AddressKind
from service.waiting import Kinds

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that may go, opened, and what it will take."""

    way: Way
    to: str = field(repr=False)
    text: str = field(repr=False)
    segments: int
    cost: float


def open_kinds(session: Session, site: Site, now: datetime) -> Kinds | None:
    """Return the kinds of address whose sender may be given something now; None: all.

    Looked at before anything is locked: what waits for a sender short of tokens is not even touched.
    """
    limits = {one.sender: limit for one in site.notifiers.values() if (limit := senders.limit_of(one))}
    short = senders.short_of_tokens(session, limits, now) if limits else set()
    if not short:
        return None
    carriers = {kind: one for kind in AddressKind if (one := site.notifier_for(kind))}
    may = frozenset(kind for kind, one in carriers.items() if one.sender not in short)
    return Kinds(frozenset(carriers), may)


def is_limited(site: Site) -> bool:
    """Say whether any channel has a limit of messages a second."""
    return any(senders.limit_of(one) for one in site.notifiers.values())


class _Opener:
    """Opens what is sealed of messages, each once; one that cannot be opened takes no others with it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        # To ask a channel whether it is one of those that cost takes longer than to open a message.
        self._prices = {name: one.price for name, one in site.notifiers.items() if isinstance(one, Priced)}
        self._opened: dict[UUID, Ready | None] = {}

    def open(self, way: Way) -> Ready | None:
        """Return a message with what it takes, or None if it cannot be opened."""
        if way.nudge.id not in self._opened:
            try:
                self._opened[way.nudge.id] = self._open(way)
            except KeyTrouble:
                log.error("cannot be opened", nudge=str(way.nudge.id))
                self._opened[way.nudge.id] = None
        return self._opened[way.nudge.id]

    def _open(self, way: Way) -> Ready:
        """Count the segments of an SMS; any other message counts as one. Raises KeyTrouble."""
        assert way.nudge.words_sealed is not None
        unseal = self._site.sealer.unseal
        text, to = unseal(way.nudge.words_sealed), unseal(way.address.value_sealed)
        segments = count(text).segments if way.address.kind is AddressKind.SMS else 1
        price = self._prices.get(way.notifier.name, 0.0)
        return Ready(way, to, text, segments, segments * price)


def admit(
    session: Session, site: Site, ways: Sequence[Way], now: datetime
) -> tuple[list[Ready], outbox.Changes]:
    """Return what may go now, the urgent first and counted as sent, and what becomes of others.

    What only lacks a token stays as it is: the next ring finds it where it was, at the head of the queue. One
    that cannot be opened is looked at again later.
    """
    admitted: list[Ready] = []
    changes = outbox.Changes()
    if not ways:
        return admitted, changes
    limits = {one.sender: senders.limit_of(one) for one in site.notifiers.values()}
    opener = _Opener(site)
    for way in ways:
        if not limits[way.notifier.sender]:
            opener.open(way)  # Now: from the lock to the commit other processes wait for the senders.
    states = senders.lock(session, {way.notifier.sender for way in ways})
    day = _Day(session, site, ways, states, now)
    for way in sorted(ways, key=lambda way: not way.is_urgent):
        state, limit = states[way.notifier.sender], limits[way.notifier.sender]
        if until := senders.reopens_at(state, now):
            changes.put_off[way.nudge.id] = until
        elif not senders.has_token(state, limit, now):
            continue
        elif (one := opener.open(way)) is None:
            changes.put_off[way.nudge.id] = min(now + rechecking.LOOK_AGAIN, way.nudge.expires_at)
        elif held := day.holds(one):
            _hold(changes, way, *held)
        else:
            senders.take(state, limit, one.segments, one.cost, now)
            day.count(one)
            admitted.append(one)
    return admitted, changes


class _Day:
    """What is used of the limits of a day, and what the messages of this batch add to it."""

    def __init__(
        self,
        session: Session,
        site: Site,
        ways: Sequence[Way],
        states: dict[str, SenderState],
        now: datetime,
    ) -> None:
        self._now = now
        self._states = states
        self._all, self._own = caps.of_installation(site.settings), caps.of_person(site.settings)
        self._used = caps.used_today(states.values(), now)
        ids = {way.person.id for way in ways}
        self._used_by: dict[UUID, Used] = caps.used_by(session, ids, now) if self._own else {}

    def holds(self, one: Ready) -> tuple[datetime, Reason] | None:
        """Return until when a limit holds a message, and which; None if it may go."""
        if one.way.is_urgent:
            return None
        if not self._all.have_room(self._used, one.segments, one.cost):
            self._states[one.way.notifier.sender].capped_on = self._now.date()
            return caps.next_day(self._now), Reason.DAILY_CAP
        own = self._used_by.get(one.way.person.id, Used())
        if not self._own.have_room(own, one.segments, one.cost):
            return (own.first_at or self._now) + caps.DAY, Reason.OWN_CAP
        return None

    def count(self, one: Ready) -> None:
        """Add a message that goes now."""
        self._used.add(one.segments, one.cost)
        own = self._used_by.setdefault(one.way.person.id, Used(first_at=self._now))
        own.add(one.segments, one.cost)


def _hold(changes: outbox.Changes, way: Way, until: datetime, reason: Reason) -> None:
    """Keep a message until a limit has room again and no night is disturbed, or let it go if too late."""
    again_at = due.out_of_quiet(way.person, until)
    if way.nudge.expires_at <= again_at:
        changes.lapsed[way.nudge.id] = reason
    else:
        changes.put_off[way.nudge.id] = again_at
