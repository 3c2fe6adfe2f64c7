"""Whatever a message holds: it is kept, understood and dropped; nothing breaks, nothing of it is logged."""

from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.models import Reply
from service.states import ReplyState
from tests.habits.test_fuzz import NASTY
from tests.logs import kept_in
from tests.walk.rows import on, rows
from tests.world import World


@pytest.fixture
def busy(world: World, alex: UUID) -> UUID:
    """Alex, who has habits, and a nudge that waits."""
    for practice in ("gratitude", "quality-time", "empathy"):
        world.take_up(practice, "daily", "daily 19:00", alex)
    world.goes_on(on("19:00"))
    return alex


def test_nasty_messages_go_the_whole_way(world: World, busy: UUID, tmp_path: Path) -> None:
    secret = "zebra-crossing-42"
    with kept_in(tmp_path / "log"):
        for text in NASTY:
            understood = world.says("Alex", f"{text} {secret}")
            assert understood is not None, text[:40]
            world.says("Alex", text)
        world.run()
    states = {(reply.state, reply.raw_sealed) for reply in rows(world, Reply)}
    assert states == {(ReplyState.UNDERSTOOD, None)}
    logged = (tmp_path / "log").read_text("utf-8")
    assert secret not in logged
    assert "DROP TABLE" not in logged
    assert "+1202" not in logged


# The same installation takes one message after the other.
@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=st.text(max_size=300).filter(lambda text: text < "\ud800" or text > "\udfff"))
def test_any_text_goes_the_whole_way(world: World, text: str) -> None:
    if world.address("Alex") is None:
        world.join("Alex")
    understood = world.says("Alex", text)
    assert understood is not None
    assert understood.parts
