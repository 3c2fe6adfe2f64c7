"""docs/cli.md and docs/settings.md are written from the code, and up to date."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import BaseModel

from notifiers import registry
from service.settings import PREFIX, Settings
from tests.cli.test_help import ALL
from tests.docs.pages import ROOT

SETTINGS = (ROOT / "docs" / "settings.md").read_text("utf-8")
COMMANDS = (ROOT / "docs" / "cli.md").read_text("utf-8")


def generate(script: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, script, *arguments],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def generate_here(script: Path, *arguments: str, columns: str = "80") -> Result:
    """The same inside this process."""
    main = runpy.run_path(str(script))["main"]
    return CliRunner().invoke(main, arguments, env={"COLUMNS": columns})


def test_the_pages_are_up_to_date() -> None:
    checked = generate(ROOT / "docs" / "generate.py", "--check")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_stale_page_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    script = tmp_path / "generate.py"
    shutil.copy(ROOT / "docs" / "generate.py", script)
    assert generate_here(script, columns="40").exit_code == 0
    assert (tmp_path / "cli.md").read_text("utf-8") == COMMANDS
    assert (tmp_path / "settings.md").read_text("utf-8") == SETTINGS
    (tmp_path / "settings.md").write_text(f"{SETTINGS} ", "utf-8")
    stale = generate_here(script, "--check")
    assert (stale.exit_code, stale.stderr) == (1, "docs/settings.md is stale: run `make docs`.\n")
    assert (tmp_path / "settings.md").read_text("utf-8") == f"{SETTINGS} "


@pytest.mark.parametrize("path", [path for path in ALL if path], ids=" ".join)
def test_every_command_has_a_section(path: tuple[str, ...]) -> None:
    assert f"# attune {' '.join(path)}\n" in COMMANDS


def row(model: type[BaseModel], name: str, prefix: str) -> str:
    """Return the row of a setting as it has to begin."""
    field = model.model_fields[name]
    assert field.description, name
    begins = f"| `{name}` | `{prefix}{name.upper()}` |"
    (found,) = (line for line in SETTINGS.splitlines() if line.startswith(begins))
    assert found.endswith(f"| {field.description} |")
    return found


def test_every_setting_has_a_row() -> None:
    for name in Settings.model_fields:
        row(Settings, name, PREFIX)
    assert "| `30` | 1 to 300 |" in row(Settings, "busy_seconds", PREFIX)
    assert "| `health` | `health`, `progress` |" in row(Settings, "operator_sees", PREFIX)


def test_every_setting_of_our_channels_has_a_row_and_secrets_are_marked() -> None:
    secrets = set()
    for name in registry.BUILT_IN:
        assert f"\n## [notifiers.{name}]\n" in SETTINGS
        model = registry.load(name).Settings
        for field in model.model_fields:
            told = row(model, field, f"{PREFIX}NOTIFIERS__{name.upper()}__")
            assert ("**needed**" in told) == model.model_fields[field].is_required()
            if "**secret**" in told:
                secrets.add(f"{name}.{field}")
    assert secrets == {"smtp.password", "smtp.imap_password", "twilio.auth_token", "twilio.api_secret"}
