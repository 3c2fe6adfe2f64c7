"""A real HTTP server on a free loopback port that takes notifications, as the services of Apprise do."""

import json
import ssl
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.servers.certificates import self_signed


class ServiceServer:
    """Takes JSON and answers each post with `status`, or with each of `statuses` in turn.

    `cut` reads a post and breaks the line, `hang` reads it and says nothing; `tls` has a certificate that
    nobody trusts.
    """

    def __init__(self, status: int = 200, *, cut: bool = False, tls: bool = False) -> None:
        self.status = status
        self.statuses: list[int] = []
        self.cut = cut
        self.hang = False
        self.tls = tls
        self.wait: str | None = None
        """Of the header Retry-After."""
        self.closing = threading.Event()
        self.posts: list[dict[str, Any]] = []
        """What came in, in order."""

    def __enter__(self) -> Self:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        if self.tls:
            with tempfile.TemporaryDirectory() as folder:
                context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                context.load_cert_chain(*self_signed(Path(folder)))
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.005})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Listen no more; safe to repeat."""
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """The address to enrol a person with, a secret in it."""
        return f"{'jsons' if self.tls else 'json'}://127.0.0.1:{self._http.server_port}/s3cret-topic"


def _handler(server: ServiceServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.posts.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            if server.hang:
                server.closing.wait()
            if server.cut or server.hang:
                self.close_connection = True
                return
            self.send_response(server.statuses.pop(0) if server.statuses else server.status)
            self.send_header("content-length", "0")
            if server.wait:
                self.send_header("retry-after", server.wait)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
