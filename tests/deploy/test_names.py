"""Every setting that a file of deploy/ or its guide names is one of Attune's."""

import re
from pathlib import Path

import pytest

from service.configuring import refuse_unknown
from tests.deploy.tools import DEPLOY, ROOT

FILES = [*sorted(file for file in DEPLOY.iterdir() if file.is_file()), ROOT / "docs" / "deploy.md"]


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_every_setting_is_ours(file: Path) -> None:
    text = file.read_text()
    names = re.findall(r"\bATTUNE_[A-Z_]+\b", text)
    files = re.findall(r"secrets/(attune_[a-z_]+)", text)
    refuse_unknown(dict.fromkeys([*names, *files], ""))


def test_something_is_looked_at() -> None:
    assert {"compose.yaml", "attune.service", "deploy.md"} <= {file.name for file in FILES}
