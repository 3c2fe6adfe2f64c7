"""The requests that the stand-in for Twilio answers: API 2010-04-01, a messaging service's numbers, and a few
of our own under /control.
"""

import base64
import contextlib
import hmac
import json
import re
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from notifiers.standin.state import API, Record, Script, error_json

if TYPE_CHECKING:
    from notifiers.standin.server import TwilioServer

_E164 = re.compile(r"(whatsapp:)?\+[1-9][0-9]{6,14}")


class LineCutError(Exception):
    """The line is to be cut without an answer."""


class Api(ThreadingHTTPServer):
    """Listens from the moment it is made."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, twilio: "TwilioServer", port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.twilio = twilio
        self.accepted = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count the connection and remember it, to close it at the end."""
        with self._lock:
            self.accepted += 1
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that has ended."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a client that went away; show any other trouble."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Close the door and every connection that is still open, and wait for their threads."""
        self.shutdown()
        with self._lock:
            for connection in self._open:
                _hang_up(connection)
        self.server_close()


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    """One connection; requests on it come one after the other."""

    protocol_version = "HTTP/1.1"
    # Header and body go out as one packet: otherwise each answer waits 40 ms for an acknowledgement.
    wbufsize = -1
    server: Api

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Answer a list, a message, the account, or what tests ask for."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """Create a message, or do what tests ask for."""
        self._answer(self._post)

    def _answer(self, route: Callable[[str], None]) -> None:
        self.server.twilio.calls += 1
        self._breaks_off: Script | None = None
        try:
            route(urlsplit(self.path).path)
        except LineCutError:
            self._cut()

    def _cut(self) -> None:
        self.close_connection = True
        _hang_up(self.connection)

    def _get(self, path: str) -> None:
        if path == "/control/messages":
            return self._reply(200, [record.as_json() for record in self.server.twilio.records])
        if not self._logged_in(path):
            return self._refuse(401, 20003)
        account = f"{API}/{self.server.twilio.account_sid}"
        query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if path == f"{account}.json":
            return self._scripted("account", None, self._account)
        if path == f"{account}/Messages.json":
            return self._scripted("list", query.get("To"), lambda: self._list(path, query))
        if path == f"/v1/Services/{self.server.twilio.messaging_service}/PhoneNumbers":
            return self._scripted("numbers", None, self._numbers)
        found = re.fullmatch(f"{account}/Messages/(.*)\\.json", path)
        if found:
            return self._scripted("fetch", None, lambda: self._message(found[1]))
        return self._refuse(404, 20404)

    def _post(self, path: str) -> None:
        if path.startswith("/control/"):
            return self._control(path, json.loads(self._body() or b"{}"))
        if self.server.twilio.scripted("create", None, unread=True):
            raise LineCutError
        form = dict(parse_qsl(self._body().decode(), keep_blank_values=True))
        if not self._logged_in(path):
            return self._refuse(401, 20003)
        if path != f"{API}/{self.server.twilio.account_sid}/Messages.json":
            return self._refuse(404, 20404)
        return self._create(form)

    def _body(self) -> bytes:
        """Return the body. Raises LineCutError if not all of the request came."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        # A line that breaks amid the headers looks to the library like their end.
        if len(body) < length or (self.command == "POST" and "Content-Length" not in self.headers):
            raise LineCutError
        return body

    def _logged_in(self, path: str) -> bool:
        scheme, _, value = (self.headers.get("Authorization") or "").partition(" ")
        if scheme.lower() != "basic":
            return False
        username, _, password = base64.b64decode(value).decode().partition(":")
        known = self.server.twilio.logins.get(username)
        # As with Twilio, a standard API key opens everything but the account itself.
        about_account = path.count("/") == 3 and username != self.server.twilio.account_sid
        return known is not None and hmac.compare_digest(known, password) and not about_account

    def _create(self, form: dict[str, str]) -> None:
        twilio, to = self.server.twilio, form.get("To", "")
        script = twilio.scripted("create", to) or Script()
        refusal = self._problem(form)
        if refusal and script == Script():
            return self._refuse(400, refusal)
        if not twilio.has_room():
            return self._refuse(429, 20429)
        record = Record.of_form(twilio.account_sid, form, twilio.now())
        twilio.linger()
        if script.stores:
            twilio.store(record)
        twilio.linger()
        return self._act(script, lambda: self._reply(201, record.as_json()))

    def _problem(self, form: dict[str, str]) -> int | None:
        to, body, sender = form.get("To", ""), form.get("Body", ""), form.get("From", "")
        by_whatsapp = sender.startswith("whatsapp:")
        checks = [
            (not to, 21604),
            (not body.strip(), 21602),
            (not (sender or form.get("MessagingServiceSid")), 21603),
            (not _E164.fullmatch(to), 21211),
            (to.startswith("whatsapp:") != by_whatsapp, 21910),
            (by_whatsapp and sender != f"whatsapp:{self.server.twilio.whatsapp_number}", 63007),
            (len(body) > 1600, 21617),
            (to in self.server.twilio.opted_out, 21610),
        ]
        return next((code for wrong, code in checks if wrong), None)

    def _scripted(self, on: str, to: str | None, usual: Callable[[], None]) -> None:
        script = self.server.twilio.scripted(on, to)
        if script is None:
            return usual()
        return self._act(script, usual)

    def _act(self, script: Script, usual: Callable[[], None]) -> None:
        if script.drop == "inside":
            self._breaks_off = script
        elif script.wait_seconds:
            self.server.twilio.closing.wait(script.wait_seconds)
        if script.drop in ("before", "after"):
            raise LineCutError
        if script.body is not None:
            return self._send(script.status, script.body.encode(), script.retry_after)
        if script.status >= 300:
            return self._refuse(script.status, script.code, script.retry_after)
        return usual()

    def _account(self) -> None:
        twilio = self.server.twilio
        body = {"sid": twilio.account_sid, "status": twilio.account_status, "type": "Full"}
        self._reply(200, body | {"friendly_name": "Stand-in", "uri": f"{API}/{twilio.account_sid}.json"})

    def _numbers(self) -> None:
        twilio = self.server.twilio
        number = {"service_sid": twilio.messaging_service, "phone_number": twilio.number}
        meta = {"key": "phone_numbers", "page": 0, "page_size": 400, "next_page_url": None}
        self._reply(200, {"phone_numbers": [number], "meta": meta})

    def _message(self, sid: str) -> None:
        try:
            self._reply(200, self.server.twilio.record(sid).as_json())
        except KeyError:
            self._refuse(404, 20404)

    def _list(self, path: str, query: dict[str, str]) -> None:
        found = [record for record in self.server.twilio.records if record.fits(query)]
        found.sort(key=lambda record: record.at, reverse=True)
        size, page = int(query.get("PageSize", 50)), int(query.get("Page", 0))
        more = len(found) > size * (page + 1)
        next_query = urlencode(query | {"Page": str(page + 1), "PageToken": "PA"})
        body = {
            "messages": [record.as_json() for record in found[size * page : size * (page + 1)]],
            "page": page,
            "page_size": size,
            "uri": self.path,
            "next_page_uri": f"{path}?{next_query}" if more else None,
        }
        self._reply(200, body)

    def _control(self, path: str, body: dict[str, Any]) -> None:
        twilio = self.server.twilio
        if path == "/control/text":
            status = twilio.text_in(body.pop("from"), body.pop("body"), **body)
            return self._reply(200, {"status": status})
        if path == "/control/deliver":
            return self._reply(200, {"statuses": twilio.deliver(body["sid"], body.get("error_code"))})
        if path == "/control/script":
            known = {field.name for field in fields(Script)}
            if not body.keys() <= known:
                return self._reply(400, {"known": sorted(known)})
            twilio.script(Script(**body))
            return self._reply(200, {})
        return self._reply(404, {})

    def _refuse(self, status: int, code: int | None, retry_after: str | None = None) -> None:
        self._send(status, json.dumps(error_json(status, code)).encode(), retry_after)

    def _reply(self, status: int, body: object) -> None:
        self._send(status, json.dumps(body).encode())

    def _send(self, status: int, body: bytes, retry_after: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        if self._breaks_off:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.server.twilio.closing.wait(self._breaks_off.wait_seconds)
            raise LineCutError
        self.wfile.write(body)
        self.wfile.flush()
