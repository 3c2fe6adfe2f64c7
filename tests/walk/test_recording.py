"""What came of each hand-over is recorded on its own: one that cannot be does not take the others with it."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from notifiers.base import Accepted
from service import jobs, receipts
from service.models import Nudge
from service.states import NudgeState
from tests import logs
from tests.walk.channel import Channel
from tests.walk.rows import rows
from tests.world import NUMBERS, World

TWICE = Accepted("p-1")
"""A provider's id that two messages get: the second of them breaks a unique key and is not recorded."""


def in_threads(world: World) -> int:
    with ThreadPoolExecutor(3) as pool:
        return jobs.send(world.site, pool, 3)


def one_by_one(world: World) -> int:
    return jobs.send_one_by_one(world.site)


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Callable[[], str]]:
    with logs.kept_in(tmp_path / "log"):
        yield (tmp_path / "log").read_text


@pytest.mark.parametrize("sends", [in_threads, one_by_one])
def test_an_outcome_that_cannot_be_recorded_is_left_to_the_sweep(
    world: World, channel: Channel, logged: Callable[[], str], sends: Callable[[World], int]
) -> None:
    for name in NUMBERS:
        world.enrol(name)
    channel.answers.extend([TWICE, TWICE])
    assert sends(world) == 3

    assert len(channel.messages) == 3
    states = Counter(nudge.state for nudge in rows(world, Nudge))
    assert states == {NudgeState.SENT: 2, NudgeState.SENDING: 1}
    told = logged()
    (left,) = rows(world, Nudge, Nudge.state == NudgeState.SENDING)
    assert told.count('"event": "not recorded"') == 1
    assert [word for word in (*NUMBERS.values(), channel.texts[0], "Traceback") if word in told] == []

    world.at += 2 * world.site.catch_up
    assert receipts.sweep(world.site, world.at) == 1
    assert rows(world, Nudge, Nudge.id == left.id)[0].state is NudgeState.UNKNOWN
    assert sends(world) == 0
