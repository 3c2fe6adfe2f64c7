"""The cluster engine: Procrastinate carries the jobs among any number of workers on one PostgreSQL.

No worker leads and none knows another. Each rings every job; the database keeps one ring of each period, and
whoever is free takes it. A job carries nothing: what it does is found by claims, so that one that is lost,
late or run twice harms nothing.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import structlog
from procrastinate import App, JobContext
from procrastinate.manager import JobManager
from sqlalchemy.exc import DBAPIError

from service import clock as time_guard
from service import jobs, pinging
from service.engine import queue, sends, tables
from service.engine.beats import Beats
from service.log import place_of
from service.site import Site
from service.trouble import DatabaseError, explain

log = structlog.get_logger()

LATE_SECONDS = 30
END_SECONDS = 9
"""So long after it was told to end a worker ends, whatever still hangs."""
HOUSEKEEPING = {"reap": (15, queue.reap), "clear": (3600, queue.clear)}
"""What Procrastinate leaves to its user, with the seconds between two rings."""
RING = "ring"
"""The name under which a worker's hold on the database is looked at like a job."""


class ClusterEngine:
    """One worker of an installation: it runs jobs until it is stopped.

    `clock` counts seconds and is never set back; `wall` is the machine's time, by whose periods jobs ring.
    """

    def __init__(
        self,
        site: Site,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._site = replace(site, on_planned=sends.enqueue)
        self._wall = wall
        self._stopping = threading.Event()
        self._jobs = {
            job.name: job for job in (*jobs.PERIODIC, jobs.Job("send", 1, self._send), *self._pings())
        }
        self._jobs["plan"] = replace(self._jobs["plan"], run=self._plan)
        self._rings = {name: job.every_seconds for name, job in self._jobs.items()}
        self._rings |= {name: every for name, (every, _) in HOUSEKEEPING.items()}
        self._beats = Beats(clock)
        self._under_way: set[str] = set()
        self._threads = ThreadPoolExecutor(len(self._jobs) + 1, thread_name_prefix="job")
        self._sends = ThreadPoolExecutor(site.settings.send_threads, thread_name_prefix="send")
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="worker", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None

    def start(self) -> None:
        """Begin to work; the tables of the jobs are made if there are none.

        Raises DatabaseError, or ClockTrouble if PostgreSQL shows quite another time.
        """
        with self._site.db.read() as session:
            time_guard.check(session, self._site.now)
        tables.prepare(self._site.db)
        self._beats.begin(RING)
        self._thread.start()
        log.info("engine started", engine="cluster")

    def stop(self) -> bool:
        """Take no more, finish and record what is under way; say whether all of it ended within 9 s.

        What has not stays claimed, and is settled by the sweep of another worker.
        """
        self._stopping.set()
        if self._loop and self._end:
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(END_SECONDS)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._sends.shutdown(wait=False)
        ended = not (self._thread.is_alive() or self._under_way)
        log.info("engine stopped", engine="cluster", all_ended=ended)
        return ended

    def late(self) -> dict[str, str]:
        """Return the jobs that hang or fail here for too long, and what they failed of, a blank if they hang.

        `ring` stands for this worker's hold on the database. What other workers run is theirs to tell.
        """
        found = {name: self._beats.trouble(name, self._patience(name)) for name in (*self._rings, RING)}
        return {name: why for name, why in found.items() if why is not None}

    def _patience(self, name: str) -> float:
        if name == "send":
            return self._rings[name] + self._site.settings.claim_seconds
        return self._rings.get(name, 1) + LATE_SECONDS

    async def _live(self) -> None:
        """Work until told to end; what the database does to a worker is noted, and it begins anew."""
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        # A job whose end could not be written any more: the reaper lets go of it.
        self._loop.set_exception_handler(lambda *_: log.debug("a job's end was not written"))
        ending = asyncio.create_task(self._end.wait())
        if self._stopping.is_set():
            return
        while not ending.done():
            life = asyncio.create_task(self._work())
            await asyncio.wait({life, ending}, return_when=asyncio.FIRST_COMPLETED)
            life.cancel()
            (error,) = await asyncio.gather(life, return_exceptions=True)
            if not ending.done():
                self._beats.failed(RING, queue.why(error))
                await asyncio.wait({ending}, timeout=1)

    async def _work(self) -> None:
        """Run Procrastinate's worker and ring, on connections that end with this; raises what ends it."""
        works = {name: self._carried(job) for name, job in self._jobs.items()}
        works |= {name: self._kept(name, keep) for name, (_, keep) in HOUSEKEEPING.items()}
        app = queue.app_of(self._site.settings.url, works)
        async with app.open_async(), asyncio.TaskGroup() as group:
            group.create_task(queue.serve(app, at_once=len(self._rings) + 4))
            group.create_task(self._ring(app))

    async def _ring(self, app: App) -> None:
        """Ring each job once in each of its periods, unless another worker has or there is nothing to do.

        To look whether there is takes a fraction of what a job takes to be rung, taken, run and ended.

        Procrastinate's own deferrer would ring once for each second that a machine slept, and not at all
        until a clock that was set back has caught up.
        """
        rung: dict[str, int] = {}
        while True:
            now = self._wall()
            time_guard.is_doubtful(self._site.now)  # A leap is seen when it comes, and not by the next job.
            try:
                idle = await asyncio.wrap_future(self._threads.submit(jobs.idle, self._site))
                for name, every in self._rings.items():
                    at = int(now // every) * every
                    if rung.get(name) != at and name not in idle:
                        await queue.ring(app, name, at)
                        rung[name] = at
            except Exception as error:
                # Noted at once: a worker that has lost its database takes long to end.
                self._beats.failed(RING, queue.why(error))
                raise
            self._beats.well(RING)
            self._beats.begin(RING)
            await asyncio.sleep(1 - self._wall() % 1)

    def _carried(self, job: jobs.Job) -> Callable[..., Awaitable[None]]:
        """Return the job as Procrastinate runs it: once at a time in this process, in a thread of ours."""

        async def run(*_: object, **__: object) -> None:
            if job.name in self._under_way or self._stopping.is_set():
                return
            self._under_way.add(job.name)
            running = self._threads.submit(self._run, job)
            running.add_done_callback(lambda _: self._under_way.discard(job.name))
            await asyncio.wrap_future(running)

        return run

    def _kept(
        self, name: str, keep: Callable[[JobManager], Awaitable[None]]
    ) -> Callable[..., Awaitable[None]]:
        """Return a work of housekeeping as Procrastinate runs it."""

        async def run(context: JobContext, **_: object) -> None:
            try:
                await keep(context.app.job_manager)
                self._beats.well(name)
            except Exception as error:
                self._beats.failed(name, queue.why(error))

        return run

    def _run(self, job: jobs.Job) -> None:
        """Run a job; an error is noted, and the next ring tries again."""
        self._beats.begin(job.name)
        try:
            jobs.run(job, self._site)
            self._beats.well(job.name)
        except (DBAPIError, DatabaseError) as error:
            self._beats.failed(job.name, explain(error))
        except Exception as error:
            # Its text may hold a person's words.
            self._beats.failed(job.name, f"{type(error).__name__} at {place_of(error)}; please report it.")
        finally:
            self._beats.end(job.name)

    def _goes_on(self, name: str) -> Callable[[], bool]:
        """Return what a long job asks before each of its rounds: the ones before were a sign of life."""

        def goes_on() -> bool:
            self._beats.begin(name)
            return not self._stopping.is_set()

        return goes_on

    def _plan(self, site: Site) -> int:
        return jobs.plan(site, self._goes_on("plan"))

    def _send(self, site: Site) -> int:
        return jobs.send(site, self._sends, site.settings.send_threads, self._goes_on("send"))

    def _pings(self) -> tuple[jobs.Job, ...]:
        """Return the job that calls the dead man's switch, if there is one: one worker calls for all."""
        if self._site.settings.ping_url is None:
            return ()
        every = self._site.settings.ping_minutes * 60
        return (jobs.Job("ping", every, lambda site: pinging.ping(site, self.late())),)
