"""The Caddyfile, tried with a real Caddy on loopback: what it lets through, keeps out and keeps silent."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from threading import Thread

import pytest

from tests.deploy.tools import DEPLOY, tool

CADDYFILE = DEPLOY / "Caddyfile"
DEBIAN = "the Debian package caddy"

OPEN = [
    "/hooks/twilio/sms",
    "/hooks/twilio/status?attempt=1&b=2&b=&c=%2B%20x",
    "/r/a-token",
    "/u/a%2Fb?once=1",
    "/static/style.css",
    "/healthz",
]
CLOSED = [
    "/",
    "/phone",
    "/PHONE",
    "/metrics",
    "/readyz",
    "/docs",
    "/openapi.json",
    "/hooks",
    "/healthz/more",
    "/hooksandmore",
    "//phone",
    "/hooks/../phone",
    "/hooks/%2e%2e/metrics",
    "/static/..%2fphone",
    "/r/./../readyz",
]


@dataclass
class Behind:
    """The stand-in for Attune: remembers what reached it."""

    port: int
    targets: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@contextmanager
def attune() -> Iterator[Behind]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.targets.append(self.path)
            seen.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            if self.path.startswith("/r/"):
                self.send_header("Referrer-Policy", "strict-origin")
            self.end_headers()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    seen = Behind(server.server_port)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Door:
    """A running Caddy."""

    port: int
    process: subprocess.Popen[str]

    def ask(self, target: str, method: str = "GET", **headers: str) -> HTTPConnection:
        """Send a request without its body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, target)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        return connection

    def status(self, target: str, method: str = "GET", **headers: str) -> int:
        connection = self.ask(target, method, **headers)
        try:
            return connection.getresponse().status
        finally:
            connection.close()

    def stop(self) -> str:
        """End Caddy and return what it logged since it was up."""
        self.process.terminate()
        return self.process.communicate(timeout=20)[1]


@contextmanager
def caddy(home: Path, upstream: int) -> Iterator[Door]:
    command = [tool("caddy", DEBIAN), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "SITE": f"http://127.0.0.1:{port}",
        "UPSTREAM": f"127.0.0.1:{upstream}",
        "HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
    }
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        lines = iter(process.stderr.readline, "")
        ready = next((line for line in lines if "serving initial configuration" in line), None)
        try:
            assert ready, "Caddy did not start."
            yield Door(port, process)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def behind() -> Iterator[Behind]:
    with attune() as running:
        yield running


@pytest.fixture(scope="module")
def door(behind: Behind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with caddy(tmp_path_factory.mktemp("caddy"), behind.port) as running:
        yield running


def validate(home: Path, site: str) -> subprocess.CompletedProcess[str]:
    command = [tool("caddy", DEBIAN), "validate", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    environment = os.environ | {"SITE": site, "HOME": str(home)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_valid_for_a_domain_with_tls(tmp_path: Path) -> None:
    done = validate(tmp_path, site="attune.example.org")
    assert done.returncode == 0, done.stderr
    assert "automatic HTTP->HTTPS redirects" in done.stderr
    assert '"level":"warn"' not in done.stderr


def test_refuses_to_start_without_a_site(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "SITE"} | {
        "HOME": str(tmp_path)
    }
    command = [tool("caddy", DEBIAN), "validate", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("target", OPEN)
def test_open_paths_arrive_byte_for_byte(door: Door, behind: Behind, target: str) -> None:
    assert door.status(target) == 200
    assert behind.targets[-1] == target


@pytest.mark.parametrize("target", CLOSED)
def test_everything_else_is_not_found(door: Door, behind: Behind, target: str) -> None:
    seen = len(behind.targets)
    assert door.status(target) == 404
    assert len(behind.targets) == seen


def test_a_hook_arrives_with_its_body(door: Door, behind: Behind) -> None:
    connection = door.ask("/hooks/twilio/sms", "POST", Content_Length="99999")
    connection.send(b"x" * 99_999)
    assert connection.getresponse().status == 200
    connection.close()
    assert behind.bodies[-1] == b"x" * 99_999


@pytest.mark.parametrize("length", ["100000", "1000000", "0001000000"])
def test_a_large_body_is_refused_before_it_is_read(door: Door, behind: Behind, length: str) -> None:
    seen = len(behind.targets)
    assert door.status("/hooks/twilio/sms", "POST", Content_Length=length) == 413
    assert len(behind.targets) == seen


def test_a_body_of_unknown_length_is_refused(door: Door, behind: Behind) -> None:
    seen = len(behind.targets)
    assert door.status("/hooks/twilio/sms", "POST", Transfer_Encoding="chunked") == 411
    assert len(behind.targets) == seen


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(door: Door, method: str) -> None:
    assert door.status("/hooks/twilio/sms", method) == 405


@pytest.mark.parametrize(("target", "policy"), [("/r/a-token", "strict-origin"), ("/healthz", "same-origin")])
def test_headers_protect_and_leave_attunes_own_alone(door: Door, target: str, policy: str) -> None:
    connection = door.ask(target)
    headers = connection.getresponse().headers
    connection.close()
    assert headers.get_all("Referrer-Policy") == [policy]
    assert headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]
    assert headers.get_all("X-Robots-Tag") == ["noindex, nofollow"]
    assert "Server" not in headers


def test_no_log_names_a_page_or_a_visitor(tmp_path: Path) -> None:
    with create_server(("127.0.0.1", 0)) as nobody, caddy(tmp_path, nobody.getsockname()[1]) as door:
        nobody.close()
        target = "/r/secret-token?secret=query"
        assert door.status(target, Referer="https://example.org/secret-page", User_Agent="secret") == 502
        assert door.status("/secret-page", User_Agent="secret") == 404
        logged = door.stop()
    errors = [json.loads(line) for line in logged.splitlines() if '"level":"error"' in line]
    assert [line["status"] for line in errors] == [502]
    assert "secret" not in logged
    assert "remote" not in logged
