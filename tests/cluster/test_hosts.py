"""The short form of `python -m tests.cluster`: three workers, two web servers, kills, a line that is cut."""

import json
import subprocess
import sys

import pytest

from tests import postgres
from tests.docs.pages import ROOT

pytestmark = pytest.mark.process
NUDGES = 80
COURSE = ("--nudges", str(NUDGES), "--cut-seconds", "2", "--hasty", "--json")


def test_nothing_is_lost_or_sent_twice_among_hosts() -> None:
    if postgres.folder_of_binaries() is None:
        pytest.skip("No PostgreSQL of its own for this test: install Debian's postgresql.")
    # A process of its own: it goes into a private network, and the tests may not leave this machine.
    done = subprocess.run(
        [sys.executable, "-m", "tests.cluster", *COURSE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    found = json.loads(done.stdout or "{}")
    assert found, done.stderr
    assert (found["doubles"], found["lost"], found["mixed_up"], found["texts_doubled"]) == (0, 0, 0, 0), found
    assert found["planned"] == found["arrived"] + found["unknown_left"]
    assert found["planned"] == NUDGES + found["texts_written"]
    assert found["texts_understood"] == found["texts_written"] > 0
    assert found["unknown_left"] == found["unknown_shown"]
    done_to = [one["what"] for one in found["happenings"]]
    assert done_to == [
        "one killed",
        "two cut off",
        "one started",
        "three killed",
        "three started",
        "two back",
    ]
    # Whoever was told to end did, and nobody had ended before.
    assert (found["exit_codes"], found["daemons_ended_alone"]) == ([0] * 5, 0)
