"""Handing messages to Twilio, over real sockets."""

import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NameResolutionError

from notifiers import twilio_errors
from notifiers.base import Kind, Message, SendError
from notifiers.twilio import Twilio
from tests.notifiers.conftest import (
    LONG,
    NUMBER,
    TOKEN,
    WORDS,
    sms,
    twilio_channel,
    with_patience_for,
)
from tests.servers import Script, SmtpServer, TwilioServer


def failure(channel: Twilio, message: Message | None = None) -> SendError:
    with pytest.raises(SendError) as caught:
        channel.send(message or sms())
    return caught.value


def test_what_twilio_is_given(server: TwilioServer, channel: Twilio) -> None:
    status_url = "https://nudge.example.org/hooks/twilio/status?attempt=a-1"
    message = Message("a-1", NUMBER, WORDS, valid_for=timedelta(hours=2), status_url=status_url)
    accepted = channel.send(message)
    (record,) = server.messages
    assert accepted.provider_id == record.sid
    assert accepted.segments == 1
    assert (record.to, record.from_, record.body) == (NUMBER, server.number, WORDS)
    assert (record.status_callback, record.validity_period) == (status_url, 7200)
    assert record.messaging_service_sid is None


@pytest.mark.parametrize(
    ("valid_for", "seconds"),
    [
        (None, None),
        (timedelta(0), 1),
        (timedelta(seconds=-5), 1),
        (timedelta(seconds=90.9), 90),
        (timedelta(hours=10), 36_000),
        (timedelta(days=2), 36_000),
    ],
)
def test_validity_stays_in_twilios_range(
    server: TwilioServer, channel: Twilio, valid_for: timedelta | None, seconds: int | None
) -> None:
    channel.send(Message("a-1", NUMBER, WORDS, valid_for=valid_for))
    assert server.messages[0].validity_period == seconds


def test_base_url_may_end_in_a_slash(server: TwilioServer) -> None:
    twilio_channel(server, base_url=f"{server.url}/").send(sms())
    assert len(server.messages) == 1


def test_words_arrive_unchanged(server: TwilioServer, channel: Twilio) -> None:
    text = "Grüße & küsse +1 = 100 % 😜\nzweite Zeile\n"
    channel.send(sms(text))
    assert server.messages[0].body == text


def test_messaging_service(server: TwilioServer) -> None:
    service = f"MG{'a' * 32}"
    accepted = twilio_channel(server, sender=service).send(sms())
    assert accepted.segments is None
    assert (server.messages[0].messaging_service_sid, server.messages[0].from_) == (service, "")


def test_api_key_sends_and_the_token_checks(server: TwilioServer) -> None:
    key = f"SK{'b' * 32}"
    channel = twilio_channel(server, api_key=key, api_secret="k3y-secret")
    assert failure(channel).kind is Kind.SENDER
    server.logins[key] = "k3y-secret"
    channel.send(sms())
    assert channel.check() == "Twilio knows the account."
    server.logins[server.account_sid] = "another token"
    channel.send(sms())
    with pytest.raises(SendError) as caught:
        channel.check()
    assert caught.value.kind is Kind.SENDER


def test_whatsapp_goes_from_its_own_sender(server: TwilioServer) -> None:
    server.whatsapp_number = "+12025550109"
    for given in ("+12025550109", " whatsapp:+12025550109 "):
        channel = twilio_channel(server, sender=f"MG{'a' * 32}", whatsapp_sender=given)
        assert channel.address_kinds == {"sms", "whatsapp"}
        channel.send(Message("a-1", NUMBER, WORDS, address_kind="whatsapp"))
        record = server.messages[-1]
        assert (record.to, record.from_) == (f"whatsapp:{NUMBER}", "whatsapp:+12025550109")
        assert record.messaging_service_sid is None
    channel.send(sms())
    assert (server.messages[-1].to, server.messages[-1].from_) == (NUMBER, "")
    found = channel.find(sms(), datetime.now(UTC), frozenset())
    assert found is not None
    assert found.provider_id == server.messages[-1].sid


def test_without_a_whatsapp_sender_nothing_goes_by_whatsapp(server: TwilioServer, channel: Twilio) -> None:
    assert channel.address_kinds == {"sms"}
    assert failure(channel, Message("a-1", NUMBER, WORDS, address_kind="whatsapp")).kind is Kind.SENDER
    assert server.calls == 0
    other = twilio_channel(server, whatsapp_sender="+12025550177")
    error = failure(other, Message("a-1", NUMBER, WORDS, address_kind="whatsapp"))
    assert (error.kind, error.code) == (Kind.SENDER, "63007")


@pytest.mark.parametrize("name", ["TWILIO_REGION", "TWILIO_EDGE"])
def test_region_of_the_environment_changes_nothing(
    server: TwilioServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "ie1")
    twilio_channel(server).send(sms())
    assert len(server.messages) == 1


WHATSAPP = [
    *[(code, Kind.CONTACT) for code in (63003, 63024, 63033)],
    *[(code, Kind.SENDER) for code in (63001, 63002, 63007, 63020)],
    (63018, Kind.RETRY),
    *[(code, Kind.CONTENT) for code in (63005, 63012, 63013, 63015, 63016, 63032, 63049)],
]
OTHERS = [
    *[(code, Kind.CONTACT) for code in (21265, 21604)],
    *[(code, Kind.SENDER) for code in (20005, 21212, 21603, 21609, 21659, 21660, 21661, 21701, 21703)],
]
CODES = [
    *OTHERS,
    *WHATSAPP,
    *[(code, Kind.CONTACT) for code in (21211, 21610, 21614, 21635, 30005, 30006)],
    *[(code, Kind.SENDER) for code in (20003, 21408, 21606, 21608, 30002, 30032, 30034)],
    *[(code, Kind.RETRY) for code in (20429, 21611, 30001)],
    *[(code, Kind.CONTENT) for code in (30003, 30004, 30007, 30008, 30036, 30410, 14107, 21617, 99999)],
]


def test_every_code_that_is_known_is_tried() -> None:
    assert {str(code) for code, _ in CODES} >= twilio_errors.KINDS.keys()


@pytest.mark.parametrize(("code", "kind"), CODES)
def test_each_code_is_of_its_kind(
    server: TwilioServer,
    channel: Twilio,
    code: int,
    kind: Kind,
    assert_private: Callable[[BaseException], None],
) -> None:
    server.script(Script(status=400, code=code))
    error = failure(channel)
    assert (error.kind, error.code) == (kind, str(code))
    assert error.opted_out is (code == 21610)
    assert str(code) in error.reason
    assert_private(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, Kind.SENDER),
        (400, Kind.CONTENT),
        (401, Kind.SENDER),
        (403, Kind.SENDER),
        (404, Kind.SENDER),
        (408, Kind.UNKNOWN),
        (429, Kind.RETRY),
        (500, Kind.UNKNOWN),
        (502, Kind.UNKNOWN),
        (503, Kind.UNKNOWN),
    ],
)
def test_each_status_without_a_code_is_of_its_kind(
    server: TwilioServer, channel: Twilio, status: int, kind: Kind
) -> None:
    for body in ["<h1>Trouble</h1>", "[]", '{"code": "21211"}', '{"code": true}', None]:
        server.script(Script(status=status, body=body))
        error = failure(channel)
        assert (error.kind, error.code) == (kind, f"HTTP {status}")


def test_server_error_stays_unknown_whatever_its_code(server: TwilioServer, channel: Twilio) -> None:
    server.script(Script(status=500, code=21211))
    assert failure(channel).kind is Kind.UNKNOWN


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        (" 7 ", 7, 7),
        ("0", 0, 0),
        ("99999999999999", 86_400, 86_400),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2215 07:28:00 GMT", 86_400, 86_400),
    ],
)
def test_retry_after(server: TwilioServer, channel: Twilio, header: str, least: int, most: int) -> None:
    server.script(Script(status=429, code=20429, retry_after=header))
    after = failure(channel).after
    assert after is not None
    assert timedelta(seconds=least) <= after <= timedelta(seconds=most)


@pytest.mark.parametrize("header", [None, "", "soon", "-3", "1.5", "Wed, 21 Oct 2015 07:28:00", "²"])
def test_retry_after_that_makes_no_sense(server: TwilioServer, channel: Twilio, header: str | None) -> None:
    server.script(Script(status=429, code=20429, retry_after=header))
    error = failure(channel)
    assert (error.kind, error.after) == (Kind.RETRY, None)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        "<html>",
        '{"sid": null}',
        '{"sid": 5}',
        '{"sid": "SM1"}',
        '{"sid": {"a": 1}, "date_sent": 5}',
        f'{{"sid": "AC{"0" * 32}"}}',
        '{"sid": "SM',
        "\udcff",
    ],
)
def test_junk_after_success_is_unknown(server: TwilioServer, channel: Twilio, body: str) -> None:
    server.script(Script(status=201, body=body.encode(errors="replace").decode()))
    error = failure(channel)
    assert error.kind is Kind.UNKNOWN
    assert "made no sense" in error.reason
    assert server.creates[NUMBER, WORDS] == 1


def test_segments_that_make_no_sense_do_no_harm(server: TwilioServer, channel: Twilio) -> None:
    server.script(Script(body=f'{{"sid": "SM{"0" * 32}", "num_segments": "many"}}'))
    assert channel.send(sms()).segments is None


@pytest.mark.parametrize(
    ("script", "stored"),
    [
        (Script(drop="before"), 0),
        (Script(drop="before", to=NUMBER), 0),
        (Script(drop="after"), 1),
        (Script(drop="inside"), 1),
        (Script(drop="inside", wait_seconds=LONG), 1),
        (Script(wait_seconds=LONG), 1),
        (Script(wait_seconds=LONG, stored=False), 0),
        (Script(status=500, stored=True), 1),
    ],
    ids=[
        "dropped unread",
        "dropped unstored",
        "dropped stored",
        "dropped half",
        "slow half",
        "slow",
        "slow unstored",
        "500 stored",
    ],
)
def test_broken_off_is_unknown_tried_once_and_settled_by_asking(
    server: TwilioServer,
    channel: Twilio,
    script: Script,
    stored: int,
    assert_private: Callable[[BaseException], None],
) -> None:
    since_at = datetime.now(UTC)
    server.script(script)
    error = failure(with_patience_for(script, server))
    assert error.kind is Kind.UNKNOWN
    assert_private(error)
    assert server.calls == 1
    assert server.creates[NUMBER, WORDS] == stored
    found = channel.find(sms(), since_at, frozenset())
    assert (found.provider_id if found else None) == (server.messages[0].sid if stored else None)


def test_refused_connection_is_tried_again(assert_private: Callable[[BaseException], None]) -> None:
    with TwilioServer(auth_token=TOKEN) as server:
        channel = twilio_channel(server)
    error = failure(channel)
    assert error.kind is Kind.RETRY
    assert_private(error)


def test_connection_that_hangs_is_tried_again(server: TwilioServer) -> None:
    # Nobody accepts here, and the queue for one is full: the next handshake is never answered.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for caller in waiting:
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
        channel = twilio_channel(server, base_url=f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.3)
        assert failure(channel).kind is Kind.RETRY
        for caller in waiting:
            caller.close()


def test_certificate_that_is_not_trusted_is_tried_again(server: TwilioServer) -> None:
    with SmtpServer("tls") as stranger:
        channel = twilio_channel(server, base_url=f"https://127.0.0.1:{stranger.port}")
        assert failure(channel).kind is Kind.RETRY


def test_name_that_does_not_resolve_is_tried_again() -> None:
    # As requests wraps it; to ask a real resolver would leave this machine.
    cause = NameResolutionError("api.example.org", HTTPConnection("api.example.org"), socket.gaierror(-2))
    pool = HTTPConnectionPool("api.example.org")
    error = requests.ConnectionError(MaxRetryError(pool, "/", cause))
    assert twilio_errors.lost(error).kind is Kind.RETRY


def test_line_that_closes_between_messages_is_opened_again(server: TwilioServer, channel: Twilio) -> None:
    channel.send(sms())
    server.script(Script(drop="after"))
    failure(channel)
    channel.send(sms())
    assert server.connections == 2


def test_one_pool_for_all_threads(server: TwilioServer, channel: Twilio) -> None:
    # The answers wait, so that all threads are in the middle of a call at once; the second burst finds the
    # connections of the first.
    server.script(Script(wait_seconds=0.05, times=64))
    with ThreadPoolExecutor(16) as pool:
        sent = [
            accepted
            for _burst in range(2)
            for accepted in pool.map(lambda i: channel.send(sms(f"{WORDS} {i}")), range(32))
        ]
    assert len({accepted.provider_id for accepted in sent}) == 64
    assert server.connections <= 16


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "twilio.http_client")
    return caplog


def test_no_log_holds_anything_private(
    server: TwilioServer, channel: Twilio, logged: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("test").debug("Logging works.")
    channel.send(sms())
    channel.find(sms(), datetime.now(UTC), frozenset())
    server.script(Script(status=400, code=21211), Script(drop="after"))
    failure(channel)
    failure(channel)
    shown = logged.text
    assert "Logging works." in shown
    assert [word for word in (NUMBER, NUMBER[1:], WORDS, TOKEN, "love") if word in shown] == []
