"""Which of the messages that could go may go now: their sender is open and has a token, the day has room.

All that this looks at is in the rows and locked, so that any number of processes hold the same limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from habits.reasons import Reason
from notifiers.base import Notifier, Priced
from notifiers.segments import count
from service import caps, due, outbox, senders, waiting
from service.caps import Used
from service.models import Address, Nudge, Person, SenderState
from service.site import Site
from service.states import AddressKind, NudgeState


@dataclass(frozen=True, slots=True)
class Ready:
    """A message with its way to its person, and what it will take."""

    nudge: Nudge
    person: Person
    address: Address
    notifier: Notifier
    text: str = field(repr=False)
    segments: int
    cost: float

    @property
    def is_urgent(self) -> bool:
        """Whether it goes before all others and is held by no limit of a day: an opt-out's answer, help."""
        return self.nudge.cause_kind in waiting.URGENT


def measured(nudge: Nudge, person: Person, address: Address, notifier: Notifier, text: str) -> Ready:
    """Return a message with what it takes: the segments of an SMS; any other message counts as one."""
    segments = count(text).segments if address.kind is AddressKind.SMS else 1
    price = notifier.price if isinstance(notifier, Priced) else 0.0
    return Ready(nudge, person, address, notifier, text, segments, segments * price)


def open_kinds(session: Session, site: Site, now: datetime) -> frozenset[AddressKind] | None:
    """Return the kinds of address whose sender may be given something now; None: all.

    Looked at before anything is locked: what waits for a sender short of tokens is not even touched.
    """
    limits = {one.sender: limit for one in site.notifiers.values() if (limit := senders.limit_of(one))}
    short = senders.short_of_tokens(session, limits, now) if limits else set()
    if not short:
        return None
    carriers = {kind: site.notifier_for(kind) for kind in AddressKind}
    return frozenset(kind for kind, one in carriers.items() if one is None or one.sender not in short)


def is_limited(site: Site) -> bool:
    """Say whether any channel has a limit of messages a second."""
    return any(senders.limit_of(one) for one in site.notifiers.values())


def admit(session: Session, site: Site, ready: Sequence[Ready], now: datetime) -> tuple[list[Ready], int]:
    """Return what may go now, the urgent first and counted as sent, and how many others moved or lapsed.

    What only lacks a token stays as it is: the next ring finds it where it was, at the head of the queue.
    """
    if not ready:
        return [], 0
    states = senders.lock(session, {one.notifier.sender for one in ready})
    day = _Day(session, site, ready, states, now)
    admitted: list[Ready] = []
    moved = 0
    for one in sorted(ready, key=lambda one: not one.is_urgent):
        state, limit = states[one.notifier.sender], senders.limit_of(one.notifier)
        if until := senders.reopens_at(state, now):
            one.nudge.not_before = until
            moved += 1
        elif held := day.holds(one):
            _hold(session, one, *held)
            moved += 1
        elif senders.has_token(state, limit, now):
            senders.take(state, limit, one.segments, one.cost, now)
            day.count(one)
            admitted.append(one)
    return admitted, moved


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
        ids = {one.person.id for one in ready}
        self._used_by: dict[UUID, Used] = caps.used_by(session, ids, now) if self._own else {}

    def holds(self, one: Ready) -> tuple[datetime, Reason] | None:
        """Return until when a limit holds a message, and which; None if it may go."""
        if one.is_urgent:
            return None
        if not self._all.have_room(self._used, one.segments, one.cost):
            self._states[one.notifier.sender].capped_on = self._now.date()
            return caps.next_day(self._now), Reason.DAILY_CAP
        own = self._used_by.get(one.person.id, Used())
        if not self._own.have_room(own, one.segments, one.cost):
            return (own.first_at or self._now) + caps.DAY, Reason.OWN_CAP
        return None

    def count(self, one: Ready) -> None:
        """Add a message that goes now."""
        self._used.add(one.segments, one.cost)
        own = self._used_by.setdefault(one.person.id, Used(first_at=self._now))
        own.add(one.segments, one.cost)


def _hold(session: Session, one: Ready, until: datetime, reason: Reason) -> None:
    """Keep a message until a limit has room again and no night is disturbed, or let it go if too late."""
    again_at = due.out_of_quiet(one.person, until)
    if one.nudge.expires_at <= again_at:
        outbox.move(session, one.nudge.id, [NudgeState.PLANNED], NudgeState.LAPSED, reason)
    else:
        one.nudge.not_before = again_at
