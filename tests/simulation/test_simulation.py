"""Twenty invented people over two simulated years; afterwards no rule was ever broken.

`make simulate` plays two hundred of them.
"""

from pathlib import Path

import pytest

from service.settings import Settings
from tests.conftest import KEY
from tests.simulation import judging
from tests.simulation.lives import Temper, invent
from tests.simulation.play import STARTS, Play

SHARDS = 2
PEOPLE = 10
"""The two have people of every temper."""


@pytest.mark.parametrize("seed", range(1, SHARDS + 1))
def test_no_rule_is_ever_broken(sqlite_template: Path, tmp_path: Path, seed: int) -> None:
    file = tmp_path / "attune.db"
    file.write_bytes(sqlite_template.read_bytes())
    settings = Settings(home=tmp_path, database_url=f"sqlite:///{file}", key=KEY, notifiers={"phone": {}})
    play = Play(settings, invent(seed, PEOPLE), STARTS[seed % 2], seed)
    play.play()
    judged = judging.judge(play)
    assert judged.breaches == []
    # It was a life worth looking at: every rule was looked at, and many a message went.
    assert judged.messages > 10 * PEOPLE
    assert len(judged.checks) == len(judging.RULES)


def test_people_of_every_temper_are_played() -> None:
    tempers = {life.temper for seed in range(1, SHARDS + 1) for life in invent(seed, PEOPLE)}
    assert tempers == set(Temper)
