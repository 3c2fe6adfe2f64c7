"""What more than one test of deploy/ starts from."""

from pathlib import Path

import pytest

from tests.deploy.installation import KEY, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "home", tmp_path / "copies")
    (made.home / "secrets").mkdir(parents=True)
    (made.home / "secrets" / "attune_key").write_text(KEY)
    made.copies.mkdir()
    return made
