"""Looking at rows from outside of any session, and setting up many people at once."""

from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, inspect, select

from service import consent, due, lapsing, outbox, people
from service.models import Address, Attempt, Nudge, NudgeItem
from service.models.base import Row
from service.people import NewPerson
from service.states import AddressKind, NudgeKind, NudgeState
from tests.world import World

R = TypeVar("R", bound=Row)


def rows(world: World, row: type[R], *where: ColumnElement[bool]) -> list[R]:
    """Return rows in the order of their keys, cut off from the database."""
    with world.site.db.read() as session:
        found = session.scalars(select(row).where(*where).order_by(*inspect(row).primary_key)).all()
        session.expunge_all()
        return list(found)


def nudges(world: World, person_id: UUID, *kinds: NudgeKind) -> list[Nudge]:
    """Return a person's nudges in the order they were made; without kinds those that reminders brought."""
    wanted = kinds or (NudgeKind.NUDGE, NudgeKind.PULSE)
    return rows(world, Nudge, Nudge.person_id == person_id, Nudge.kind.in_(wanted))


def the_nudge(world: World, person_id: UUID) -> Nudge:
    """Return the only nudge that a reminder brought."""
    (nudge,) = nudges(world, person_id)
    return nudge


def state(world: World, person_id: UUID) -> tuple[NudgeState, str | None]:
    """Return how far the only nudge has come, and why."""
    nudge = the_nudge(world, person_id)
    return nudge.state, nudge.reason


def attempts(world: World, person_id: UUID) -> list[Attempt]:
    """Return the attempts at the only nudge, in order."""
    return rows(world, Attempt, Attempt.nudge_id == the_nudge(world, person_id).id)


def items(world: World, nudge: Nudge) -> list[NudgeItem]:
    return rows(world, NudgeItem, NudgeItem.nudge_id == nudge.id)


def words(world: World, nudge: Nudge) -> str:
    assert nudge.words_sealed is not None
    return world.site.sealer.unseal(nudge.words_sealed)


def on(text: str) -> datetime:
    """Return a UTC instant: of Monday 2 March 2026, where each test's clock starts, or of another day."""
    return datetime.fromisoformat(text if "T" in text else f"2026-03-02T{text}").replace(tzinfo=UTC)


def crowd(world: World, size: int) -> list[UUID]:
    """Enrol up to 90 people who have all said yes; nothing is sent."""
    new = (
        NewPerson(f"Person {number}", AddressKind.SMS, f"+120255501{number + 10}", "UTC")
        for number in range(size)
    )
    return agree(world, [people.add_person(world.site, one, world.at) for one in new])


def agree(world: World, ids: list[UUID]) -> list[UUID]:
    """Let people say yes without a word: quicker than the walk of the question and its answer."""
    with world.site.db.write() as session:
        for person_id, person in outbox.lock_people(session, ids).items():
            address = session.scalars(select(Address).where(Address.person_id == person_id)).one()
            consent.given(session, person, address, "test", world.at)
            lapsing.lapse_planned(session, person_id, "not of interest here")
            due.refresh(session, person, world.at)
    return ids


def add_address(world: World, person_id: UUID, kind: AddressKind, value: str) -> UUID:
    """Give a person one more address that has said yes; the first one stays the preferred."""
    sealer = world.site.sealer
    with world.site.db.write() as session:
        address = Address(
            person_id=person_id,
            kind=kind,
            lookup=sealer.lookup(kind, value),
            value_sealed=sealer.seal(value),
            verified_at=world.at,
            priority=1,
        )
        session.add(address)
        session.flush()
        return address.id
