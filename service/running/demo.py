"""The demonstration: an invented couple, the daemon and the web server with the phones."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from fastapi import FastAPI

from habits import replies
from service import demo
from service.health import LateJobs
from service.running.daemon import working
from service.running.listening import listen
from service.running.signals import end_by_signals
from service.running.web import serve
from service.web import phone
from service.web.app import create_app


def run_demo(host: str, port: int, tell: Callable[[str], None]) -> None:
    """Run the demonstration on a temporary folder until a signal ends it; nothing of it stays."""
    end_by_signals()
    with (
        listen(host, port) as listener,
        tempfile.TemporaryDirectory(prefix="attune-demo-", ignore_cleanup_errors=True) as folder,
        closing(demo.prepare(Path(folder), host, port)) as shown,
    ):
        replies.prepare()  # Here and now: whoever is shown something is not to wait for it later.
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
