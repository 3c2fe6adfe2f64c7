"""What Alex says, and what comes back."""

from tests.world import World


def says(world: World, text: str, name: str = "Alex") -> str:
    """Let somebody say something; return our answer, blank if there is none."""
    understood = world.says(name, text)
    assert understood is not None
    return understood.answer or ""
