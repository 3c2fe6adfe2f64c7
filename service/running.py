"""Starting and stopping: daemon, web server, both in one process, and the demonstration."""

import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from service import demo
from service.engine.local import LocalEngine
from service.errors import AttuneError
from service.site import Site
from service.web import phone
from service.web.app import create_app

GRACE_SECONDS = 1


def run_up(site: Site, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Run daemon and web server in this process until a signal ends them."""
    listener = listen(host, port)
    with working(site) as engine:
        tell(address_of(listener))
        serve(create_app(site, engine.late), listener)


def run_web(site: Site, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Run the web server alone until a signal ends it."""
    listener = listen(host, port)
    tell(address_of(listener))
    serve(create_app(site), listener)


def run_daemon(site: Site, tell: Callable[[str], None]) -> None:
    """Run the daemon alone until a signal ends it."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with working(site):
        tell("the daemon is at work")
        ended.wait()


def run_demo(host: str, port: int, tell: Callable[[str], None]) -> None:
    """Run the demonstration on a temporary folder until a signal ends it; nothing of it stays."""
    listener = listen(host, port)
    with tempfile.TemporaryDirectory(prefix="attune-demo-") as folder:
        shown = demo.prepare(Path(folder), host, port)
        try:
            phones = phone.Phones(shown)
            demo.both_say_yes(shown, phones.say)
            with working(shown.site) as engine:
                app = create_app(shown.site, engine.late)
                app.state.phones = phones
                app.include_router(phone.router)
                tell(f"{address_of(listener)}/phone")
                serve(app, listener)
        finally:
            shown.site.db.close()


@contextmanager
def working(site: Site) -> Iterator[LocalEngine]:
    """Run the engine inside the block; what is being handed over at its end is still recorded."""
    engine = LocalEngine(site)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM; both are a clean end."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=5,
    )
    # uvicorn raises the signal again once it has stopped.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address. Raises AttuneError if it is taken or not ours."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except PermissionError:
        raise AttuneError(f"Port {port} needs more rights; set ATTUNE_PORT to one from 1024 on.") from None
    except OSError:
        raise AttuneError(
            f"Port {port} on {host} cannot be used, probably another program listens there; "
            "stop it, or set ATTUNE_PORT to another one."
        ) from None
    return listener


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
