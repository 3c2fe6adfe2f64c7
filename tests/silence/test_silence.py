"""What Alex sees of a month is the same, byte for byte, whatever Sam does in it or leaves undone.

Nothing is joint here and nothing shared: Alex once says `together`, and Sam never does. Each test plays the
same 30 days of Alex's beside other ones of Sam's, and compares them with a month in which Sam says nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests import postgres
from tests.conftest import STORES
from tests.silence.seen import Seen, seen_by_alex, seen_of_both
from tests.silence.stage import ENDS, MINUTES, SAID, Act, Stage, play, prepare

MONTHS = st.lists(
    st.tuples(st.integers(0, MINUTES - 1), st.sampled_from(SAID) | st.sampled_from(ENDS[:-1])),
    min_size=12,
    max_size=40,
)
"""Months in which Sam writes this and that, pauses, rests, stops and leaves, in any order."""


@dataclass(frozen=True)
class Silent:
    """The stage on one of the stores, and what is seen of a month in which Sam says nothing."""

    stage: Stage
    mine: Seen
    ours: Seen


BUSY = tuple(zip(range(311, MINUTES, 977), SAID * 3, strict=False))
"""Something every 16 hours, at all times of day."""
LIVES = {
    "busy": BUSY,
    **{
        end: (*BUSY[:5], (7000 + 1111 * n, end))
        for n, end in enumerate(
            ("pause", "rest", "STOP", "leave all", "LEAVE", "I'm afraid of him", "delete", "forget")
        )
    },
}
"""A full month, and those that Sam ends after a few days, each at another hour."""


@pytest.fixture(scope="module", params=STORES)
def silent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Silent]:
    """The stage on either store, and what is seen of a month in which Sam says nothing."""
    folder: Path = tmp_path_factory.mktemp("silence")
    if request.param == "sqlite":
        stage = Stage(prepare(folder / "home", None), folder, None)
        yield Silent(stage, *seen(stage, ()))
        return
    server: str = request.getfixturevalue("postgres_url")
    template: str = request.getfixturevalue("postgres_template")
    with postgres.database(server, f"silence_{uuid4().hex[:12]}", template) as url:
        stage = Stage(prepare(folder / "home", url), folder, server)
        yield Silent(stage, *seen(stage, ()))


def seen(stage: Stage, acts: tuple[Act, ...]) -> tuple[Seen, Seen]:
    """Play a month; return what Alex sees, and what the commands about both print."""
    with stage.copy() as copy:
        world = play(copy, acts)
        is_here = world.address("Sam") is not None
        return seen_by_alex(world, copy), seen_of_both(copy) if is_here else {}


def alike(silent: Silent, acts: tuple[Act, ...]) -> None:
    mine, ours = seen(silent.stage, acts)
    for name in silent.mine | mine:
        assert mine.get(name) == silent.mine.get(name), name
    if ours:
        assert ours == silent.ours


@pytest.mark.parametrize("silent", ["sqlite"], indirect=True)
@pytest.mark.parametrize("life", LIVES)
def test_however_sam_ends_it(silent: Silent, life: str) -> None:
    alike(silent, LIVES[life])


def test_whatever_sam_does(silent: Silent) -> None:
    @settings(max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(month=MONTHS)
    def is_alike(month: list[Act]) -> None:
        alike(silent, tuple(month))

    is_alike()
