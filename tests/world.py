"""An invented installation to try things on: the test sets its clock, its messages go to the simulator."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select

from notifiers.base import Inbound
from service import addresses, inbound, jobs, people, taking_up
from service.inbound import Understood
from service.models import Address, Nudge, Person
from service.people import NewPerson
from service.settings import Settings
from service.site import Site, open_site
from service.states import AddressKind, NudgeKind, NudgeState
from service.taking_up import NewHabit
from tests.remembered import remembered

T = TypeVar("T")

NUMBERS = {"Alex": "+12025550101", "Sam": "+12025550102", "Charlie": "+12025550103"}


@dataclass(slots=True)
class Told:
    """A message as a person reads it."""

    kind: NudgeKind
    state: NudgeState
    words: str


@dataclass
class World:
    """One installation, its clock, and people by name."""

    site: Site
    at: datetime

    @classmethod
    def open(cls, settings: Settings, at: datetime) -> "World":
        world = cls.__new__(cls)
        world.at = at
        world.site = open_site(settings, lambda: world.at)
        return world

    def enrol(self, name: str, couple: UUID | None = None, zone: str = "UTC", **more: object) -> UUID:
        """Enrol somebody; nothing is sent but the opt-in question."""
        new = NewPerson(name, AddressKind.SMS, NUMBERS[name], zone, couple)
        return people.add_person(self.site, replace(new, **more), self.at)  # type: ignore[arg-type]

    def join(self, name: str, couple: UUID | None = None, zone: str = "UTC", **more: object) -> UUID:
        """Enrol somebody who says yes at once."""

        def join(world: World) -> UUID:
            person = world.enrol(name, couple, zone, **more)
            world.run()
            world.says(name, "YES")
            world.run()
            return person

        return self.begins(join, name, zone, *sorted(more.items())) if couple is None else join(self)

    def couple(self) -> tuple[UUID, UUID]:
        """Alex and Sam, both of whom have said yes."""
        return self.begins(_couple)

    def begins(self, live: Callable[["World"], T], *key: object) -> T:
        """Let a test begin with what `live` leaves here, played once; `key` is what else it depends on."""

        def lived() -> tuple[T, datetime]:
            return live(self), self.at

        place = (live.__module__, live.__qualname__)
        result, self.at = remembered(self.site, self.at, (*place, *key), lived)
        return result

    def take_up(self, practice: str, goal: str, schedule: str, *persons: UUID) -> UUID:
        return taking_up.add_habit(self.site, persons, NewHabit(practice, goal, (schedule,)), self.at)

    def says(self, name: str, text: str, message_id: str | None = None) -> Understood | None:
        """A text message from a person's phone, stored and understood."""
        message = Inbound(message_id or f"in-{uuid4().hex}", NUMBERS[name], text)
        reply_id = inbound.store(self.site, "phone", AddressKind.SMS, message, self.at)
        return inbound.understand(self.site, reply_id, self.at) if reply_id else None

    def run(self) -> int:
        """Do all that is to be done at this instant."""
        return jobs.run_all(self.site)

    def goes_on(self, until: datetime | timedelta) -> None:
        """Let time pass, stopping at every instant at which something is due, this one as well."""
        self.run()
        end = self.at + until if isinstance(until, timedelta) else until
        while (next_at := self._next()) and next_at <= end:
            self.at = next_at
            self.run()
        self.at = end
        self.run()

    def _next(self) -> datetime | None:
        with self.site.db.read() as session:
            return jobs.next_instant(session, self.at)

    def told(self, person: UUID, *kinds: NudgeKind) -> list[Told]:
        """Return what has gone out to a person, in order; of these kinds only, if any are given."""
        with self.site.db.read() as session:
            rows = session.scalars(
                select(Nudge)
                .where(Nudge.person_id == person, Nudge.state.in_((NudgeState.SENT, NudgeState.DELIVERED)))
                .order_by(Nudge.sent_at, Nudge.id)
            )
            return [
                Told(row.kind, row.state, self.site.sealer.unseal(row.words_sealed or b""))
                for row in rows
                if not kinds or row.kind in kinds
            ]

    def nudges(self, person: UUID) -> list[Nudge]:
        """Return all rows of a person's nudges, in the order they were made."""
        with self.site.db.read() as session:
            rows = session.scalars(select(Nudge).where(Nudge.person_id == person).order_by(Nudge.id)).all()
            session.expunge_all()
            return list(rows)

    def person(self, person_id: UUID) -> Person:
        with self.site.db.read() as session:
            row = session.get_one(Person, person_id)
            session.expunge(row)
            return row

    def address(self, name: str) -> Address | None:
        hashed = addresses.lookup(self.site.sealer, AddressKind.SMS, NUMBERS[name])
        with self.site.db.read() as session:
            row = addresses.find(session, hashed)
            session.expunge_all()
            return row


def _couple(world: World) -> tuple[UUID, UUID]:
    couple = people.add_couple(world.site)
    return world.join("Alex", couple), world.join("Sam", couple)
