"""Which of the messages that could go may go now: their sender is open and has a token, the day has room.

All that this looks at is in the rows and locked, so that any number of processes hold the same limits.
"""

from collections.abc import Mapping, Sequence
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
class Openings:
    """What senders may be given at an instant, seen without a lock: a first sieve, not the last word."""

    kinds: Kinds | None = None
    """None: a sender of each kind of address may be given something."""
    tokens: Mapping[str, int] = field(default_factory=dict)
    """How many messages each sender that has a limit may be given."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that may go, opened, and what it will take."""

    way: Way
    to: str = field(repr=False)
    text: str = field(repr=False)
    segments: int
    cost: float


def openings(session: Session, site: Site, now: datetime) -> Openings:
    """Return what may be given to senders now.

    Looked at before anything is locked: what waits for a sender short of tokens is not even touched.
    """
    limits = {one.sender: limit for one in site.notifiers.values() if (limit := senders.limit_of(one))}
    if not limits:
        return Openings()
    tokens = senders.tokens_of(session, limits, now)
    if all(tokens.values()):
        return Openings(None, tokens)
    carriers = {kind: one for kind in AddressKind if (one := site.notifier_for(kind))}
    may = frozenset(kind for kind, one in carriers.items() if tokens.get(one.sender, 1))
    return Openings(Kinds(frozenset(carriers), may), tokens)


def opened(
    site: Site, ways: Sequence[Way], openings: Openings, now: datetime
) -> tuple[list[Ready], outbox.Changes]:
    """Return messages opened, the urgent first, no more of each sender than it has tokens for.

    One that cannot be opened takes no others with it: it is put off, and looked at again.
    """
    ready: list[Ready] = []
    changes = outbox.Changes()
    left = dict(openings.tokens)
    # To ask a channel whether it is one of those that cost takes longer than to open a message.
    prices = {name: one.price for name, one in site.notifiers.items() if isinstance(one, Priced)}
    for way in sorted(ways, key=lambda way: not way.is_urgent):
        if (tokens := left.get(way.notifier.sender)) is not None:
            if tokens < 1:
                continue
            left[way.notifier.sender] = tokens - 1
        try:
            ready.append(_opened(site, way, prices.get(way.notifier.name, 0.0)))
        except KeyTrouble:
            log.error("cannot be opened", nudge=str(way.nudge.id))
            changes.put_off[way.nudge.id] = min(now + rechecking.LOOK_AGAIN, way.nudge.expires_at)
    return ready, changes


def _opened(site: Site, way: Way, price: float) -> Ready:
    """Return a message with what it takes: the segments of an SMS; any other message counts as one."""
    assert way.nudge.words_sealed is not None
    text, to = site.sealer.unseal(way.nudge.words_sealed), site.sealer.unseal(way.address.value_sealed)
    segments = count(text).segments if way.address.kind is AddressKind.SMS else 1
    return Ready(way, to, text, segments, segments * price)


def admit(
    session: Session, site: Site, ready: Sequence[Ready], now: datetime
) -> tuple[list[Ready], outbox.Changes]:
    """Return what may go now, counted as sent, and what becomes of others.

    What only lacks a token stays as it is: the next ring finds it where it was, at the head of the queue.
    From here to the commit the senders are locked, and other processes wait for them.
    """
    admitted: list[Ready] = []
    changes = outbox.Changes()
    if not ready:
        return admitted, changes
    states = senders.lock(session, {one.way.notifier.sender for one in ready})
    day = _Day(session, site, ready, states, now)
    limits = {one.sender: senders.limit_of(one) for one in site.notifiers.values()}
    for one in ready:
        sender = one.way.notifier.sender
        state, limit = states[sender], limits[sender]
        if until := senders.reopens_at(state, now):
            changes.put_off[one.way.nudge.id] = until
        elif held := day.holds(one):
            _hold(changes, one.way, *held)
        elif senders.has_token(state, limit, now):
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
        ready: Sequence[Ready],
        states: dict[str, SenderState],
        now: datetime,
    ) -> None:
        self._now = now
        self._states = states
        self._all, self._own = caps.of_installation(site.settings), caps.of_person(site.settings)
        self._used = caps.used_today(states.values(), now)
        ids = {one.way.person.id for one in ready}
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
