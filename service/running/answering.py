"""The small web server of a daemon or a worker: how it is, for a monitor."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.health import LateJobs
from service.running.listening import listen
from service.running.web import web_server
from service.site import Site
from service.web import watching


@contextmanager
def answering(site: Site, late_jobs: LateJobs) -> Iterator[None]:
    """Answer a monitor on its port inside the block."""
    with listen(site.settings.host, site.settings.metrics_port) as listener:
        server = web_server(watching.create_app(site, late_jobs))
        thread = threading.Thread(target=server.run, args=([listener],), name="watched", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join()
