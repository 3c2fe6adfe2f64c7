"""The daemon: the engine at work until a signal ends it."""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module

from habits import replies
from service import clock
from service.engine.local import LocalEngine
from service.health import LateJobs
from service.running import SELDOM
from service.running.signals import end_by_signals, note_signals
from service.site import Site

Answering = Callable[[Site, LateJobs], AbstractContextManager[None]]


def run_daemon(site: Site, tell: Callable[[str], None]) -> None:
    """Run the daemon alone until a signal ends it."""
    ended = note_signals()
    get_ready_to_read()
    with working(site) as engine, watched(site, engine.late):
        gc.freeze()
        tell("the daemon is at work")
        ended.wait()
        end_by_signals()


@contextmanager
def working(site: Site) -> Iterator[LocalEngine]:
    """Run the engine inside the block; what is being handed over at its end is still recorded."""
    # A batch of planning makes thousands of values and no circles: to look for those takes a tenth of it.
    gc.set_threshold(*SELDOM)
    with site.db.read() as session:
        clock.check(session, site.now)
    site.db.count_rows()
    engine = LocalEngine(site)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


@contextmanager
def watched(site: Site, late_jobs: LateJobs) -> Iterator[None]:
    """Answer a monitor inside the block, if a port is set for a process that has no web server."""
    if not site.settings.metrics_port:
        yield
        return
    # Loaded only here: it takes as long as a third of all else.
    answering: Answering = import_module("service.running.answering").answering
    with answering(site, late_jobs):
        yield


def get_ready_to_read(after_seconds: float = 30) -> None:
    """Prepare for the first message that is a sentence, once the start is over and beside everything else."""
    ready = threading.Timer(after_seconds, replies.prepare)
    ready.daemon = True
    ready.start()
