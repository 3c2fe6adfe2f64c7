"""`attune up` as a process of its own against the stand-in for Twilio: a person's first day, and what can go wrong."""

import re
import signal
import socket
import sqlite3
from collections.abc import Iterator

import pytest

from service.sealing import new_key
from tests.acceptance.conftest import PUBLIC
from tests.acceptance.process import Installation, eventually
from tests.acceptance.soon import ZONE, Soon
from tests.servers import Script, TwilioServer

pytestmark = pytest.mark.process

ALEX = "+12025550101"


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    with TwilioServer(public_url=PUBLIC, auto_deliver=True) as server:
        yield server


def use_twilio(installation: Installation, twilio: TwilioServer, token: str | None = None) -> None:
    """Set the channel up as docs/quickstart.md says: the token in a file of its own."""
    prefix = "ATTUNE_NOTIFIERS__TWILIO__"
    installation.environment |= {
        f"{prefix}ACCOUNT_SID": twilio.account_sid,
        f"{prefix}SENDER": twilio.number,
        f"{prefix}BASE_URL": twilio.url,
    }
    installation.set_secret("attune_notifiers__twilio__auth_token", token or twilio.auth_token)
    installation.attune("init")


def soon(installation: Installation) -> Soon:
    made = Soon.make(installation.home.parent / "zones")
    assert installation.environment["PYTHONTZPATH"] == str(made.folder)
    return made


def texts(twilio: TwilioServer) -> list[str]:
    return [record.body for record in twilio.messages]


@pytest.mark.parametrize("number", [signal.SIGTERM], ids=["SIGTERM"])
def test_a_first_day(on_each_store: Installation, twilio: TwilioServer, number: signal.Signals) -> None:
    attune = on_each_store
    use_twilio(attune, twilio)
    with attune.running("up") as up:
        twilio.inbound_url = f"{up.url}/hooks/twilio/sms"
        zone = soon(attune)
        attune.attune("person", "add", "Alex", "--sms", ALEX, "--zone", ZONE)
        eventually("the opt-in question", lambda: len(texts(twilio)) == 1)
        assert twilio.text_in(ALEX, "YES") == 200
        eventually("the welcome", lambda: len(texts(twilio)) == 2)
        reminder = f"daily {zone.clock()}"
        attune.attune("habit", "add", "gratitude", "--person", "Alex", "--goal", "daily", "--remind", reminder)
        attune.attune("streaks", "Alex", code=3)
        eventually("the code and the nudge", lambda: len(texts(twilio)) == 4)
        asked, welcomed, *others = texts(twilio)
        assert "Reply YES to start" in asked
        assert welcomed.startswith("Welcome to Attune")
        (code,) = [found[1] for text in others if (found := re.search(r"\b(\d{6})\b", text))]
        (nudge,) = [text for text in others if code not in text]
        assert "Gratitude" in nudge
        twilio.settle()
        (row,) = [row for row in attune.json("nudge", "list") if row["kind"] == "nudge"]
        assert (row["state"], row["why"]) == ("delivered", "due, and not done yet")
        assert twilio.text_in(ALEX, "done") == 200
        eventually("the answer", lambda: len(texts(twilio)) == 5)
        assert texts(twilio)[-1].startswith("Gratitude")
        (streak,) = attune.json("streaks", "Alex", "--code", code)
        assert (streak["practice"], streak["practised_days"], streak["streak"], streak["unit"]) == (
            "gratitude",
            1,
            1,
            "day",
        )
        (entry,) = attune.json("log", "show", "Alex", "--code", code)
        assert (entry["said"], entry["by"]) == ("done", "reply")
        assert twilio.text_in(ALEX, "STOP", OptOutType="STOP") == 200
        attune.attune("reminder", "add", "Alex", "1", f"daily {zone.clock()}")
        up.stop(number)
        assert len(texts(twilio)) == 5
        up.assert_silent_about(ALEX, ALEX[1:], twilio.auth_token, code, nudge, "done", "YES", "STOP")
    assert set(twilio.creates.values()) == {1}
    assert [row for row in attune.json("nudge", "list") if row["state"] == "planned"] == []
