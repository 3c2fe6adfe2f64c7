"""A message that comes in, its two steps apart: it is stored, and it is understood."""

from uuid import UUID

from habits import parts
from notifiers.base import Inbound
from service import inbound
from service.states import AddressKind
from tests.world import NUMBERS, World

ALEX, STRANGER = NUMBERS["Alex"], NUMBERS["Charlie"]


def store(
    world: World, text: str, message_id: str = "in-1", sender: str = ALEX, opted_out: bool = False
) -> UUID | None:
    message = Inbound(message_id, sender, text, opted_out=opted_out)
    return inbound.store(world.site, "phone", AddressKind.SMS, message, world.at)


def stored(world: World, text: str) -> UUID:
    reply_id = store(world, text)
    assert reply_id is not None
    return reply_id


def understand(world: World, reply_id: UUID) -> tuple[parts.Part, ...] | None:
    understood = inbound.understand(world.site, reply_id, world.at)
    return understood.parts if understood else None
