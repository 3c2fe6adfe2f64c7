"""A channel of the tests' own in the place of the simulator, and somebody who has said yes."""

from dataclasses import replace
from uuid import UUID

import pytest

from tests.walk.channel import Channel
from tests.world import World


@pytest.fixture
def alex(world: World) -> UUID:
    return world.join("Alex")


@pytest.fixture
def channel(world: World) -> Channel:
    """The installation's only channel, from now on."""
    made = Channel()
    world.site = replace(world.site, notifiers={made.name: made})
    return made
