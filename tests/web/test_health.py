"""What whoever watches over the process is told: alive, and able to work."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from notifiers.base import Accepted, Kind, Message, SendError
from notifiers.phone import Phone
from service import jobs, schema
from service.db import Database
from service.models import Meta
from service.sealing import KeyTrouble, Sealer, new_seal, parse
from service.settings import Settings
from service.site import Site
from service.trouble import NO_TABLES, DatabaseError
from service.web.app import create_app
from tests.conftest import KEY
from tests.machines import Machine
from tests.web.conftest import SQLITE
from tests.web.serving import serving
from tests.world import World


def test_ready(world: World) -> None:
    with serving(create_app(world.site)) as web:
        assert web.get("/healthz").json == {"status": "ok"}
        ready = web.get("/readyz")
        assert (ready.status, ready.json) == (
            200,
            {"status": "ready", "troubles": [], "notices": []},
        )


def test_not_ready_without_tables(empty_url: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database_url=empty_url, key=KEY)
    site = Site(settings, Database(settings.url), Sealer(KEY))
    if site.db.is_sqlite:
        (tmp_path / "empty.db").touch()
    with serving(create_app(site)) as web:
        ready = web.get("/readyz")
        assert (ready.status, ready.json["troubles"]) == (503, [NO_TABLES])
        assert web.get("/healthz").status == 200
    site.db.close()


def test_not_ready_for_tables_of_another_version(world: World) -> None:
    with world.site.db.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with serving(create_app(world.site)) as web:
        ready = web.get("/readyz")
        assert (ready.status, ready.json["status"]) == (503, "not ready")
        assert ready.json["troubles"][0].startswith("The database is from a newer Attune than this one")


def test_not_ready_with_a_key_that_was_replaced_elsewhere(world: World) -> None:
    """Another machine, or a container that still has the older file, is told; and its daemon says no more."""
    line = parse(KEY)
    elsewhere = Sealer(str(replace(line, seals=(new_seal(), *line.seals))))
    sealed = elsewhere.seal(elsewhere.fingerprint).decode()
    with world.site.db.write() as session:
        session.execute(update(Meta).where(Meta.key == schema.FINGERPRINT).values(value=sealed))
    with serving(create_app(world.site)) as web:
        ready = web.get("/readyz")
        assert (ready.status, len(ready.json["troubles"])) == (503, 1)
        assert ready.json["troubles"][0].startswith("The key of this installation is not the one")
    with pytest.raises(KeyTrouble):
        jobs.beat(world.site)
    with world.site.db.read() as session:
        assert jobs.last_tick(session) is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_not_ready_while_postgresql_lets_nobody_in(
    world: World, out_of_reach: Callable[[], AbstractContextManager[None]]
) -> None:
    with serving(create_app(world.site)) as web:
        with out_of_reach():
            ready = web.get("/readyz")
            assert (ready.status, len(ready.json["troubles"])) == (503, 1)
            assert ready.json["troubles"][0].startswith("PostgreSQL does not answer")
        assert web.get("/readyz").status == 200


@SQLITE
def test_not_ready_when_the_file_is_gone(world: World, tmp_path: Path) -> None:
    file = tmp_path / "attune.db"
    with serving(create_app(world.site)) as web:
        assert web.get("/readyz").status == 200
        file.rename(tmp_path / "elsewhere.db")
        ready = web.get("/readyz")
        assert (ready.status, len(ready.json["troubles"])) == (503, 1)
        assert ready.json["troubles"][0].startswith("The database file is gone")
        assert not file.exists()
        (tmp_path / "elsewhere.db").rename(file)
        assert web.get("/readyz").status == 200


@SQLITE
def test_not_ready_while_a_job_hangs(world: World) -> None:
    with serving(create_app(world.site, lambda: {"plan": "", "send": "The disk is full."})) as web:
        ready = web.get("/readyz")
        assert (ready.status, ready.json["troubles"]) == (
            503,
            [
                "The job plan has not run for too long.",
                "The job send has not run for too long: The disk is full.",
            ],
        )


def test_a_web_server_alone_misses_its_daemon(world: World) -> None:
    with serving(create_app(world.site)) as web:
        # Before the first one nobody does.
        assert web.get("/readyz").status == 200
        jobs.beat(world.site)
        world.at += jobs.SILENT_FOR
        assert web.get("/readyz").status == 200
        world.at += timedelta(seconds=1)
        ready = web.get("/readyz")
        assert (ready.status, ready.json["troubles"]) == (
            503,
            ["No daemon has been at work since 2026-03-02 09:00 UTC; its log says why, if it runs."],
        )
        jobs.beat(world.site)
        assert web.get("/readyz").status == 200


def test_a_clock_that_leapt_is_said(world: World) -> None:
    machine = Machine(datetime.now(UTC))
    with serving(create_app(replace(world.site, now=machine.clock))) as web:
        assert web.get("/readyz").json["notices"] == []
        machine.off = timedelta(hours=1)
        ready = web.get("/readyz")
        said = "The machine's clock leapt forward by 60 minutes: nothing new is planned until it has stood"
        assert ready.json["notices"][0].startswith(said)
        # PostgreSQL's own clock has not leapt.
        troubles = [] if world.site.db.is_sqlite else ["The clocks of this machine and of PostgreSQL"]
        assert [one[:44] for one in ready.json["troubles"]] == [one[:44] for one in troubles]
        machine.off = timedelta()
        assert web.get("/readyz").json == {"status": "ready", "troubles": [], "notices": []}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_not_ready_where_nothing_can_be_written(world: World) -> None:
    """A standby, or a server that was made one, answers every question."""
    with world.site.db.read() as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        with pytest.raises(DatabaseError, match="takes no changes here"):
            schema.check_writable(session)
    with world.site.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = world.site.db.engine.url.database
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    world.site.db.engine.dispose()
    try:
        with serving(create_app(world.site)) as web:
            ready = web.get("/readyz")
            assert (ready.status, len(ready.json["troubles"])) == (503, 1)
            assert ready.json["troubles"][0].startswith("PostgreSQL takes no changes here")
    finally:
        with world.site.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.execute(text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))


def test_what_lies_undone_is_said_although_all_jobs_run(world: World) -> None:
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    world.at = world.at.replace(hour=12, minute=7)
    with serving(create_app(world.site)) as web:
        assert web.get("/readyz").json["notices"] == ["Planning is 7 minutes behind."]
        jobs.plan(world.site)
        assert web.get("/readyz").json["notices"] == []
        world.at += timedelta(minutes=6)
        assert web.get("/readyz").json["notices"] == ["Messages that could have gone 5 minutes ago wait: 1."]
        jobs.send_one_by_one(world.site)
        ready = web.get("/readyz")
        assert (ready.status, ready.json["notices"]) == (200, [])


class Refusing(Phone):
    """A provider that is away at first, and then refuses our account."""

    def __init__(self) -> None:
        self.kinds = [Kind.RETRY, Kind.SENDER]

    def send(self, message: Message) -> Accepted:
        raise SendError(self.kinds.pop(0), "No.", code="20003")


def test_ready_while_a_provider_refuses_and_it_is_said(world: World) -> None:
    world.site = replace(world.site, notifiers={"phone": Refusing()})
    world.enrol("Alex")
    with serving(create_app(world.site)) as web:
        world.run()
        waits = "1 message waits for a provider that took none at the last try."
        ready = web.get("/readyz")
        assert (ready.status, ready.json["notices"]) == (200, [waits])
        world.goes_on(timedelta(minutes=2))
        refuses = "A provider refuses its account (code 20003); `attune doctor` says which."
        assert web.get("/readyz").json["notices"] == [refuses, waits]
