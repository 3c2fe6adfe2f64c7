"""Workers and web servers, each a process of its own on one of the hosts."""

import os
import signal
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from service import log
from service.engine.cluster import ClusterEngine
from service.proving.ground import CONTEXT
from service.running.web import run_web
from service.running.worker import run_worker
from service.settings import Settings
from service.site import open_site
from tests.cluster.hosts import Host, enter

PATIENCE_SECONDS = 60
CONTEXT.set_forkserver_preload(["__main__", "tests.cluster.machines", "notifiers.twilio", "psycopg"])


@dataclass(slots=True)
class Machine:
    """What runs on a host: one process, or for a while none."""

    host: Host
    settings: Settings
    serves: bool
    process: ForkServerProcess | None = None
    saying: Connection | None = None
    ended_alone: int = 0
    """How often it was found dead."""
    end_seconds: list[float] = field(default_factory=list)
    codes: list[int | None] = field(default_factory=list)
    """How it ended when it was told to."""

    def start(self) -> None:
        said, saying = CONTEXT.Pipe(duplex=False)
        work = serve if self.serves else work_on
        self.process = CONTEXT.Process(
            target=work, args=(self.settings, self.host.network, saying), daemon=True
        )
        self.process.start()
        saying.close()
        self.saying = said

    def wait_until_at_work(self) -> None:
        assert self.saying
        assert self.saying.poll(PATIENCE_SECONDS), f"{self.host.name} does not begin."
        self.saying.recv()

    def kill(self) -> None:
        """End it with SIGKILL, wherever it is."""
        assert self.process
        self.ended_alone += self.process.exitcode is not None
        self.process.kill()
        self.process.join()

    def end(self) -> None:
        """Tell it to end, as systemd and Docker do; `wait_for_end` says how it went."""
        assert self.process
        self.ended_alone += self.process.exitcode is not None
        self.process.terminate()

    def wait_for_end(self, since: float) -> None:
        assert self.process
        self.process.join(PATIENCE_SECONDS)
        self.end_seconds.append(time.monotonic() - since)
        self.codes.append(self.process.exitcode)

    def freeze(self) -> None:
        assert self.process
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGCONT)


def work_on(settings: Settings, network: Path | None, saying: Connection) -> None:
    """Do what `attune run worker` does, in this process."""
    _settle_in(settings, network)
    site = open_site(settings)
    with closing(site.db):
        run_worker(site, ClusterEngine(site), saying.send)


def serve(settings: Settings, network: Path | None, saying: Connection) -> None:
    """Do what `attune run web` does, in this process."""
    _settle_in(settings, network)
    site = open_site(settings)
    with closing(site.db):
        run_web(site, settings.host, settings.port, saying.send)


def _settle_in(settings: Settings, network: Path | None) -> None:
    enter(network)
    with (settings.home / "machines.log").open("a") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    log.set_up("info")
