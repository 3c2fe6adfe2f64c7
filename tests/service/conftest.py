"""What more than one test of the rooms starts from."""

from collections.abc import Iterator

import pytest

from service.db import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()
