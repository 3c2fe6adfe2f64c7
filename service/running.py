"""Starting and stopping: daemon, worker, web server, daemon and web server in one, and the demonstration."""

import errno
import gc
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import uvicorn
from fastapi import FastAPI

from habits import replies
from service import clock, demo, migrate
from service.db import Database
from service.engine.local import LocalEngine
from service.errors import AttuneError, WrongUsage
from service.health import LateJobs
from service.settings import Settings
from service.site import Site, open_key
from service.web import phone, watching
from service.web.app import create_app
from service.web.patience import Impatient

GRACE_SECONDS = 1
SELDOM = (50_000, 20, 20)
"""When the garbage collector looks."""
HURRY_SECONDS = 6.0
"""A request waits no longer for its turn to write, and as long again for other programs: Twilio waits 15."""
NOT_SHARED = (
    "Workers share a PostgreSQL, and this database is SQLite: set ATTUNE_DATABASE_URL, or start `attune up`."
)
TURN_SECONDS = 0.0005
"""So soon a thread that computes lets others go on. A post gives up its turn at each word to the database; by
default it would wait ten times as long, each time, while a message is understood beside it."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_up(site: Site, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Run daemon and web server in this process until a signal ends them."""
    _end_by_signals()
    get_ready_to_read()
    with listen(host, port) as listener, working(site) as engine, in_a_hurry(site) as hurried:
        serve(create_app(hurried, engine.late), listener, tell)


def run_web(site: Site, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Run the web server alone until a signal ends it."""
    get_ready_to_read()
    with listen(host, port) as listener, in_a_hurry(site) as hurried:
        serve(create_app(hurried), listener, tell)


def run_daemon(site: Site, tell: Callable[[str], None]) -> None:
    """Run the daemon alone until a signal ends it."""
    ended = _note_signals()
    get_ready_to_read()
    with working(site) as engine, watched(site, engine.late):
        gc.freeze()
        tell("the daemon is at work")
        ended.wait()
        _end_by_signals()


class Worker(Protocol):
    """An engine that shares the work with those of other processes."""

    def start(self) -> None:
        """Begin to work."""

    def late(self) -> Mapping[str, str]:
        """Return the jobs that hang or fail, and what they fail of."""

    def stop(self) -> bool:
        """Finish what is under way; say whether all of it ended in time."""


def run_worker(site: Site, worker: Worker, tell: Callable[[str], None]) -> None:
    """Run one of any number of workers until a signal ends it, in 10 s at the most."""
    ended = _note_signals()
    get_ready_to_read()
    # A batch of planning makes thousands of values and no circles: to look for those takes a tenth of it.
    gc.set_threshold(*SELDOM)
    site.db.count_rows()
    worker.start()
    with watched(site, worker.late):
        gc.freeze()
        tell("the worker is at work")
        ended.wait()
        _end_by_signals()
    if not worker.stop():
        # Python would wait for the threads that still hang. What they have claimed, other workers settle.
        os._exit(0)


def make_first_tables(settings: Settings) -> None:
    """Let the first of several workers that start on an empty database make the tables.

    Raises WrongUsage for a database that workers cannot share.
    """
    with closing(Database(settings.url, settings.busy_seconds)) as db:
        if db.is_sqlite:
            raise WrongUsage(NOT_SHARED)
        migrate.make_first(db, open_key(settings))


def run_demo(host: str, port: int, tell: Callable[[str], None]) -> None:
    """Run the demonstration on a temporary folder until a signal ends it; nothing of it stays."""
    _end_by_signals()
    replies.prepare()  # Here and now: whoever is shown something is not to wait for it later.
    with (
        listen(host, port) as listener,
        tempfile.TemporaryDirectory(prefix="attune-demo-", ignore_cleanup_errors=True) as folder,
        closing(demo.prepare(Path(folder), host, port)) as shown,
    ):
        phones = phone.Phones(shown)
        demo.both_say_yes(shown, phones.say)
        with working(shown.site) as engine:
            serve(demo_app(phones, engine.late), listener, lambda url: tell(f"{url}/phone"))


def demo_app(phones: phone.Phones, late_jobs: LateJobs | None = None) -> FastAPI:
    """Return the web application with the simulator's page, which no real installation has."""
    app = create_app(phones.demo.site, late_jobs)
    app.state.phones = phones
    app.include_router(phone.router)
    return app


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
    with listen(site.settings.host, site.settings.metrics_port) as listener:
        server = web_server(watching.create_app(site, late_jobs))
        answering = threading.Thread(target=server.run, args=([listener],), name="watched", daemon=True)
        answering.start()
        try:
            yield
        finally:
            server.should_exit = True
            answering.join()


def get_ready_to_read(after_seconds: float = 30) -> None:
    """Prepare for the first message that is a sentence, once the start is over and beside everything else."""
    ready = threading.Timer(after_seconds, replies.prepare)
    ready.daemon = True
    ready.start()


@contextmanager
def in_a_hurry(site: Site, seconds: float = HURRY_SECONDS) -> Iterator[Site]:
    """Give the site as requests need it: one that cannot write soon is to be told so, and comes again."""
    if not site.db.is_sqlite:
        yield site
        return
    seconds = min(seconds, site.settings.busy_seconds)
    with closing(Database(site.settings.url, seconds, beside=site.db)) as db:
        yield replace(site, db=db)


def serve(app: FastAPI, listener: socket.socket, tell: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; both are a clean end. `tell` is given the address."""
    # What is loaded by now stays: looking through it once more took half of the time that an end takes.
    gc.freeze()
    sys.setswitchinterval(TURN_SECONDS)
    server = web_server(app)
    # From here on a signal is only noted: wherever it comes, the server ends in its own time. The server
    # raises it again afterwards, and by then it must not end us before what is being handed over is recorded.
    for number in SIGNALS:
        signal.signal(number, server.handle_exit)
    tell(address_of(listener))
    server.run(sockets=[listener])
    _end_by_signals()


def web_server(app: FastAPI) -> uvicorn.Server:
    """Return the server as every entry point runs it; it logs neither addresses nor paths."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http=Impatient,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=5,
    )
    return uvicorn.Server(config)


def _note_signals() -> threading.Event:
    """Return an event that both signals set from here on."""
    ended = threading.Event()
    for number in SIGNALS:
        signal.signal(number, lambda *_: ended.set())
    return ended


def _end_by_signals() -> None:
    """Let both signals end us with a KeyboardInterrupt, so that what was begun is closed.

    By default SIGTERM would not, and a shell starts what runs in the background deaf to SIGINT.
    """
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the address. Raises AttuneError if it is taken or not ours."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except (OSError, UnicodeError):
        raise AttuneError(_NOT_OURS.format(host=host)) from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise AttuneError(_why_not(error).format(host=host, port=port)) from None
    return listener


_NOT_OURS = "This machine has no address {host}; set ATTUNE_HOST (or --host of the demo) to one that it has."
_NO_RIGHT = "Port {port} needs more rights; set ATTUNE_PORT (or --port of the demo) to one from 1024 on."
_TAKEN = (
    "Port {port} on {host} cannot be used, probably another program listens there; "
    "stop it, or set ATTUNE_PORT (or --port of the demo) to another one."
)


def _why_not(error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return _NOT_OURS
    return _NO_RIGHT if isinstance(error, PermissionError) else _TAKEN


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
