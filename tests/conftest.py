"""What all tests share: a database of either store, an installation on it, and Alex, Sam and Charlie."""

import gc
import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4
from weakref import WeakSet

import hypothesis
import pytest
from sqlalchemy import Connection, Engine, Pool, event

from service import migrate
from service.db import Database
from service.sealing import Sealer, new_key
from service.settings import PREFIX, Settings
from tests import postgres, remembered
from tests.world import World

hypothesis.settings.register_profile(  # A busy machine is no fault.
    "attune", deadline=None, max_examples=50, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("attune")

STORES = ("sqlite", "postgresql")
KEY = os.environ.setdefault("TEST_KEY", new_key())
"""The same in all processes of a test run: what one of them has sealed, the others are given too."""
SERVER = pytest.StashKey[Path]()
"""The folder of the one PostgreSQL that all processes of a test run share."""


SYNCED: WeakSet[Pool] = WeakSet()
"""The pools whose connections to SQLite are left as the service makes them."""
FIRST_ENGINES: dict[str, Engine] = {}
"""The first engine of each dialect and dimension of its pool, of which all later ones borrow."""


@event.listens_for(Engine, "engine_connect")
def borrow_statements(connection: Connection) -> None:
    """Let all databases of a process share what was compiled for the first: each test opens a new one.

    To compile the statements anew took a sixth of the time of the tests on databases.
    """
    engine = connection.engine
    first = FIRST_ENGINES.setdefault(engine.dialect.name, engine)
    if first is not engine:
        engine._compiled_cache = first._compiled_cache
        engine.dialect = connection.dialect = first.dialect


@event.listens_for(Engine, "engine_connect")
def leave_it_to_the_machine(connection: Connection) -> None:
    """Let SQLite not wait for the disk: a killed process loses nothing by it, and no test cuts the power."""
    pooled = connection.connection
    is_left = connection.dialect.name != "sqlite" or connection.engine.pool in SYNCED
    if not (is_left or pooled.info.get("unsynced")):
        pooled.info["unsynced"] = True
        pooled.cursor().execute("PRAGMA synchronous = OFF")


class Worker(Protocol):
    """One of pytest-xdist's processes, as the one that leads them sees it; the package has no types."""

    config: pytest.Config
    workerinput: dict[str, object]


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(50_000, 20, 20)  # Most of what it looks at lives on: looking less often saves a tenth.
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        del os.environ[name]  # The settings of whoever runs the tests are not those of the tests.
    # To compile all tests anew takes each process of a run ten seconds; those that it starts compile Attune.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.addaudithook(stay_on_this_machine)
    shared: str | None = getattr(config, "workerinput", {}).get("server")
    config.stash[SERVER] = Path(shared or f"{tempfile.gettempdir()}/attune-postgres-{uuid4().hex[:12]}")
    remembered.FOLDERS[:] = [_lives_of(config)]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Worker) -> None:
    node.workerinput["server"] = str(node.config.stash[SERVER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgres.stop(config.stash[SERVER])
        shutil.rmtree(_lives_of(config), ignore_errors=True)


def _lives_of(config: pytest.Config) -> Path:
    server = config.stash[SERVER]
    return server.with_name(f"{server.name}-lives")


def stay_on_this_machine(happening: str, details: tuple[object, ...]) -> None:
    """Refuse, as an audit hook, what would reach beyond this machine's loopback."""
    if happening in ("socket.connect", "socket.sendto"):
        host = details[1][0] if isinstance(details[1], tuple) else None
    elif happening in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = details[0]
    else:
        return
    if host is not None and not is_here(host.decode() if isinstance(host, bytes) else str(host)):
        raise RuntimeError("A test may not reach beyond this machine.")


def is_here(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        # smtplib looks up the name of its own machine.
        return host in ("", "localhost", socket.gethostname())
    return address.is_loopback or address.is_unspecified


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> str:
    """The URL of a PostgreSQL server, for psycopg; the test is skipped where there is none."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given is None and postgres.folder_of_binaries() is None:
        pytest.skip("No PostgreSQL: set TEST_DATABASE_URL or install Debian's postgresql.")
    return given or postgres.start(request.config.stash[SERVER])


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that each test copies."""
    path = tmp_path_factory.mktemp("template") / "attune.db"
    database = Database(f"sqlite:///{path}")
    migrate.upgrade(database, Sealer(KEY))
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """The name of a migrated, empty PostgreSQL database that each test copies."""
    name = f"template_{uuid4().hex[:12]}"
    with postgres.database(postgres_url, name) as url:
        database = Database(url)
        migrate.upgrade(database, Sealer(KEY))
        database.close()
        yield name


@pytest.fixture(scope="session")
def pristine(postgres_url: str, postgres_template: str) -> object:
    """What a copy of the template looks like while nobody has changed its tables."""
    found = postgres.wipe(postgres.named(postgres_url, postgres_template))
    assert found is not None
    return found


@pytest.fixture(scope="session")
def spare_names(postgres_url: str) -> Iterator[list[str]]:
    """Copies that other tests have left as good as new: to wipe one is cheaper than to make one."""
    names: list[str] = []
    yield names
    for name in names:
        postgres.drop(postgres_url, name)


@pytest.fixture(params=STORES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database, once on each store."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path / "attune.db"
        path.write_bytes(template.read_bytes())
        yield f"sqlite:///{path}"
        return
    server: str = request.getfixturevalue("postgres_url")
    source: str = request.getfixturevalue("postgres_template")
    spare: list[str] = request.getfixturevalue("spare_names")
    pristine: object = request.getfixturevalue("pristine")
    name = spare.pop() if spare else postgres.create(server, f"test_{uuid4().hex[:12]}", source)
    url = postgres.named(server, name)
    yield url
    if postgres.wiped(url) == pristine:
        spare.append(name)
    else:
        postgres.drop(server, name)


@pytest.fixture(params=STORES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables, once on each store."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: str = request.getfixturevalue("postgres_url")
    with postgres.database(server, f"empty_{uuid4().hex[:12]}") as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(home=tmp_path, database_url=database_url, key=KEY, notifiers={"phone": {}})


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """An installation on an empty database, at 09:00 UTC on Monday 2 March 2026."""
    made = World.open(settings, datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    database = made.site.db
    yield made
    postgres.wipe_by(database)
    database.close()
    made.site.db.close()


@pytest.fixture
def two_worlds(settings: Settings, world: World) -> Iterator[tuple[World, World]]:
    """The same installation twice, as two processes open it: only the database is between them."""
    other = World.open(settings, world.at)
    yield world, other
    other.site.db.close()
