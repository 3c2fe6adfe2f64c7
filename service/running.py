"""Starting and stopping: daemon, web server, both in one process, and the demonstration."""

import errno
import gc
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from habits import replies
from service import clock, demo
from service.db import Database
from service.engine.local import LocalEngine
from service.errors import AttuneError
from service.health import LateJobs
from service.site import Site
from service.web import phone, watching
from service.web.app import create_app
from service.web.patience import Impatient

GRACE_SECONDS = 1
HURRY_SECONDS = 6.0
"""A request waits no longer for its turn to write, and as long again for other programs: Twilio waits 15."""
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
    ended = threading.Event()
    for number in SIGNALS:
        signal.signal(number, lambda *_: ended.set())
    get_ready_to_read()
    with working(site) as engine, watched(site, engine.late):
        gc.freeze()
        tell("the daemon is at work")
        ended.wait()
        _end_by_signals()


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
    with site.db.read() as session:
        clock.check(session, site.now)
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
