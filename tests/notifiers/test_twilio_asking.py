"""Asking Twilio what became of a message, and whether the settings work."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from notifiers import registry
from notifiers.base import Kind, SendError
from notifiers.twilio import Twilio
from tests.notifiers.conftest import (
    LONG,
    NUMBER,
    WORDS,
    sms,
    twilio_channel,
    twilio_options,
    with_patience_for,
)
from tests.servers import Record, Script, TwilioServer


def test_find_passes_over_other_messages(server: TwilioServer, channel: Twilio) -> None:
    start = datetime.now(UTC)
    mine = [channel.send(sms()).provider_id for _ in range(2)]
    channel.send(sms("Other words."))
    channel.send(sms(to="+12025550124"))
    twilio_channel(server, sender="+12025550199").send(sms())
    server.text_in_unposted(NUMBER, WORDS)
    found = channel.find(sms(), start, frozenset())
    assert found is not None
    assert found.provider_id == mine[0]
    second = channel.find(sms(), start, frozenset(mine[:1]))
    assert second is not None
    assert second.provider_id == mine[1]
    assert channel.find(sms(), start, frozenset(mine)) is None


def test_find_passes_over_earlier_messages(server: TwilioServer, channel: Twilio) -> None:
    channel.send(sms())
    # Both on one day, since Twilio's own filter knows days only.
    morning = datetime.now(UTC).replace(hour=0, minute=0)
    server.messages[0].date_created = morning
    assert channel.find(sms(), morning.replace(hour=23), frozenset()) is None
    assert channel.find(sms(), morning, frozenset()) is not None


def test_find_allows_for_twilios_clock(server: TwilioServer, channel: Twilio) -> None:
    start = datetime.now(UTC)
    channel.send(sms())
    server.messages[0].date_created = start - timedelta(minutes=4)
    assert channel.find(sms(), start, frozenset()) is not None


def test_find_by_messaging_service(server: TwilioServer) -> None:
    start = datetime.now(UTC)
    channel = twilio_channel(server, sender=f"MG{'a' * 32}")
    twilio_channel(server).send(sms())
    assert channel.find(sms(), start, frozenset()) is None
    sent = channel.send(sms())
    found = channel.find(sms(), start, frozenset())
    assert found is not None
    assert found.provider_id == sent.provider_id


def test_find_knows_the_words_of_a_trial_account(server: TwilioServer, channel: Twilio) -> None:
    start = datetime.now(UTC)
    channel.send(sms(f"Sent from your Twilio trial account - {WORDS}"))
    assert channel.find(sms(), start, frozenset()) is not None


def test_find_reads_every_page(server: TwilioServer, channel: Twilio) -> None:
    start = datetime.now(UTC)
    first = channel.send(sms())
    for _ in range(450):
        server.store(Record(NUMBER, server.number, "Other.", server.account_sid))
    found = channel.find(sms(), start, frozenset())
    assert found is not None
    assert found.provider_id == first.provider_id
    assert server.calls == 4


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (Script(on="list", status=500), Kind.RETRY),
        (Script(on="list", status=429), Kind.RETRY),
        (Script(on="list", status=401, code=20003), Kind.SENDER),
        (Script(on="list", status=200, body="junk"), Kind.RETRY),
        (Script(on="list", status=200, body='{"a": [], "b": []}'), Kind.RETRY),
        (Script(on="list", drop="after"), Kind.RETRY),
        (Script(on="list", wait_seconds=LONG), Kind.RETRY),
    ],
    ids=["500", "429", "401", "junk", "no list", "dropped", "slow"],
)
def test_find_that_fails_may_be_asked_again(
    server: TwilioServer,
    script: Script,
    kind: Kind,
    assert_private: Callable[[BaseException], None],
) -> None:
    server.script(script)
    with pytest.raises(SendError) as caught:
        with_patience_for(script, server).find(sms(), datetime.now(UTC), frozenset())
    assert caught.value.kind is kind
    assert_private(caught.value)


def test_check_of_wrong_credentials_says_what_to_do(server: TwilioServer) -> None:
    channel = registry.build("twilio", twilio_options(server, auth_token="wrong"))
    with pytest.raises(SendError) as caught:
        channel.check()
    assert caught.value.kind is Kind.SENDER
    assert "account_sid and auth_token" in caught.value.reason


def test_check_of_a_suspended_account(server: TwilioServer, channel: Twilio) -> None:
    server.account_status = "suspended"
    with pytest.raises(SendError) as caught:
        channel.check()
    assert caught.value.kind is Kind.SENDER
    assert "suspended" in caught.value.reason


@pytest.mark.parametrize(
    "script", [Script(on="account", status=200, body="[]"), Script(on="account", status=503)]
)
def test_check_that_gets_no_answer(server: TwilioServer, channel: Twilio, script: Script) -> None:
    server.script(script)
    with pytest.raises(SendError) as caught:
        channel.check()
    assert caught.value.kind is Kind.RETRY


def test_check_of_a_trial_account(server: TwilioServer, channel: Twilio) -> None:
    server.script(Script(on="account", status=200, body='{"status": "active", "type": "Trial"}'))
    assert "trial" in channel.check()
