"""A channel of the tests' own in the place of the simulator, and people who have said yes."""

from dataclasses import replace
from uuid import UUID

import pytest

from notifiers.base import Accepted
from service import planning, sending
from service.sending import Handed
from tests.walk.channel import Channel, FindingChannel
from tests.walk.rows import agree, on
from tests.world import World


@pytest.fixture
def alex(world: World) -> UUID:
    return world.begins(_agreed)


@pytest.fixture
def sam(world: World) -> UUID:
    (person_id,) = agree(world, [world.enrol("Sam")])
    return person_id


def _agreed(world: World) -> UUID:
    """Alex, who has said yes."""
    (person_id,) = agree(world, [world.enrol("Alex")])
    return person_id


@pytest.fixture
def channel(world: World) -> Channel:
    """The installation's only channel, from now on."""
    made = Channel()
    world.site = replace(world.site, notifiers={made.name: made})
    return made


@pytest.fixture
def finding(world: World) -> FindingChannel:
    """The installation's only channel, from now on, and one that can be asked."""
    made = FindingChannel()
    world.site = replace(world.site, notifiers={made.name: made})
    return made


@pytest.fixture
def nudged(world: World, alex: UUID) -> UUID:
    """Alex, with a nudge planned for seven o'clock; it is seven now."""
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.at = on("19:00")
    planning.plan_due(world.site, world.at)
    return alex


@pytest.fixture
def sent(world: World, nudged: UUID, channel: Channel) -> UUID:
    """Alex, whose nudge the provider has taken as `p-1`."""
    (claimed,) = sending.claim(world.site, world.at, 1)
    sending.record(world.site, Handed(claimed, Accepted("p-1", 1)), world.at)
    return nudged
