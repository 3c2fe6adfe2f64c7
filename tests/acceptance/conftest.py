"""What the tests of whole processes start from."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests import postgres
from tests.acceptance.process import Installation
from tests.conftest import STORES

PUBLIC = "https://nudge.example.org"


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """A folder that is to become an installation on SQLite; its zones are the tests' own."""
    environment = {"ATTUNE_PUBLIC_URL": PUBLIC, "PYTHONTZPATH": str(tmp_path / "zones")}
    return Installation(tmp_path / "home", environment)


@pytest.fixture(params=STORES)
def on_each_store(request: pytest.FixtureRequest, installation: Installation) -> Iterator[Installation]:
    """The same, once on each store."""
    if request.param == "sqlite":
        yield installation
        return
    server: str = request.getfixturevalue("postgres_url")
    with postgres.database(server, f"up_{uuid4().hex[:12]}") as url:
        installation.environment["ATTUNE_DATABASE_URL"] = url
        yield installation
