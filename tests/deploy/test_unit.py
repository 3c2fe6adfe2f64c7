"""The systemd unit: understood by systemd, tight by its own measure, and not too tight to live in."""

import ctypes.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.sandbox import values
from tests.deploy.sandbox_probe import NEEDED, REFUSED, works
from tests.deploy.tools import DEPLOY, ROOT, tool

UNIT = DEPLOY / "attune.service"

EXPOSURE = 12
"""Tenths, 0 (nothing) to 100; what is left is mostly the network, without which no nudge goes out."""


def systemd_analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [tool("systemd-analyze", "the Debian package systemd"), "--no-pager", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return a copy that starts a program which exists here: `verify` looks for it."""
    program = tmp_path / "attune"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / "attune.service"
    copy.write_text(UNIT.read_text().replace("/opt/attune/.venv/bin/attune", str(program)))
    return copy


def test_systemd_understands_every_line(unit: Path) -> None:
    done = systemd_analyze("verify", "--man=no", unit)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_misspelt_line_would_be_noticed(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("ProtectHome=", "ProtectHme="))
    assert "ProtectHme" in systemd_analyze("verify", "--man=no", unit).stderr


def test_little_is_exposed(unit: Path) -> None:
    done = systemd_analyze("security", "--offline=true", f"--threshold={EXPOSURE}", unit)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("User", "attune"),
        ("UMask", "0077"),
        ("StateDirectory", "attune"),
        ("ReadOnlyPaths", "-%S/attune/secrets"),
        ("Environment", "ATTUNE_HOME=%S/attune"),
        ("ExecStart", "/opt/attune/.venv/bin/attune up"),
        ("Restart", "on-failure"),
        ("KillSignal", "SIGTERM"),
        ("LimitCORE", "0"),
    ],
)
def test_what_the_measure_does_not_count(name: str, value: str) -> None:
    assert values(UNIT.read_text(), name) == [value]


def test_attune_can_live_under_its_system_call_rules() -> None:
    tool("systemd-analyze", "the Debian package systemd")
    if ctypes.util.find_library("seccomp") is None:
        pytest.skip("There is no libseccomp here; install the Debian package libseccomp2.")
    assert all(works(action) for action in REFUSED.values())  # Here and now; so the refusal is the unit's.
    command = [sys.executable, "-m", "tests.deploy.sandbox", str(UNIT)]
    probe = [*command, sys.executable, "-m", "tests.deploy.sandbox_probe"]
    done = subprocess.run(probe, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == dict.fromkeys(NEEDED, True) | dict.fromkeys(REFUSED, False)
