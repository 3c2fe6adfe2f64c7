"""A provider that takes its time and so many messages a second, over HTTP, while people's answers come in.

`attune up` on SQLite, `attune run daemon` and `attune run web` on PostgreSQL, and the stand-in for Twilio as
processes. Webhooks are posted at a steady pace: their times count from when each was to be posted.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from sqlalchemy import func, select, update

from notifiers.standin import posts
from notifiers.standin.state import Record
from service import migrate
from service.db import Database
from service.models import Nudge
from service.sealing import Sealer, new_key
from service.states import NudgeKind
from tests import postgres
from tests.bench import rush_ground, stores
from tests.bench.figures import Figure

MESSAGES = 1500
PER_SECOND = 100
LATENCY_MS = 150
PACE = 20
"""Webhooks a second, beside two reports of each message that goes out."""
BEFORE = 100
"""Webhooks before anything but answers to them is sent."""
PUBLIC = "https://nudge.example.org"
ACCOUNT, TOKEN, SENDER = f"AC{'0' * 31}1", "of-the-bench", "+12025550100"
ATTUNE = ("-c", "from service.cli import main; main()")
SIGN = re.compile(r"http://127|is at work")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
HOUR = timedelta(hours=1)
PATIENCE_SECONDS = 300


def figures(scale: float) -> Iterator[Figure]:
    """Yield how fast a queue drains behind a slow provider, and how long webhooks take meanwhile."""
    size = max(3 * PER_SECOND, round(MESSAGES * scale))
    for store in stores.stores():
        yield from _on(store, size)


def _on(store: str, size: int) -> Iterator[Figure]:
    key, port = new_key(), postgres.free_port()
    hook = f"http://127.0.0.1:{port}/hooks/twilio/sms"
    with stores.empty(store) as url, TemporaryDirectory(prefix="attune-bench-") as name:
        home, database = Path(name), Database(url)
        migrate.upgrade(database, Sealer(key))
        rush_ground.add(database, Sealer(key), size, datetime.now(UTC) + HOUR)
        with _provider(hook, home / "provider") as provider:
            environment = _environment(home, url, key, port, provider)
            programs = ["up"] if store == "SQLite" else ["run web", "run daemon"]
            with ExitStack() as running:
                for program in programs:
                    arguments = [*ATTUNE, *program.split()]
                    running.enter_context(_running(arguments, environment, home / program))
                _posted(hook, size, lambda posted: posted >= BEFORE)  # The first ones pay for what is loaded.
                before = _posted(hook, size, lambda posted: posted >= BEFORE)
                with database.write() as session:
                    session.execute(
                        update(Nudge)
                        .where(Nudge.kind == NudgeKind.NUDGE)
                        .values(not_before=datetime.now(UTC))
                    )
                meanwhile = _posted(hook, size, partial(_is_drained, database, size, time.monotonic()))
        yield _drained(database, f"{size:,} messages, {store}: drained")
        database.close()
    for share, place in (("p50", 49), ("p95", 94), ("p99", 98)):
        what = f"webhooks meanwhile, {store}: {share}"
        beside = "with nothing but answers to send"
        yield Figure(what, meanwhile[place], "ms", beside, before[place], spread=meanwhile)


def _environment(home: Path, url: str, key: str, port: int, provider: str) -> dict[str, str]:
    settings: dict[str, object] = {
        "HOME": home,
        "DATABASE_URL": url,
        "KEY": key,
        "PUBLIC_URL": PUBLIC,
        "PORT": port,
        "SEND_THREADS": 32,
        "DAILY_MONEY": 0,
        "NOTIFIERS__TWILIO__ACCOUNT_SID": ACCOUNT,
        "NOTIFIERS__TWILIO__AUTH_TOKEN": TOKEN,
        "NOTIFIERS__TWILIO__SENDER": SENDER,
        "NOTIFIERS__TWILIO__PER_SECOND": PER_SECOND,
        "NOTIFIERS__TWILIO__BASE_URL": provider,
    }
    return {f"ATTUNE_{name}": str(value) for name, value in settings.items()}


def _is_drained(database: Database, size: int, begun: float, _posted: int) -> bool:
    """Say whether all has gone out. Raises RuntimeError if that takes too long."""
    with database.read() as session:
        sent = session.scalar(
            select(func.count()).where(Nudge.sent_at.is_not(None), Nudge.kind == NudgeKind.NUDGE)
        )
    if time.monotonic() - begun > PATIENCE_SECONDS:
        raise RuntimeError(f"Only {sent:,} of {size:,} messages were sent.")
    return sent == size


def _drained(database: Database, what: str) -> Figure:
    """Return the rate at which messages, answers too, went out while nudges waited, but the first and last.

    The first wait for nothing, and of the last there are not enough to go on.
    """
    with database.read() as session:
        sent = session.execute(select(Nudge.sent_at, Nudge.kind).where(Nudge.sent_at.is_not(None))).all()
        nudges = [at.timestamp() for at, kind in sent if kind is NudgeKind.NUDGE and at]
        at = sorted(
            one for one in (at.timestamp() for at, _ in sent if at) if min(nudges) <= one <= max(nudges)
        )
    first, last = len(at) // 5, len(at) - len(at) // 20
    rate = (last - first) / (at[last] - at[first])
    seconds = [float(n) for n in _each_second([each - at[0] for each in at])]
    return Figure(what, rate, "/s", "the provider's rate", PER_SECOND, spread=seconds)


def _each_second(at: list[float]) -> list[int]:
    return [sum(second <= each < second + 1 for each in at) for second in range(int(at[-1]) + 1)]


def _posted(hook: str, people: int, is_over: Callable[[int], bool]) -> list[float]:
    """Post people's answers at a steady pace; return how many ms they took, for each percent of them."""
    with ThreadPoolExecutor(PACE) as pool:
        begun, under_way = time.monotonic(), []
        for number in count():
            at = begun + number / PACE
            time.sleep(max(0.0, at - time.monotonic()))
            under_way.append(pool.submit(_post, hook, number % people, at))
            if number % PACE == 0 and is_over(number):
                break
        return quantiles([each.result() for each in under_way], n=100)


def _post(hook: str, place: int, at: float) -> float:
    record = Record(SENDER, rush_ground.number_of(place), "done", ACCOUNT, direction="inbound")
    fields = posts.inbound_fields(record, {})
    signed = posts.signature(TOKEN, f"{PUBLIC}/hooks/twilio/sms", fields)
    status = posts.post(hook, fields, signed)
    if status not in (200, 503):  # To be asked to come again is slow, and no more.
        raise RuntimeError(f"The web server answered {status} to a webhook.")
    return (time.monotonic() - at) * 1000


def _provider(hook: str, log: Path) -> AbstractContextManager[str]:
    """Run the stand-in, which takes a tenth more than it is to be given and refuses the rest."""
    arguments = ["-m", "notifiers.standin", "--account", ACCOUNT, "--token", TOKEN, "--number", SENDER]
    arguments += ["--latency", str(LATENCY_MS), "--per-second", str(PER_SECOND * 1.1)]
    arguments += ["--inbound-url", hook, "--public-url", PUBLIC, "--auto-deliver"]
    return _running(arguments, {}, log)


@contextmanager
def _running(arguments: list[str], environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """Run a program of ours until the end of the block; yield its address once it is at work."""
    command = [sys.executable, "-u", *arguments]
    with (
        log.open("w") as said,
        subprocess.Popen(command, env={**os.environ, **environment}, stdout=said, stderr=said) as process,
    ):
        try:
            give_up_at = time.monotonic() + PATIENCE_SECONDS
            while not SIGN.search(text := log.read_text()):
                if process.poll() is not None or time.monotonic() > give_up_at:
                    raise RuntimeError(f"{' '.join(arguments[:4])} did not start: {text.strip()}")
                time.sleep(0.05)
            found = ADDRESS.search(text)
            yield found[0] if found else ""
        finally:
            process.terminate()
