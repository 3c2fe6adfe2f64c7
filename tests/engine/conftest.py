"""What the tests of the engines share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import logs


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """All that has been logged."""
    with logs.kept_in(tmp_path / "log"):
        yield (tmp_path / "log").read_text
