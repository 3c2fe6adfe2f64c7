"""A throw-away installation with a stand-in for Twilio, and its daemon in a process of its own."""

import os
import random
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from notifiers.standin import TwilioServer
from service import log, migrate
from service.db import Database
from service.demo import Isolated
from service.errors import AttuneError, WrongUsage
from service.models.base import Row
from service.running.listening import listen
from service.running.web import run_up
from service.sealing import new_key
from service.settings import Settings
from service.site import Site, open_key, open_site
from service.trouble import DatabaseError, explain

HOST = "127.0.0.1"
PUBLIC = "https://prove.example.org"
PORTS = range(20_000, 32_000)
"""Below those that a system gives to outgoing connections: one of these could take ours while we are dead."""
LATENCY = (0.002, 0.025)
"""Seconds until the provider has stored a message, and again until it answers: what kills are to hit."""
REPORTS_AFTER = (0.0, 1.0)
"""Seconds until it reports: some of the reports come to the next daemon, some to none."""
PATIENCE_SECONDS = 30
CONTEXT = get_context("forkserver")
# Forked from a process that has everything imported: otherwise most kills would hit the start of Python.
CONTEXT.set_forkserver_preload(["__main__", "service.proving.ground", "notifiers.twilio", "psycopg"])


def stand_in() -> TwilioServer:
    """Return the provider, not started yet; it reports each message as sent and delivered."""
    return TwilioServer(public_url=PUBLIC, auto_deliver=True, latency=LATENCY, reports_after=REPORTS_AFTER)


@contextmanager
def installation(folder: Path, database_url: str | None, twilio: TwilioServer) -> Iterator[Site]:
    """Make an installation with a key and tables of its own, and leave nothing of it behind.

    Raises WrongUsage if there are tables in the database already: it is somebody's.
    """
    settings = _settings(folder, database_url, twilio)
    database = Database(settings.url, settings.busy_seconds)
    with closing(database):
        _refuse_tables(database)
        try:
            migrate.upgrade(database, open_key(settings))
            site = open_site(settings)
            with closing(site.db):
                yield site
        finally:
            if not database.is_sqlite:
                _drop_tables(database)


def _settings(folder: Path, database_url: str | None, twilio: TwilioServer) -> Settings:
    port = _free_port()
    twilio.inbound_url = f"http://{HOST}:{port}/hooks/twilio/sms"
    channel = {
        "account_sid": twilio.account_sid,
        "auth_token": twilio.auth_token,
        "sender": twilio.number,
        "base_url": twilio.url,
        "per_second": 0,
    }
    return Isolated(
        home=folder,
        key=new_key(),
        database_url=database_url,
        host=HOST,
        port=port,
        public_url=PUBLIC,
        claim_seconds=30,
        # A crowd of people within minutes, and nobody pays for it.
        daily_messages=0,
        daily_segments=0,
        daily_money=0,
        person_daily_messages=0,
        person_daily_segments=0,
        person_daily_money=0,
        # The ledger shows answers too; nobody of these people is real.
        operator_sees="progress",
        notifiers={"twilio": channel},
    )


def _free_port() -> int:
    for port in random.sample(PORTS, 100):
        try:
            listen(HOST, port).close()
        except AttuneError:
            continue
        return port
    raise AttuneError("There is no free port on this machine; close some programs and try again.")


def _refuse_tables(database: Database) -> None:
    try:
        tables = [] if database.is_missing else inspect(database.engine).get_table_names()
    except DBAPIError as error:
        raise DatabaseError(explain(error)) from None
    if tables:
        raise WrongUsage("There are tables in that database; give an empty one, made for this alone.")


def _drop_tables(database: Database) -> None:
    with database.writers.begin() as connection:
        # Whoever was killed may be connected still, and hold a lock.
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
            )
        )
        Row.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon and web server, as `attune up` starts them, in a process of its own."""

    process: ForkServerProcess
    said: Connection

    @classmethod
    def start(cls, settings: Settings) -> "Daemon":
        """Start it; it logs into the installation's folder."""
        said, saying = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(target=at_work, args=(settings, saying), daemon=True)
        process.start()
        saying.close()  # Ours, so that its end is noticed when the process ends.
        return cls(process, said)

    def wait_until_at_work(self) -> None:
        """Return once it serves, or is dead."""
        self.said.poll(PATIENCE_SECONDS)

    def kill(self) -> bool:
        """End it with SIGKILL, wherever it is; say whether it was alive."""
        alive = self.process.exitcode is None
        self.process.kill()
        self.process.join()
        self.process.close()
        self.said.close()
        return alive

    def end(self) -> None:
        """End it as Ctrl-C does, and wait until it has recorded what it was handing over."""
        self.process.terminate()
        self.process.join(PATIENCE_SECONDS)


def at_work(settings: Settings, saying: Connection) -> None:
    """Do what `attune up` does, in this process."""
    with log_of(settings).open("a") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    log.set_up("info")
    site = open_site(settings)
    with closing(site.db):
        run_up(site, settings.host, settings.port, saying.send)


def log_of(settings: Settings) -> Path:
    """Return the file that the daemons write to."""
    return settings.home / "daemon.log"
