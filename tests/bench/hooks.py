"""Signed messages from people, posted to the web server as `attune run web` has it.

Beside it, in turn, the least that could take them: the same framework, server and signature check, and one
INSERT of the words as they came, on the same store.
"""

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit

from sqlalchemy import func, select

from notifiers.base import Inbound
from notifiers.standin.posts import inbound_fields, signature
from notifiers.standin.state import Record
from service import inbound, migrate, people, taking_up
from service.db import Database
from service.models import Reply
from service.people import NewPerson
from service.sealing import Sealer, new_key
from service.settings import Settings
from service.states import AddressKind, ReplyState
from service.taking_up import NewHabit
from tests.bench import stores
from tests.bench.bare import PATH
from tests.bench.figures import Figure
from tests.world import World

CONNECTIONS = 16
POSTS, PEOPLE, ROUNDS = 2000, 60, 3
PUBLIC = "https://nudge.example.org"
ACCOUNT, TOKEN, SENDER = f"AC{1:032x}", "of-the-bench", "+12025550100"
SAID = (
    *("done", "did it", "done 1", "skip", "1", "Yes", "we did", "not today", "skipped it", "ok", "👍", "yep"),
    *(
        "no",
        "all done",
        "did 1",
        "skip 1",
        "not yet",
        "yes we did",
        "no time",
        "nope",
        "done today",
        "we did it",
    ),
    *("I did it", "gratitude done"),
)
"""What they answer in turn: so that nobody says the same so often that they would get no answer."""
DAY = timedelta(days=1)
PATIENCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of posts came to."""

    rate: float
    """Posts that were answered, a second."""
    median_ms: float
    p99_ms: float


def figures(scale: float) -> Iterator[Figure]:
    for store in stores.stores():
        yield from _on(store, scale)


def _on(store: str, scale: float) -> Iterator[Figure]:
    ours: list[Round] = []
    bare: list[Round] = []
    understood: list[float] = []
    posts = max(CONNECTIONS * 10, int(POSTS * scale))
    with stores.empty(store) as url, TemporaryDirectory(prefix="attune-bench-") as name, ExitStack() as stack:
        settings = Settings(home=Path(name), database_url=url, key=new_key(), notifiers={"phone": {}})
        world, numbers = _crowd(settings, max(CONNECTIONS, int(PEOPLE * scale)))
        stack.callback(world.site.db.close)
        main = "from service.cli import main; main()"
        our_port = stack.enter_context(_served(["-c", main, "run", "web"], _environment(settings)))
        bare_port = stack.enter_context(_served(["-m", "tests.bench.bare", url, TOKEN, PUBLIC], {}))
        requests = _requests(numbers)
        for port in (our_port, bare_port):  # The first posts of a process pay for what it loads.
            _posted(port, [next(requests) for _ in range(CONNECTIONS * 4)])
        _seconds_until_understood(world)
        for _ in range(ROUNDS):
            batch = [next(requests) for _ in range(posts)]
            begun = time.monotonic()
            ours.append(_posted(our_port, batch))
            _seconds_until_understood(world)
            understood.append(posts / (time.monotonic() - begun))
            bare.append(_posted(bare_port, batch))
    what, beside = f"signed webhook, {store}", "bare signed insert"
    yield _figure(what, "/s", [one.rate for one in ours], beside, [one.rate for one in bare])
    yield _figure(f"{what}: median", "ms", [o.median_ms for o in ours], beside, [o.median_ms for o in bare])
    yield _figure(f"{what}: p99", "ms", [o.p99_ms for o in ours], beside, [o.p99_ms for o in bare])
    yield _figure(f"{what}, understood and answered too", "/s", understood)


def _figure(
    what: str, unit: str, ours: list[float], beside: str = "", others: list[float] | None = None
) -> Figure:
    return Figure(what, median(ours), unit, beside, median(others) if others else None, ours)


def _crowd(settings: Settings, size: int) -> tuple[World, list[str]]:
    """Fill a new installation with people who have been asked about their habit; return their numbers."""
    database = Database(settings.url)
    migrate.upgrade(database, Sealer(settings.key.get_secret_value() if settings.key else ""))
    database.close()
    now = datetime.now(UTC)
    world = World.open(settings, now - DAY)
    zone = f"Etc/GMT{now.hour - 14:+d}"  # Where it is early in the afternoon: nobody is nudged at night.
    numbers = [f"+1202556{number:04}" for number in range(size)]
    ids = [
        people.add_person(world.site, NewPerson("Alex", AddressKind.SMS, number, zone), world.at)
        for number in numbers
    ]
    world.run()
    for number, person in zip(numbers, ids, strict=True):
        yes = inbound.store(
            world.site, "phone", AddressKind.SMS, Inbound(f"yes {number}", number, "YES"), world.at
        )
        assert yes
        inbound.understand(world.site, yes, world.at)
        taking_up.add_habit(world.site, [person], NewHabit("gratitude", "daily", ("daily 13:00",)), world.at)
    world.goes_on(now)
    return world, numbers


def _environment(settings: Settings) -> dict[str, str]:
    assert settings.key
    twilio = "ATTUNE_NOTIFIERS__TWILIO__"
    return {
        "ATTUNE_HOME": str(settings.home),
        "ATTUNE_DATABASE_URL": settings.url,
        "ATTUNE_KEY": settings.key.get_secret_value(),
        "ATTUNE_PUBLIC_URL": PUBLIC,
        "ATTUNE_PORT": "0",
        f"{twilio}ACCOUNT_SID": ACCOUNT,
        f"{twilio}AUTH_TOKEN": TOKEN,
        f"{twilio}SENDER": SENDER,
        f"{twilio}BASE_URL": "http://127.0.0.1:9",  # Nobody is there: what is planned is not sent.
    }


@contextmanager
def _served(arguments: list[str], environment: dict[str, str]) -> Iterator[int]:
    """Run a web server in a process of its own; yield its port."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield _port(process)
        finally:
            process.terminate()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if "http://127.0.0.1:" in line and (port := urlsplit(line[line.index("http") :].strip()).port):
            return port
    raise RuntimeError(f"The web server did not start: {' '.join(said).strip()}")


def _requests(numbers: list[str]) -> Iterator[bytes]:
    """Yield signed posts, each of another message: everybody in turn, and in turn with other words."""
    for place in count():
        turn, number = divmod(place, len(numbers))
        body = SAID[turn % len(SAID)]
        record = Record(SENDER, numbers[number], body, ACCOUNT, sid=f"SM{place:032x}")
        fields = inbound_fields(record, {})
        form, signed = urlencode(fields).encode(), signature(TOKEN, PUBLIC + PATH, fields)
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: TwilioProxy/1.1\r\n"
            "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
            f"X-Twilio-Signature: {signed}\r\nContent-Length: {len(form)}\r\n\r\n"
        )
        yield head.encode() + form


def _posted(port: int, requests: list[bytes]) -> Round:
    """Post all of them from a process of its own. RuntimeError if one was not taken."""
    with TemporaryDirectory(prefix="attune-bench-") as name:
        file = Path(name) / "requests"
        file.write_bytes(pickle.dumps(requests))
        command = [sys.executable, "-m", "tests.bench.posting", str(port), str(CONNECTIONS), str(file)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    told = json.loads(said)
    if told["statuses"] != {"200": len(requests)}:
        raise RuntimeError(f"Not all posts were taken: {told['statuses']}.")
    hundredths = quantiles(told["seconds"], n=100)
    return Round(len(requests) / told["took"], hundredths[49] * 1000, hundredths[98] * 1000)


def _seconds_until_understood(world: World) -> None:
    """Wait until no message is left to be understood. RuntimeError if that takes too long."""
    end = time.monotonic() + PATIENCE_SECONDS
    left = select(func.count()).where(Reply.state == ReplyState.RECEIVED)
    while time.monotonic() < end:
        with world.site.db.read() as session:
            if not session.scalar(left):
                return
        time.sleep(0.05)
    raise RuntimeError("Messages were stored and not understood.")
