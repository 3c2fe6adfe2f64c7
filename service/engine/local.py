"""The local engine: APScheduler rings the jobs in this process, a thread pool carries the sends.

The job store is memory: all state is in our own tables, so nothing is lost with it.
"""

import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor as JobThreads
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import DBAPIError

from service import jobs
from service.db import explain
from service.site import Site

log = structlog.get_logger()


class LocalEngine:
    """Runs the jobs of one installation until it is stopped."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._stopping = threading.Event()
        self._beats: dict[str, float] = {}
        self._sends = ThreadPoolExecutor(site.settings.send_threads, thread_name_prefix="send")
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": JobThreads(len(jobs.PERIODIC) + 1)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        for job in (*jobs.PERIODIC, jobs.Job("send", 1, self._send)):
            self._scheduler.add_job(
                self._guarded(job), "interval", seconds=job.every_seconds, id=job.name, name=job.name
            )

    def start(self) -> None:
        self._scheduler.start()
        log.info("engine started", engine="local")

    def stop(self) -> None:
        """End the jobs; what is being handed over is finished and recorded first."""
        self._stopping.set()
        self._scheduler.shutdown(wait=True)
        self._sends.shutdown(wait=True)
        log.info("engine stopped", engine="local")

    def late(self) -> list[str]:
        """Return the jobs whose last good run is more than 30 s overdue."""
        now = time.monotonic()
        return [job.name for job in jobs.PERIODIC if self._age(job.name, now) > job.every_seconds + 30]

    def _age(self, name: str, now: float) -> float:
        return now - self._beats.setdefault(name, now)

    def _send(self, site: Site) -> int:
        return jobs.send(
            site, self._sends, site.settings.send_threads, going_on=lambda: not self._stopping.is_set()
        )

    def _guarded(self, job: jobs.Job) -> Callable[[], None]:
        """Return the job as the scheduler runs it: an error is logged, and the next ring tries again."""

        def run() -> None:
            if self._stopping.is_set():
                return
            try:
                job.run(self._site)
                self._beats[job.name] = time.monotonic()
            except DBAPIError as error:
                log.error("job failed", job=job.name, why=explain(error))
            except Exception as error:
                # The text of an error may hold a person's words; where it happened is enough.
                frame = traceback.extract_tb(error.__traceback__)[-1]
                place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
                log.error("job failed", job=job.name, error=type(error).__name__, place=place)

        return run
