"""Procrastinate, as the cluster engine uses it: tasks, worker, rings, and what workers left behind."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from service.connecting import LET_GO, POSTGRESQL
from service.engine import tables
from service.engine.sends import QUEUE
from service.log import place_of
from service.trouble import explain

log = structlog.get_logger()

GRACE_SECONDS = 6
"""What is under way when a worker is to end has so long; Procrastinate lets go of it then."""
BEAT_SECONDS, DEAD_SECONDS = 10.0, 30.0
"""A worker says so often that it lives; one that has not for so long is dead, and what it took is let go."""
LOOK_SECONDS = 2.0
"""A worker is told of each new job, but misses what it is told amid a look: so it looks as often too.

Whatever is due is rung anew each second, and told again.
"""
POOL_SECONDS = 5.0
"""The longest that anything waits for a connection of a worker's own."""
KEPT_HOURS = 1
FIRST = 1
"""Rings go before sends: there may be hundreds of these."""
TAKEN_FOR_DEAD = "The other workers took this one for dead; it begins anew."
BROKEN = "The connection to PostgreSQL broke; it is made again."

# Their logs name the database and show tracebacks; what matters of them is said by `why`.
for name in ("procrastinate", "psycopg.pool"):
    logging.getLogger(name).setLevel(logging.CRITICAL)


class WorkerEndedError(Exception):
    """Procrastinate's worker has ended by itself: one of its tasks lost the database."""


def app_of(database_url: str, works: Mapping[str, Callable[..., object]]) -> App:
    """Return an app that is not opened yet, with tasks by the names that their jobs are kept under."""
    url = make_url(database_url).set(drivername="postgresql")
    connector = PsycopgConnector(
        conninfo=url.render_as_string(hide_password=False),
        kwargs=POSTGRESQL,
        min_size=1,
        max_size=4,
        timeout=POOL_SECONDS,
        configure=_prepare,
        pool_factory=_pool,
    )
    app = App(connector=connector)
    for name, work in works.items():
        # One ring at the most waits, however long nobody takes it; none is ever tried again.
        app.task(name=name, queue=QUEUE, priority=FIRST, queueing_lock=name, pass_context=True)(work)
    return app


async def serve(app: App, at_once: int) -> None:
    """Run up to so many jobs at once until cancelled. Raises WorkerEndedError if it ends by itself."""
    await app.run_worker_async(
        queues=[QUEUE],
        concurrency=at_once,
        install_signal_handlers=False,
        delete_jobs="always",
        fetch_job_polling_interval=LOOK_SECONDS,
        shutdown_graceful_timeout=GRACE_SECONDS,
        update_heartbeat_interval=BEAT_SECONDS,
        stalled_worker_timeout=DEAD_SECONDS,
    )
    raise WorkerEndedError


def _pool(**options: Any) -> AsyncConnectionPool:
    """Return a pool that asks no connection whether it lives: a broken one ends them all here."""
    return AsyncConnectionPool(**options | {"check": None})


async def _prepare(connection: psycopg.AsyncConnection[object]) -> None:
    """Let a connection see the jobs alone; each of their statements is a transaction of its own."""
    await connection.set_autocommit(True)
    await connection.execute(f"{LET_GO}; SET search_path TO {tables.SCHEMA}".encode())


async def ring(app: App, name: str, at: int) -> None:
    """Ring one job for the period that begins at `at`, unless it is rung already or an older ring waits."""
    job = app.tasks[name].configure(task_kwargs={"timestamp": at}).job
    try:
        await app.job_manager.defer_periodic_job(job=job, periodic_id="", defer_timestamp=at)
    except AlreadyEnqueued:
        return


async def reap(manager: JobManager) -> None:
    """Let go of the jobs that dead workers had taken: the next ring does it again."""
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_SECONDS):
        await manager.finish_job(job, Status.FAILED, delete_job=True)
        log.warning("job of a dead worker let go", job=job.task_name)
    await manager.prune_stalled_workers(DEAD_SECONDS)


async def clear(manager: JobManager) -> None:
    """Delete the jobs that ended in any way and are there still; most are deleted as they end."""
    await manager.delete_old_jobs(
        KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


def why(error: BaseException | None) -> str:
    """Return in one sentence what ended a worker's life."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    cause = error
    while cause is not None and not isinstance(cause, psycopg.Error):
        cause = cause.__cause__
    if isinstance(cause, psycopg.errors.ForeignKeyViolation):
        return TAKEN_FOR_DEAD
    if cause is not None:
        return explain(DBAPIError(None, None, cause))
    if isinstance(error, WorkerEndedError):
        return BROKEN
    return f"{type(error).__name__} at {place_of(error)}; please report it." if error else ""
