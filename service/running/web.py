"""The web server, alone or in one process with the daemon."""

import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import uvicorn
from fastapi import FastAPI

from service.db import Database
from service.running import SELDOM
from service.running.daemon import get_ready_to_read, working
from service.running.listening import address_of, listen
from service.running.signals import SIGNALS, end_by_signals
from service.site import Site
from service.web.app import create_app
from service.web.patience import Impatient

GRACE_SECONDS = 1
HURRY_SECONDS = 6.0
"""A request waits no longer for its turn to write, and as long again for other programs: Twilio waits 15."""
TURN_SECONDS = 0.0005
"""So soon a thread that computes lets others go on. A post gives up its turn at each word to the database; by
default it would wait ten times as long, each time, while a message is understood beside it."""


def run_up(site: Site, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Run daemon and web server in this process until a signal ends them."""
    end_by_signals()
    get_ready_to_read()
    with listen(host, port) as listener, working(site) as engine, in_a_hurry(site) as hurried:
        serve(create_app(hurried, engine.late), listener, tell)


def run_web(site: Site, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Run the web server alone until a signal ends it."""
    get_ready_to_read()
    with listen(host, port) as listener, in_a_hurry(site) as hurried:
        serve(create_app(hurried), listener, tell)


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
    # What is loaded by now stays: looking through it once more took half of the time that an end takes. For
    # what a post leaves it is enough to look seldom.
    gc.freeze()
    gc.set_threshold(*SELDOM)
    sys.setswitchinterval(TURN_SECONDS)
    server = web_server(app)
    # From here on a signal is only noted: wherever it comes, the server ends in its own time. The server
    # raises it again afterwards, and by then it must not end us before what is being handed over is recorded.
    for number in SIGNALS:
        signal.signal(number, server.handle_exit)
    tell(address_of(listener))
    server.run(sockets=[listener])
    end_by_signals()


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
