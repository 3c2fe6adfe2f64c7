"""What keeps a process from starting is said in one sentence, before anything is written."""

import signal
import socket
from pathlib import Path

import pytest
from sqlalchemy import text

from service.sealing import new_key
from tests.acceptance.process import Installation

pytestmark = pytest.mark.process


@pytest.fixture
def ready(installation: Installation) -> Installation:
    """An installation with a channel that prints."""
    installation.environment["ATTUNE_NOTIFIERS__CONSOLE"] = "{}"
    return installation


def files(home: Path) -> list[tuple[str, bytes]]:
    return sorted((path.name, path.read_bytes()) for path in home.rglob("*") if path.is_file())


def test_a_port_in_use(ready: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ready.environment["ATTUNE_PORT"] = port
        taken = f"Port {port} on 127.0.0.1 cannot be used"
        assert ready.refused("up").startswith(taken)
        assert ready.refused("demo", "--port", port).startswith(taken)


def test_an_address_that_is_not_ours(ready: Installation) -> None:
    ready.environment["ATTUNE_HOST"] = "192.0.2.1"
    assert ready.refused("run", "web").startswith("This machine has no address 192.0.2.1; set ATTUNE_HOST")


def test_a_wrong_or_missing_key(ready: Installation) -> None:
    key = ready.home / "secrets" / "attune_key"
    key.write_text(new_key())
    before = files(ready.home)
    assert ready.refused("up").startswith("The key of this installation is not the one")
    key.unlink()
    assert ready.refused_here("run", "web").startswith("There is no key in ")
    assert files(ready.home) == [file for file in before if file[0] != "attune_key"]


def test_a_newer_schema(ready: Installation) -> None:
    with ready.rows() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = files(ready.home)
    assert ready.refused_here("up").startswith("The database is from a newer Attune than this one")
    assert files(ready.home) == before


def test_no_tables(ready: Installation) -> None:
    (ready.home / "attune.db").unlink()
    assert ready.refused_here("up").startswith("The database has no tables of Attune's yet")
    assert not (ready.home / "attune.db").exists()


def test_an_idle_process_ends_at_once(ready: Installation) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with ready.running("up") as up:
            up.stop(number)
            up.assert_silent_about("secret")
