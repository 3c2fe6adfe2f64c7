"""`python -m tests.simulation [people] [seed]`: the dense play, for `make bench`."""

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog

from service import migrate
from service.db import Database
from service.sealing import Sealer, new_key
from service.settings import Settings
from tests.simulation import judging
from tests.simulation.lives import invent
from tests.simulation.play import Play


def main(people: int = 25, seed: int = 1) -> int:
    """Play people at the catalogue's own pace, and print the counts; return 1 if a rule was broken."""
    structlog.configure(processors=[_silent])
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        home, key = Path(folder), new_key()
        url = f"sqlite:///{home / 'attune.db'}"
        database = Database(url)
        migrate.upgrade(database, Sealer(key))
        database.close()
        settings = Settings(home=home, database_url=url, key=key, notifiers={"phone": {}})
        play = Play(settings, invent(seed, people, dense=True), datetime(2026, 3, 2, 9, tzinfo=UTC), seed)
        play.play()
        judged = judging.judge(play)
    sys.stdout.write("\n".join(judged.lines()) + f"\n{time.process_time() - begun:.1f} s of CPU\n")
    return 1 if judged.breaches else 0


def _silent(_logger: object, _name: str, _event: object) -> str:
    raise structlog.DropEvent


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
