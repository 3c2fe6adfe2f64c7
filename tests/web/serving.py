"""The web application behind a real server on a loopback port, and a client that sends what it is told."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI

from service.running.listening import listen
from service.running.web import web_server

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Web:
    """A running web server."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Make one request, its path as it is given."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as line:
            line.request(method, path, body, dict(headers or {}))
            answer = line.getresponse()
            return Answer(answer.status, dict(answer.headers.items()), answer.read().decode())

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, fields: list[tuple[str, str]], **headers: str) -> Answer:
        """Post a form; `_` in the name of a header stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", path, urlencode(fields).encode(), {"Content-Type": FORM, **named})

    def post_json(self, path: str, document: object) -> Answer:
        return self.call("POST", path, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def begin(self, request: bytes) -> bytes:
        """Put bytes on the line and return the first line of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as line:
            line.sendall(request)
            with line.makefile("rb") as answer:
                return answer.readline()


@contextmanager
def serving(app: FastAPI) -> Iterator[Web]:
    """Serve inside the block; at its end all is finished, what runs after an answer too."""
    listener = listen("127.0.0.1", 0)
    port: int = listener.getsockname()[1]
    server = web_server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Web(port)
    finally:
        server.should_exit = True
        thread.join()
