"""The systemd unit: understood by systemd, tight by its own measure, and not too tight to live in."""

import ctypes.util
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.deploy.sandbox import values
from tests.deploy.sandbox_probe import NEEDED, REFUSED, works
from tests.deploy.tools import DEPLOY, ROOT, tool

UNIT = DEPLOY / "attune.service"

EXPOSURE = 11
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


def sandboxed(*command: str) -> list[str]:
    """Return the command that runs another one under the unit's system call rules; skip where it cannot."""
    tool("systemd-analyze", "the Debian package systemd")
    if ctypes.util.find_library("seccomp") is None:
        pytest.skip("There is no libseccomp here; install the Debian package libseccomp2.")
    return [sys.executable, "-m", "tests.deploy.sandbox", str(UNIT), *command]


def test_its_system_call_rules_allow_what_is_needed_and_no_more() -> None:
    assert all(works(action) for action in REFUSED.values())  # Here and now; so the refusal is the unit's.
    probe = sandboxed(sys.executable, "-m", "tests.deploy.sandbox_probe")
    done = subprocess.run(probe, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == dict.fromkeys(NEEDED, True) | dict.fromkeys(REFUSED, False)


@pytest.mark.process
def test_attune_itself_lives_under_its_system_call_rules(tmp_path: Path) -> None:
    environment = os.environ | {"ATTUNE_HOME": str(tmp_path), "ATTUNE_PORT": "0"}
    attune = tool("attune", "this project")
    init = sandboxed(attune, "init")
    made = subprocess.run(init, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    with (tmp_path / "attune.toml").open("a") as toml:
        toml.write("[notifiers.console]\n")
    up = subprocess.Popen(
        sandboxed(attune, "up"), cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE
    )
    with up:
        try:
            assert up.stdout
            address = re.search(r"http://\S+", up.stdout.readline())
            assert address
            assert httpx.get(f"{address[0]}/readyz").json()["status"] == "ready"
            up.terminate()
            # Both are a clean end to systemd.
            assert up.wait(30) in (0, -signal.SIGTERM)
        finally:
            up.kill()
