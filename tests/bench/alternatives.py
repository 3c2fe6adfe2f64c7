"""What others would build: a job of APScheduler's for each habit on the same store, a Celery task per send.

Both only count where ours plans, seals, claims, hands over and records: what they cost is what the way costs.
"""

import json
import logging
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from apscheduler.events import EVENT_JOB_EXECUTED, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.job import Job
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from tests.bench import stores
from tests.bench.figures import Figure, NotHere
from tests.postgres import free_port

HABITS, MESSAGES = 10_000, 5_000
DEFAULT_GRACE_SECONDS = 1
QUIET_SECONDS = 20.0
"""After so long without a sign nothing more is going to happen."""
CELERY = Path(os.environ.get("BENCH_CELERY") or Path(sys.prefix) / "celery")
"""A virtual environment with Celery and Redis's client, as `make bench-setup` makes it."""


def figures(scale: float) -> Iterator[Figure]:
    for store in stores.stores():
        yield from _with_apscheduler(store, max(100, int(HABITS * scale)))
    yield from _with_celery(max(100, int(MESSAGES * scale)))


def nudge() -> None:
    """Do nothing, in place of a nudge."""


class Seen:
    """How many jobs ran and how many were dropped, and when the last of them was."""

    def __init__(self) -> None:
        self.ran = self.dropped = 0
        self.last_at, self._lock = time.monotonic(), Lock()

    def note(self, happened: JobExecutionEvent) -> None:
        with self._lock:
            self.ran += happened.code == EVENT_JOB_EXECUTED
            self.dropped += happened.code == EVENT_JOB_MISSED
            self.last_at = time.monotonic()


def _with_apscheduler(store: str, habits: int) -> Iterator[Figure]:
    what = f"APScheduler, {habits:,} habits due at once, a job each, {store}"
    with stores.empty(store) as url:
        seen, seconds = _fired(url, habits, None)
        yield Figure(what, seen.ran / seconds, "/s", raw=[seen.ran / seconds])
    with stores.empty(store) as url:
        seen, _ = _fired(url, habits, DEFAULT_GRACE_SECONDS)
        yield Figure(f"{what}: dropped with its default grace of 1 s", seen.dropped, "", raw=[seen.dropped])


def _fired(url: str, habits: int, grace_seconds: int | None) -> tuple[Seen, float]:
    """Let so many jobs come due at the same instant; return what became of them, and how long it took."""
    scheduler, store, seen = BackgroundScheduler(timezone=UTC), SQLAlchemyJobStore(url), Seen()
    scheduler.add_jobstore(store)
    scheduler.add_listener(seen.note, EVENT_JOB_EXECUTED | EVENT_JOB_MISSED)
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # It tells of each job that it drops.
    scheduler.start(paused=True)
    try:
        _fill(scheduler, store, habits, grace_seconds)
        begun = time.monotonic()
        scheduler.resume()
        while (
            seen.ran + seen.dropped < habits and time.monotonic() - max(seen.last_at, begun) < QUIET_SECONDS
        ):
            time.sleep(0.05)
        return seen, seen.last_at - begun
    finally:
        scheduler.shutdown()
        store.engine.dispose()


def _fill(
    scheduler: BackgroundScheduler, store: SQLAlchemyJobStore, habits: int, grace_seconds: int | None
) -> None:
    """Add the jobs past the scheduler, which takes a transaction for each, and wait until they are due."""
    due_at = datetime.now(UTC) + timedelta(seconds=1 + habits / 5000)
    rows = []
    for number in range(habits):
        job = Job(
            scheduler,
            id=str(number),
            func=f"{__name__}:nudge",
            trigger=IntervalTrigger(days=1, timezone=UTC),
            args=(),
            kwargs={},
            name="nudge",
            executor="default",
            misfire_grace_time=grace_seconds,
            coalesce=True,
            max_instances=1,
            next_run_time=due_at,
        )
        state = pickle.dumps(job.__getstate__(), store.pickle_protocol)
        rows.append({"id": job.id, "next_run_time": due_at.timestamp(), "job_state": state})
    with store.engine.begin() as connection:
        connection.execute(store.jobs_t.insert(), rows)
    time.sleep(max(0.0, (due_at - datetime.now(UTC)).total_seconds()))


def _with_celery(messages: int) -> Iterator[Figure]:
    python, server = CELERY / "bin" / "python", shutil.which("redis-server")
    if not python.exists() or server is None:
        raise NotHere("Celery and Redis are not installed; `make bench-setup` installs them.")
    with _redis(server) as url:
        told = _celery(python, url, str(messages))
        carried = told["carried"] / told["seconds"]
        yield Figure("Celery and Redis, a task per message", carried, "/s", raw=[carried])
        missing = _celery(python, url, str(messages), "kill")["missing"]
        what = f"Celery and Redis, of {messages:,}: not carried 10 s after kill -9 and a new start"
        yield Figure(what, missing, "", raw=[missing])


def _celery(python: Path, url: str, *arguments: str) -> dict[str, float]:
    script = Path(__file__).with_name("celery_sends.py")
    environment = {"PATH": os.environ["PATH"], "BENCH_REDIS": url, "C_FORCE_ROOT": "1"}
    done = subprocess.run(
        [python, script, *arguments],
        cwd=script.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"Celery did not work: {done.stderr.strip().splitlines()[-1]}")
    told: dict[str, float] = json.loads(done.stdout)
    return told


@contextmanager
def _redis(server: str) -> Iterator[str]:
    """Run a Redis of its own, which keeps what it was given as a careful one does: fsync each second."""
    port = free_port()
    with TemporaryDirectory(prefix="attune-bench-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes"]
        with subprocess.Popen([server, *options], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                while "Ready to accept connections" not in (line := process.stdout.readline()):
                    if not line:
                        raise RuntimeError("Redis did not start.")
                yield f"redis://127.0.0.1:{port}/0"
            finally:
                process.terminate()
