"""Rounds of sending, so that a test may look at what is between them."""

from service import sending
from tests.world import World


def send(world: World, limit: int = 10) -> int:
    """Claim, hand over and record once, one message after the other; return how many were claimed."""
    claimed = sending.claim(world.site, world.at, limit)
    for one in claimed:
        sending.record(world.site, sending.hand_over(world.site, one), world.at)
    return len(claimed)


def send_all(world: World) -> None:
    """Send until nothing is left at this instant."""
    while send(world):
        pass
