"""`python -m tests.simulation [people] [seed]`: the dense play; `python -m tests.simulation wide [shards]`.

The wide one is `make simulate`: two hundred people over two years, of whom the tests play twenty.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog

from service import migrate
from service.db import Database
from service.sealing import Sealer, new_key
from service.settings import Settings
from tests.simulation import judging
from tests.simulation.lives import Life, invent
from tests.simulation.play import STARTS, Play


def main(people: int = 25, seed: int = 1) -> int:
    """Play people at the catalogue's own pace, and print the counts; return 1 if a rule was broken."""
    return _played(invent(seed, people, dense=True), STARTS[0], seed)


def wide(shards: int = 8, people: int = 25) -> int:
    """Play many people for two years each, shard after shard; return 1 if a rule was broken in any."""
    return max(_played(invent(seed, people), STARTS[seed % 2], seed) for seed in range(1, shards + 1))


def _played(lives: Sequence[Life], start: datetime, seed: int) -> int:
    structlog.configure(processors=[_silent])
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        home, key = Path(folder), new_key()
        url = f"sqlite:///{home / 'attune.db'}"
        database = Database(url)
        migrate.upgrade(database, Sealer(key))
        database.close()
        play = Play(
            Settings(home=home, database_url=url, key=key, notifiers={"phone": {}}), lives, start, seed
        )
        play.play()
        judged = judging.judge(play)
    sys.stdout.write("\n".join(judged.lines()) + f"\n{time.process_time() - begun:.1f} s of CPU\n")
    return 1 if judged.breaches else 0


def _silent(_logger: object, _name: str, _event: object) -> str:
    raise structlog.DropEvent


if __name__ == "__main__":
    played = wide if sys.argv[1:2] == ["wide"] else main
    sys.exit(played(*(int(argument) for argument in sys.argv[1:] if argument != "wide")))
