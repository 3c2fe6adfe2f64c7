"""Services of Apprise over real HTTP: one try, whatever the address asks for, and nothing of it in a log."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from notifiers import registry
from notifiers.apprise import LOCAL, Apprise
from notifiers.base import Kind, Message, SendError
from tests.notifiers.conftest import WORDS
from tests.servers import ServiceServer


@pytest.fixture
def server() -> Iterator[ServiceServer]:
    with ServiceServer() as server:
        yield server


@pytest.fixture
def channel() -> Apprise:
    built = registry.build("apprise", {"timeout": 5})
    assert isinstance(built, Apprise)
    return built


def message(to: str, text: str = WORDS) -> Message:
    return Message(
        "a-1",
        to,
        text,
        subject="A thought",
        reply_url="https://nudge.example.org/r/1",
        reply_label="Answer here",
        unsubscribe_url="https://nudge.example.org/u/1",
        unsubscribe_label="Stop these messages",
    )


def refused(channel: Apprise, to: str) -> SendError:
    with pytest.raises(SendError) as caught:
        channel.send(message(to))
    return caught.value


def test_the_links_go_below_the_words(channel: Apprise, server: ServiceServer) -> None:
    channel.send(message(server.address))
    (post,) = server.posts
    assert post["title"] == "A thought"
    assert post["message"].split("\n\n") == [
        WORDS,
        "Answer here: https://nudge.example.org/r/1",
        "Stop these messages: https://nudge.example.org/u/1",
    ]


@pytest.mark.parametrize("status", [500, 429, 404])
def test_an_address_cannot_ask_for_more_tries_or_hide_a_failure(
    channel: Apprise, server: ServiceServer, status: int
) -> None:
    server.status = status
    refused(channel, f"{server.address}?retry=3&wait=0&optional=yes")
    assert len(server.posts) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Kind.UNKNOWN),
        (307, Kind.UNKNOWN),
        (400, Kind.CONTENT),
        (401, Kind.CONTACT),
        (403, Kind.CONTACT),
        (408, Kind.UNKNOWN),
        (410, Kind.CONTACT),
        (413, Kind.CONTENT),
        (429, Kind.RETRY),
        (502, Kind.UNKNOWN),
    ],
)
def test_what_an_answer_means(channel: Apprise, server: ServiceServer, status: int, kind: Kind) -> None:
    server.status = status
    error = refused(channel, f"{server.address}?redirect=yes")
    assert (error.kind, error.code) == (kind, f"HTTP {status}")


def test_a_busy_service_says_how_long_to_wait(channel: Apprise, server: ServiceServer) -> None:
    server.status, server.wait = 429, "120"
    assert refused(channel, server.address).after == timedelta(seconds=120)


def test_an_answer_that_never_comes_is_unknown(server: ServiceServer) -> None:
    server.hang = True
    channel = registry.build("apprise", {"timeout": 0.2})
    assert isinstance(channel, Apprise)
    assert refused(channel, server.address).kind is Kind.UNKNOWN


def test_a_certificate_that_is_not_trusted_is_tried_again(channel: Apprise, server: ServiceServer) -> None:
    with ServiceServer(tls=True) as safe:
        assert refused(channel, safe.address).kind is Kind.RETRY
        assert safe.posts == []


def test_a_failure_that_nobody_saw_is_unknown(channel: Apprise, server: ServiceServer) -> None:
    """A service that is reached by another way than HTTP: its plugin says only that it failed."""
    port = server.address.rpartition(":")[2].partition("/")[0]
    server.stop()
    error = refused(channel, f"irc://127.0.0.1:{port}/nick")
    assert error.kind is Kind.UNKNOWN


def test_part_of_a_message_that_went_out_makes_the_rest_unknown(
    channel: Apprise, server: ServiceServer
) -> None:
    server.statuses = [200, 404]
    port = server.address.rpartition(":")[2].partition("/")[0]
    error = refused(channel, f"ntfy://127.0.0.1:{port}/one/two?mode=private")
    assert len(server.posts) == 2
    assert error.kind is Kind.UNKNOWN


def test_threads_do_not_mix_up_their_answers(channel: Apprise) -> None:
    with ServiceServer(404) as bad, ServiceServer(429) as busy, ThreadPoolExecutor(8) as crowd:
        start = threading.Barrier(8)

        def one(number: int) -> Kind:
            start.wait()
            return refused(channel, (bad if number % 2 else busy).address).kind

        kinds = list(crowd.map(one, range(8)))
    assert kinds == [Kind.RETRY, Kind.CONTACT] * 4


OF_THIS_MACHINE = [f"{schema}://x" for schema in sorted(LOCAL)]


@pytest.mark.parametrize("address", [*OF_THIS_MACHINE, "nope://x", "x", "", "json://a json://b", "json:"])
def test_an_address_that_may_not_be_used_is_refused_before_it_is_called(
    channel: Apprise, address: str
) -> None:
    with pytest.raises(SendError) as caught:
        channel.check_address(address)
    assert caught.value.kind is Kind.CONTACT
    assert refused(channel, address).kind is Kind.CONTACT


@pytest.mark.parametrize("schemas", [["ntfys", "tgram"], "ntfys,tgram", "ntfys, tgram"])
def test_only_the_services_that_are_wanted(server: ServiceServer, schemas: object) -> None:
    channel = registry.build("apprise", {"schemas": schemas})
    assert isinstance(channel, Apprise)
    assert refused(channel, server.address).kind is Kind.CONTACT
    assert server.posts == []


def test_nothing_of_an_address_or_of_the_words_is_logged(
    channel: Apprise, server: ServiceServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        channel.send(message(server.address))
        for server.status in (404, 500):
            error = refused(channel, server.address)
            assert "s3cret" not in f"{error}{error.__dict__}{error.__context__}"
        refused(channel, "tgram://s3cret-topic")
    assert [word for word in ("s3cret", "127.0.0.1", "love") if word in caplog.text] == []


def test_without_the_extra_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "apprise.py").write_text("raise ImportError('not here')")
    code = (
        "from notifiers import registry\n"
        "print(registry.load('apprise').address_kinds)\n"
        "try:\n    registry.build('apprise', {})\n"
        "except registry.ConfigError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"},
    )
    assert done.stdout.splitlines() == [
        "frozenset({'apprise'})",
        "The channel `apprise` needs a library that is not installed: run `pip install attune[apprise]`.",
    ]
