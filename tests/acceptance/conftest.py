"""What the tests of whole processes start from."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests import postgres
from tests.acceptance.process import Installation
from tests.conftest import STORES

PUBLIC = "https://nudge.example.org"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `attune init` makes, for those tests that begin after it."""
    made = Installation(tmp_path_factory.mktemp("template") / "home")
    made.attune("init")
    return made.home


@pytest.fixture
def empty(tmp_path: Path) -> Installation:
    """A folder that is to become an installation; its zones are the tests' own."""
    environment = {"ATTUNE_PUBLIC_URL": PUBLIC, "PYTHONTZPATH": str(tmp_path / "zones")}
    return Installation(tmp_path / "home", environment)


@pytest.fixture
def installation(empty: Installation, template: Path) -> Installation:
    """A new installation on SQLite."""
    shutil.copytree(template, empty.home)
    return empty


@pytest.fixture(params=STORES)
def on_each_store(request: pytest.FixtureRequest, empty: Installation) -> Iterator[Installation]:
    """A new installation, once on each store."""
    if request.param == "sqlite":
        empty.attune("init")
        yield empty
        return
    server: str = request.getfixturevalue("postgres_url")
    with postgres.database(server, f"up_{uuid4().hex[:12]}") as url:
        empty.environment["ATTUNE_DATABASE_URL"] = url
        empty.attune("init")
        yield empty
