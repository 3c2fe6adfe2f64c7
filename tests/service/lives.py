"""Alex and Sam after five days in which both did this and that: every table has a row of theirs."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from notifiers.base import Report
from service import joining, privacy, receipts, reminding, taking_up
from service.errors import AttuneError
from service.models import Attempt, JointDay, Nudge, SenderState, Wording
from service.states import Cause, Joint
from service.taking_up import NewHabit
from tests.world import World

SAID = (("pause 1 day", "later"), ("apart 1", "STOP"), ("together 1", "START"), ("undo", "undo"))


def lived_together(world: World) -> tuple[UUID, UUID]:
    """Alex and Sam, who keep gratitude together; each has a habit of their own, and a weekly check-in."""
    alex, sam = world.couple()
    both = world.take_up("gratitude", "daily", "daily 12:00", alex, sam)
    taking_up.edit_cue(world.site, both, "after tea", alex)
    taking_up.add_habit(world.site, [alex], NewHabit("empathy", "3 a week", ("mon wed fri 18:00",)), world.at)
    taking_up.add_habit(world.site, [sam], NewHabit("patience", "2 in 3 days", ("daily 18:30",)), world.at)
    for person in (alex, sam):
        reminding.add_check_in(world.site, person, "mon 17:00", world.at)
    joining.set_joint(world.site, both, Joint.BOTH, world.at)
    world.run()
    for name in ("Alex", "Sam"):
        world.says(name, "together 1")
    world.goes_on(timedelta(hours=8, minutes=10))
    for name in ("Alex", "Sam"):
        world.says(name, "4 3 5")
    world.goes_on(timedelta(hours=15, minutes=50))
    for said in SAID:
        a_day(world, *said)
    with world.site.db.write() as session:
        session.add(JointDay(habit_id=both, day=world.at.date() - timedelta(days=30)))
        session.add(
            Wording(version="2026-11", language="en", words="May Attune write to you?", since=world.at)
        )
        session.merge(SenderState(sender="phone"))
    world.says("Charlie", "STOP")
    for person in (alex, sam):
        arrived(world, person)
        with pytest.raises(AttuneError, match="A code goes to this person"):
            privacy.look(world.site, person, "log", None, world.at)
    world.run()
    for person in (alex, sam):
        privacy.look(world.site, person, "log", code_of(world, person), world.at)
    return alex, sam


def a_day(world: World, alex_says: str, sam_says: str) -> None:
    world.goes_on(timedelta(hours=4))
    for name, said in (("Alex", alex_says), ("Sam", sam_says)):
        world.says(name, "done 1")
        world.says(name, "skip 2")
        world.says(name, said)
    world.goes_on(timedelta(hours=20))


def arrived(world: World, person: UUID) -> None:
    """Let the provider say of the newest message to somebody that it arrived."""
    newest = select(Attempt).join(Nudge).where(Nudge.person_id == person).order_by(Attempt.id.desc()).limit(1)
    with world.site.db.read() as session:
        attempt = session.scalars(newest).one()
        channel, provider_id = attempt.channel, attempt.provider_id
    assert provider_id
    assert receipts.record(world.site, channel, Report(provider_id, "delivered", 3), None, world.at)


def code_of(world: World, person: UUID) -> str:
    """The code that was sent to somebody last."""
    newest = [nudge for nudge in world.nudges(person) if nudge.cause_kind is Cause.CODE][-1]
    found = re.search(r"\b\d{6}\b", world.site.sealer.unseal(newest.words_sealed or b""))
    assert found
    return found[0]
