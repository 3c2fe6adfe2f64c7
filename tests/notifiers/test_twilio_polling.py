"""Asking Twilio for its list of messages: nothing is passed over, and no more is read than is needed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from notifiers import twilio_client
from notifiers.base import Inbound, Kind, Polled, Poller, Report, SendError
from notifiers.twilio import Twilio
from notifiers.twilio_client import TwilioSettings
from notifiers.twilio_records import LOOK_BACK, LOOK_BACK_EVERY, OVERLAP
from tests.notifiers.conftest import (
    LONG,
    NUMBER,
    PRIVATE,
    WORDS,
    sms,
    twilio_channel,
    twilio_options,
    with_patience_for,
)
from tests.servers import Record, Script, TwilioServer

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
SERVICE = f"MG{'a' * 32}"
WHATSAPP = "+12025550109"


@pytest.fixture
def server(server: TwilioServer) -> TwilioServer:
    server.now = lambda: NOON
    server.whatsapp_number = WHATSAPP
    return server


@pytest.fixture
def polling(server: TwilioServer) -> Twilio:
    return twilio_channel(server, poll=True)


def begin(channel: Twilio, at: datetime = NOON) -> str:
    begun = channel.poll(None, at)
    assert (begun.messages, begun.reports, begun.more) == ((), (), False)
    return begun.mark


def text_in(server: TwilioServer, at: datetime, body: str = "done", sender: str = NUMBER) -> Record:
    record = server.text_in_unposted(sender, body)
    record.date_created = at
    return record


def texts(polled: Polled) -> list[str]:
    return [message.text for message in polled.messages]


def test_it_asks_only_where_that_is_wanted(server: TwilioServer) -> None:
    for channel in (twilio_channel(server), twilio_channel(server, poll=True)):
        assert isinstance(channel, Poller)
    assert [twilio_channel(server).polls, twilio_channel(server, poll=True).polls] == [False, True]


def test_it_begins_now(server: TwilioServer, polling: Twilio) -> None:
    text_in(server, NOON - SECOND, "before")
    mark = begin(polling, NOON + timedelta(milliseconds=900))
    assert server.calls == 0
    text_in(server, NOON, "in the same second")
    assert texts(polling.poll(mark, NOON + MINUTE)) == ["in the same second"]
    later = polling.poll(mark, NOON + timedelta(hours=1))  # A long look back.
    assert texts(later) == ["in the same second"]


def test_messages_come_oldest_first_with_twilios_date(server: TwilioServer, polling: Twilio) -> None:
    mark = begin(polling)
    second = text_in(server, NOON + 2 * MINUTE, " Done ✓ + 2\n")
    first = text_in(server, NOON + MINUTE, "", "+12025550124")  # A picture without words.
    polled = polling.poll(mark, NOON + 3 * MINUTE)
    assert polled.messages == (
        Inbound(first.sid, "+12025550124", "", NOON + MINUTE),
        Inbound(second.sid, NUMBER, " Done ✓ + 2\n", NOON + 2 * MINUTE),
    )
    assert not polled.more


def test_only_what_was_sent_to_us_and_is_whole(server: TwilioServer, polling: Twilio) -> None:
    mark = begin(polling)
    text_in(server, NOON + MINUTE).to = "+12025550199"
    half = text_in(server, NOON + MINUTE)
    half.status = "receiving"
    text_in(server, NOON + MINUTE).sid = "SM1"
    twilio_channel(server).send(sms())
    assert polling.poll(mark, NOON + MINUTE).messages == ()
    half.status = "received"
    assert texts(polling.poll(mark, NOON + MINUTE)) == ["done"]


def test_what_is_listed_late_is_not_passed_over(server: TwilioServer, polling: Twilio) -> None:
    mark = begin(polling, NOON - timedelta(hours=1))
    text_in(server, NOON, "listed at once")
    mark = polling.poll(mark, NOON + MINUTE).mark
    text_in(server, NOON - OVERLAP + MINUTE, "listed a little later")
    polled = polling.poll(mark, NOON + MINUTE)
    assert texts(polled) == ["listed a little later", "listed at once"]
    text_in(server, NOON - timedelta(minutes=50), "listed much later")
    assert "listed much later" not in texts(polling.poll(polled.mark, NOON + 2 * MINUTE))
    looked_back = polling.poll(polled.mark, NOON + MINUTE + LOOK_BACK_EVERY)
    assert texts(looked_back)[0] == "listed much later"
    again = polling.poll(looked_back.mark, NOON + 2 * MINUTE + LOOK_BACK_EVERY)
    assert "listed much later" not in texts(again)


def test_what_came_during_an_outage_is_read(server: TwilioServer, polling: Twilio) -> None:
    mark = begin(polling)
    for hours in (1, 20, 47):
        text_in(server, NOON + timedelta(hours=hours), str(hours))
    assert texts(polling.poll(mark, NOON + timedelta(hours=48))) == ["1", "20", "47"]


def test_what_is_older_than_a_month_is_left(server: TwilioServer, polling: Twilio) -> None:
    mark = begin(polling, NOON - timedelta(days=100))
    for days in (31, 29):
        text_in(server, NOON - timedelta(days=days), str(days))
    assert texts(polling.poll(mark, NOON)) == ["29"]


def test_a_quiet_poll_reads_one_page_of_each_list(server: TwilioServer, polling: Twilio) -> None:
    mark = begin(polling, NOON - timedelta(hours=11))
    for number in range(1500):
        text_in(server, NOON - timedelta(hours=1, seconds=number), str(number))
    text_in(server, NOON - MINUTE)
    mark = polling.poll(mark, NOON).mark
    before = server.calls
    text_in(server, NOON)
    assert texts(polling.poll(mark, NOON + MINUTE)) == ["done", "done"]
    assert server.calls - before == 1 + 1


def test_a_busy_day_is_read_over_many_pages(server: TwilioServer, polling: Twilio) -> None:
    mark = begin(polling)
    for number in range(160):
        text_in(server, NOON + timedelta(seconds=number), str(number))
    polled = polling.poll(mark, NOON + 5 * MINUTE)
    assert texts(polled) == [str(number) for number in range(160)]


def sent(server: TwilioServer, channel: Twilio, at: datetime, words: str = WORDS) -> Record:
    record = server.record(channel.send(sms(words)).provider_id)
    record.date_created = at
    return record


def test_what_became_of_ours_is_reported_as_by_a_post(server: TwilioServer, polling: Twilio) -> None:
    mark = begin(polling)
    queued, on_its_way, arrived, gone, opted_out = (
        sent(server, polling, NOON + n * SECOND, str(n)) for n in range(5)
    )
    assert queued.status == "queued"
    server.report(on_its_way.sid, "sent")
    server.report(arrived.sid, "delivered")
    server.report(gone.sid, "undelivered", 30005)
    server.report(opted_out.sid, "failed", 21610)
    assert polling.poll(mark, NOON + MINUTE).reports == (
        Report(on_its_way.sid, "sent", 2),
        Report(arrived.sid, "delivered", 3),
        Report(gone.sid, "undelivered", 3, Kind.CONTACT, "30005"),
        Report(opted_out.sid, "failed", 3, Kind.CONTACT, "21610", opted_out=True),
    )


def test_what_is_reported_hours_later_is_found_by_looking_back(server: TwilioServer, polling: Twilio) -> None:
    mark = begin(polling)
    slow = sent(server, polling, NOON + SECOND)
    later = NOON + LOOK_BACK - timedelta(hours=1)
    text_in(server, later - 2 * MINUTE)
    mark = polling.poll(mark, later).mark
    server.report(slow.sid, "undelivered", 30003)
    assert polling.poll(mark, later + MINUTE).reports == ()
    found = polling.poll(mark, later + LOOK_BACK_EVERY).reports
    assert [report.code for report in found] == ["30003"]


def test_a_messaging_service_hears_what_its_numbers_get(server: TwilioServer) -> None:
    channel = twilio_channel(server, sender=SERVICE, poll=True)
    mark = begin(channel)
    text_in(server, NOON, "not seen to be ours")
    server.messaging_service = SERVICE
    text_in(server, NOON, "by its service")
    server.messaging_service = f"MG{'b' * 32}"
    text_in(server, NOON, "of another service").to = "+12025550199"
    server.script(Script(on="numbers", status=403, code=20003))
    assert texts(channel.poll(mark, NOON + MINUTE)) == ["by its service"]
    assert server.calls == 1 + 1
    ours = sent(server, channel, NOON)
    server.report(ours.sid, "sent")
    polled = channel.poll(mark, NOON + MINUTE)
    assert texts(polled) == ["not seen to be ours", "by its service"]
    assert [report.provider_id for report in polled.reports] == [ours.sid]


def test_a_messaging_service_knows_its_numbers_after_a_start(server: TwilioServer) -> None:
    """A message by itself, with nothing of ours beside it, and without its service in it."""
    mark = begin(twilio_channel(server, sender=SERVICE, poll=True))
    said = text_in(server, NOON, "by itself")
    text_in(server, NOON, "to somebody else on the account").to = "+12025550199"
    server.messaging_service = SERVICE
    channel = twilio_channel(server, sender=SERVICE, poll=True)
    assert [message.provider_id for message in channel.poll(mark, NOON + MINUTE).messages] == [said.sid]
    calls = server.calls
    channel.poll(mark, NOON + MINUTE)
    assert server.calls == calls + 1  # The numbers are remembered.


@pytest.mark.parametrize(
    ("api", "services"),
    [
        ("https://api.twilio.com", "https://messaging.twilio.com"),
        ("https://api.dublin.ie1.twilio.com/", "https://messaging.dublin.ie1.twilio.com/"),
        ("https://api.example.org", "https://api.example.org"),
    ],
)
def test_services_are_asked_for_where_the_api_is(server: TwilioServer, api: str, services: str) -> None:
    settings = TwilioSettings.model_validate(twilio_options(server, base_url=api))
    client = twilio_client.client(settings, "AC1", "secret", twilio_client.http_client(1))
    assert (client.api.base_url, client.messaging.base_url) == (api, services)


def test_whatsapp_is_heard_too(server: TwilioServer) -> None:
    channel = twilio_channel(server, whatsapp_sender=WHATSAPP, poll=True)
    mark = begin(channel)
    said = text_in(server, NOON, "done", f"whatsapp:{NUMBER}")
    text_in(server, NOON, "by SMS")
    words = server.record(channel.send(sms()).provider_id)
    server.report(words.sid, "read")
    polled = channel.poll(mark, NOON + MINUTE)
    assert Inbound(said.sid, NUMBER, "done", NOON, address_kind="whatsapp") in polled.messages
    assert [(message.text, message.address_kind) for message in polled.messages] == [
        ("by SMS", "sms"),
        ("done", "whatsapp"),
    ]
    assert [report.status for report in polled.reports] == ["read"]
    assert server.calls == 1 + 4
    deaf = twilio_channel(server, poll=True)
    assert texts(deaf.poll(mark, NOON + MINUTE)) == ["by SMS"]


def test_the_mark_holds_nothing_private_and_fits(server: TwilioServer, polling: Twilio) -> None:
    text_in(server, NOON)
    mark = polling.poll(begin(polling), NOON + MINUTE).mark
    assert len(mark) <= 255
    assert [word for word in PRIVATE if word in mark] == []
    assert mark == polling.poll(mark, NOON + MINUTE).mark


def test_a_clock_of_twilios_that_is_ahead_hides_nothing(server: TwilioServer, polling: Twilio) -> None:
    mark = begin(polling)
    text_in(server, NOON + timedelta(hours=5), "ahead")
    polled = polling.poll(mark, NOON + MINUTE)
    assert texts(polled) == ["ahead"]
    text_in(server, NOON + 2 * MINUTE, "right")
    assert "right" in texts(polling.poll(polled.mark, NOON + 3 * MINUTE))


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (Script(on="list", status=500), Kind.RETRY),
        (Script(on="list", status=429, code=20429), Kind.RETRY),
        (Script(on="list", status=401, code=20003), Kind.SENDER),
        (Script(on="list", status=200, body="junk"), Kind.RETRY),
        (Script(on="list", drop="after"), Kind.RETRY),
        (Script(on="list", drop="inside"), Kind.RETRY),
        (Script(on="list", wait_seconds=LONG), Kind.RETRY),
    ],
    ids=["500", "429", "401", "junk", "dropped", "half", "slow"],
)
def test_a_poll_that_fails_may_be_repeated(
    server: TwilioServer, script: Script, kind: Kind, assert_private: Callable[[BaseException], None]
) -> None:
    channel = with_patience_for(script, server)
    mark = begin(channel)
    text_in(server, NOON)
    server.script(script)
    with pytest.raises(SendError) as caught:
        channel.poll(mark, NOON + MINUTE)
    assert caught.value.kind is kind
    assert_private(caught.value)
    assert texts(channel.poll(mark, NOON + MINUTE)) == ["done"]
