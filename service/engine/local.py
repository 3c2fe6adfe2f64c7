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

from service import clock, jobs, pinging
from service.clock import machine_time
from service.log import place_of
from service.site import Site
from service.trouble import DatabaseError, explain

log = structlog.get_logger()

LATE_SECONDS = 30
STEP_SECONDS = 2.0
"""The machine's clock was set if it goes so much more or less than the seconds that passed."""


class LocalEngine:
    """Runs the jobs of one installation until it is stopped.

    `clock` counts seconds and is never set back; `wall` is the machine's time, which the scheduler goes by.
    """

    def __init__(
        self,
        site: Site,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = machine_time,
    ) -> None:
        self._site = site
        self._clock = clock
        self._wall = wall
        self._stopping = threading.Event()
        rest = (job for job in jobs.PERIODIC if job.name != "plan")
        own = (jobs.Job("plan", 1, self._plan), jobs.Job("send", 1, self._send))
        self._jobs = (*own, *rest, *self._pings())
        self._beats: dict[str, float] = {}
        self._whys: dict[str, str] = {}
        """What the last run of a job failed of, in words."""
        self._watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)
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
                next_run_time=self._wall(),
                id=job.name,
                name=job.name,
            )
        self._scheduler.start()
        self._watchdog.start()
        log.info("engine started", engine="local")

    def stop(self) -> None:
        """End the jobs; what is being handed over is finished and recorded first."""
        self._stopping.set()
        self._watchdog.join()
        self._scheduler.shutdown(wait=True)
        self._sends.shutdown(wait=True)
        log.info("engine stopped", engine="local")

    def late(self) -> dict[str, str]:
        """Return the jobs whose last good run is 30 s overdue, and what they failed of, a blank if they hang.

        A send may take as long as a hand-over.
        """
        now = self._clock()
        return {
            job.name: self._whys.get(job.name, "")
            for job in self._jobs
            if now - self._beats.get(job.name, now) > job.every_seconds + self._patience(job)
        }

    def _watch(self) -> None:
        """Ring all jobs at once when the machine's clock was set back: the scheduler would wait until then.

        After a step forward it rings them by itself, each once.
        """
        ahead = self._ahead()
        while not self._stopping.wait(1):
            clock.is_doubtful(self._site.now)  # A leap is seen when it comes, and not by the next job.
            before, ahead = ahead, self._ahead()
            if abs(ahead - before) > STEP_SECONDS:
                log.warning("the clock was set", seconds=round(ahead - before))
            if ahead - before < -STEP_SECONDS:
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=self._wall())

    def _ahead(self) -> float:
        """Return how far the machine's time is ahead of the seconds that were counted."""
        return self._wall().timestamp() - self._clock()

    def _patience(self, job: jobs.Job) -> float:
        return self._site.settings.claim_seconds if job.name == "send" else LATE_SECONDS

    def _beat(self, name: str) -> None:
        """Note that a job is well; the log is told if it was not."""
        self._beats[name] = self._clock()
        if self._whys.pop(name, None):
            log.info("job works again", job=name)

    def _failed(self, name: str, why: str) -> None:
        """Note what a job failed of; the log is told once, and not each second of an hour."""
        if self._whys.get(name) != why:
            log.error("job failed", job=name, why=why)
        self._whys[name] = why

    def _plan(self, site: Site) -> int:
        return jobs.plan(site, self._goes_on("plan"))

    def _send(self, site: Site) -> int:
        return jobs.send(site, self._sends, site.settings.send_threads, self._goes_on("send"))

    def _goes_on(self, name: str) -> Callable[[], bool]:
        """Return what a long job asks before each of its rounds: those before are a sign of life."""
        begun = False

        def goes_on() -> bool:
            nonlocal begun
            if begun:
                self._beat(name)
            begun = True
            return not self._stopping.is_set()

        return goes_on

    def _pings(self) -> tuple[jobs.Job, ...]:
        """Return the job that calls the dead man's switch, if there is one."""
        if self._site.settings.ping_url is None:
            return ()
        every = self._site.settings.ping_minutes * 60
        return (jobs.Job("ping", every, lambda site: pinging.ping(site, self.late())),)

    def _guarded(self, job: jobs.Job) -> Callable[[], None]:
        """Return the job as the scheduler runs it: an error is logged, and the next ring tries again."""

        def run() -> None:
            if self._stopping.is_set():
                return
            try:
                jobs.run(job, self._site)
                self._beat(job.name)
            except (DBAPIError, DatabaseError) as error:
                self._failed(job.name, explain(error))
            except Exception as error:
                # Its text may hold a person's words.
                self._failed(job.name, f"{type(error).__name__} at {place_of(error)}; please report it.")

        return run
