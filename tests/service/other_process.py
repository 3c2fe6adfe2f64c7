"""What another program does to the same database, as a process of its own.

python -m tests.service.other_process write URL TIMES     adds couples as a daemon does, on one pool
python -m tests.service.other_process visit URL TIMES     adds couples as a CLI in a loop does
python -m tests.service.other_process upgrade URL KEY
"""

import subprocess
import sys

from service import migrate
from service.db import Database
from service.models import Couple
from service.sealing import Sealer


def start(*arguments: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-W", "error", "-m", "tests.service.other_process", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def write(url: str, times: str) -> None:
    database = Database(url)
    for _ in range(int(times)):
        add_couple(database)
    database.close()


def visit(url: str, times: str) -> None:
    for _ in range(int(times)):
        write(url, "1")


def upgrade(url: str, key: str) -> None:
    database = Database(url)
    migrate.upgrade(database, Sealer(key))
    database.close()


def add_couple(database: Database) -> None:
    with database.write() as session:
        session.add(Couple())


if __name__ == "__main__":
    {"write": write, "visit": visit, "upgrade": upgrade}[sys.argv[1]](*sys.argv[2:])
