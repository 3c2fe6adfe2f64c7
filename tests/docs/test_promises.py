"""Each test that docs/promises.md names exists, and each row of its tables names one."""

import ast
import re

import pytest

from tests.docs.pages import ROOT
from tests.engine.troubles import KINDS

PAGE = (ROOT / "docs" / "promises.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`(?: \[([^\]]+)\])?")
ROWS = [
    row for row in PAGE.splitlines() if row.startswith("| ") and not row.startswith(("| fault", "| promise"))
]


def named_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_every_row_names_tests_that_exist(row: str) -> None:
    named = NAMED.findall(row)
    assert len(named) == row.count("::") >= 1
    for file, test, kind in named:
        assert test in named_in(file), f"There is no {test} in {file}."
        assert kind in ("", *KINDS)


def test_the_page_names_every_fault() -> None:
    said = "\n".join(ROWS)
    for fault in ("locked", "gone", "disk full", "down for an hour", "clock", "1,000", "slow-loris"):
        assert fault in said
    for fault in ("oversized", "forged", "replayed", "certificate"):
        assert fault in said
    assert set(KINDS) == {kind for _, _, kind in NAMED.findall(said) if kind}
    assert len(PAGE.splitlines()) < 120
