"""The local engine: APScheduler rings the jobs in this process, a thread pool carries the sends.

The job store is memory: all state is in our own tables, so nothing is lost with it.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor as JobThreads
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import DBAPIError

from service import jobs, pinging
from service.db import explain
from service.log import place_of
from service.site import Site

log = structlog.get_logger()

LATE_SECONDS = 30


class LocalEngine:
    """Runs the jobs of one installation until it is stopped. `clock` counts seconds and is never set back."""

    def __init__(self, site: Site, clock: Callable[[], float] = time.monotonic) -> None:
        self._site = site
        self._clock = clock
        self._stopping = threading.Event()
        self._jobs = (*jobs.PERIODIC, jobs.Job("send", 1, self._send), *self._pings())
        self._beats: dict[str, float] = {}
        self._sends = ThreadPoolExecutor(site.settings.send_threads, thread_name_prefix="send")
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": JobThreads(len(self._jobs))},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def start(self) -> None:
        """Begin with every job at once: what a killed process left is taken up without waiting."""
        for job in self._jobs:
            self._beat(job.name)
            self._scheduler.add_job(
                self._guarded(job),
                "interval",
                seconds=job.every_seconds,
                next_run_time=datetime.now(UTC),
                id=job.name,
                name=job.name,
            )
        self._scheduler.start()
        log.info("engine started", engine="local")

    def stop(self) -> None:
        """End the jobs; what is being handed over is finished and recorded first."""
        self._stopping.set()
        self._scheduler.shutdown(wait=True)
        self._sends.shutdown(wait=True)
        log.info("engine stopped", engine="local")

    def late(self) -> list[str]:
        """Return the jobs whose last good run is 30 s overdue; for sends, as long as a hand-over may take."""
        now = self._clock()
        return [
            job.name
            for job in self._jobs
            if now - self._beats.get(job.name, now) > job.every_seconds + self._patience(job)
        ]

    def _patience(self, job: jobs.Job) -> float:
        return self._site.settings.claim_seconds if job.name == "send" else LATE_SECONDS

    def _beat(self, name: str) -> None:
        self._beats[name] = self._clock()

    def _send(self, site: Site) -> int:
        return jobs.send(site, self._sends, site.settings.send_threads, self._goes_on)

    def _pings(self) -> tuple[jobs.Job, ...]:
        """Return the job that calls the dead man's switch, if there is one."""
        if self._site.settings.ping_url is None:
            return ()
        every = self._site.settings.ping_minutes * 60
        return (jobs.Job("ping", every, lambda site: pinging.ping(site, self.late())),)

    def _goes_on(self) -> bool:
        """Note that the last round of sends has ended, and say whether there may be another."""
        self._beat("send")
        return not self._stopping.is_set()

    def _guarded(self, job: jobs.Job) -> Callable[[], None]:
        """Return the job as the scheduler runs it: an error is logged, and the next ring tries again."""

        def run() -> None:
            if self._stopping.is_set():
                return
            try:
                job.run(self._site)
                self._beat(job.name)
            except DBAPIError as error:
                log.error("job failed", job=job.name, why=explain(error))
            except Exception as error:
                log.error("job failed", job=job.name, error=type(error).__name__, place=place_of(error))

        return run
