"""Whether what is planned may still go, and by which way: looked at again under the people's locks.

A batch is looked at with a fixed number of statements, however many messages are in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from habits.nudging import Reason
from notifiers.base import Notifier
from service import addresses, due, outbox, waiting
from service.models import Address, Nudge, Person
from service.site import Site
from service.states import Cause, NudgeKind

HOLD = timedelta(minutes=10)
"""A check-in waits for the answer to a digest whose numbers look like scores; it is looked at this often."""
LOOK_AGAIN = timedelta(minutes=1)
"""A message whose channel is not set up is looked at this often: the next start may have it."""
SHORTEST = timedelta(seconds=1)
"""A provider can be told to give up after a whole second at the soonest: what has less left is late."""


@dataclass(frozen=True, slots=True)
class Way:
    """A message that may go, and by which way."""

    nudge: Nudge
    person: Person
    address: Address
    notifier: Notifier

    @property
    def is_urgent(self) -> bool:
        """Whether it goes before all others and is held by no limit of a day: an opt-out's answer, help."""
        return self.nudge.cause_kind in waiting.URGENT


@dataclass(slots=True)
class Checked:
    """What may go, and what became of the others."""

    ways: list[Way] = field(default_factory=list)
    changes: outbox.Changes = field(default_factory=outbox.Changes)


@dataclass(frozen=True, slots=True)
class _Known:
    """What has to be known of all of a batch."""

    reach: Mapping[UUID, list[Address]]
    """Each person's addresses that may be written to, or could be if they said yes."""
    named: Mapping[UUID, Address]
    """The living addresses that urgent messages go back to, whoever stopped them."""
    unneeded: Mapping[UUID, str]
    paused: set[UUID]
    held: set[UUID]
    """The people for whom a check-in waits."""


def check(session: Session, site: Site, ripe: Mapping[Nudge, Person], now: datetime) -> Checked:
    """Sort locked, planned messages into those that may go now, and those that lapse or wait."""
    known, checked = _look(session, ripe, now), Checked()
    for nudge, person in ripe.items():
        # What was asked for is wanted even of a habit that is done: another prompt.
        done = None if nudge.kind in waiting.ASKED_FOR else known.unneeded.get(nudge.id)
        why = done or _not_any_more(nudge, person, known, now)
        way = why or _way(site, nudge, person, known)
        if isinstance(way, str):
            checked.changes.lapsed[nudge.id] = way
        elif way is None:
            checked.changes.put_off[nudge.id] = min(now + LOOK_AGAIN, nudge.expires_at)
        elif _asks(nudge) and (by_day := due.out_of_quiet(person, now)) > now:
            checked.changes.put_off[nudge.id] = by_day  # It may have waited for a channel until the night.
        elif nudge.kind is NudgeKind.PULSE and person.id in known.held:
            checked.changes.put_off[nudge.id] = now + HOLD
        else:
            checked.ways.append(way)
    return checked


def _look(session: Session, ripe: Mapping[Nudge, Person], now: datetime) -> _Known:
    people = {person.id: person for person in ripe.values()}
    named = [nudge.address_id for nudge in ripe if nudge.address_id and nudge.cause_kind in waiting.URGENT]
    asked = {nudge.person_id for nudge in ripe if nudge.kind is NudgeKind.PULSE}
    return _Known(
        reach=addresses.open_addresses(session, set(people)),
        named=addresses.living(session, named) if named else {},
        unneeded=waiting.unneeded(session, [nudge.id for nudge in ripe]),
        paused=due.all_paused(session, {id_: due.today(person, now) for id_, person in people.items()}),
        held=waiting.digests_wait(session, asked, now) if asked else set(),
    )


def _asks(nudge: Nudge) -> bool:
    """Say whether a message is one that somebody else asked for: the opt-in question, a code."""
    return nudge.kind is NudgeKind.CONSENT or nudge.cause_kind is Cause.CODE


def _not_any_more(nudge: Nudge, person: Person, known: _Known, now: datetime) -> str | None:
    """Return why a planned nudge must not go out any more."""
    if nudge.expires_at - now < SHORTEST:
        return Reason.LATE
    if person.stopped_at and nudge.cause_kind not in waiting.URGENT:
        return Reason.STOPPED
    if nudge.kind in waiting.ASKED_FOR:
        return None
    if person.rested_until and now < person.rested_until:
        return Reason.RESTING
    if person.id in known.paused:
        return Reason.PAUSED
    return None


def _way(site: Site, nudge: Nudge, person: Person, known: _Known) -> Way | Reason | None:
    """Return the way to the person, why there is none, or None if only the channel lacks."""
    reach = known.reach.get(person.id, [])
    usable = [address for address in reach if address.verified_at]
    if nudge.address_id and nudge.kind in waiting.ASKED_FOR:
        # An answer goes back to where the question came from.
        usable = [address for address in reach if address.id == nudge.address_id]
        if nudge.cause_kind in waiting.URGENT:
            usable = [known.named[nudge.address_id]] if nudge.address_id in known.named else []
    for address in usable:
        notifier = site.notifier_for(address.kind)
        if notifier:
            return Way(nudge, person, address, notifier)
    return None if usable else Reason.NO_CONSENT
