"""`attune up` as a process of its own against the stand-in for Twilio: a person's first day, and its ends."""

import re
import signal
from collections.abc import Iterator

import pytest

from service.models import Attempt, Nudge, Person
from service.states import NudgeKind, NudgeState, Outcome
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


def soon(installation: Installation) -> Soon:
    made = Soon.make(installation.home.parent / "zones")
    assert installation.environment["PYTHONTZPATH"] == str(made.folder)
    return made


def texts(twilio: TwilioServer) -> list[str]:
    return [record.body for record in twilio.messages]


def test_a_first_day(on_each_store: Installation, twilio: TwilioServer) -> None:
    attune = on_each_store
    use_twilio(attune, twilio)
    with attune.running("up") as up:
        twilio.inbound_url = f"{up.url}/hooks/twilio/sms"
        zone = soon(attune)
        attune.attune("person", "add", "Alex", "--sms", ALEX, "--zone", ZONE)
        eventually("the opt-in question", lambda: len(texts(twilio)) == 1)
        assert twilio.text_in(ALEX, "YES") == 200
        eventually("the welcome", lambda: len(texts(twilio)) == 2)
        reminder = ("--remind", f"daily {zone.clock()}")
        attune.attune("habit", "add", "gratitude", "--person", "Alex", "--goal", "daily", *reminder)
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
        assert "Gratitude is noted for today, 1 day in all" in texts(twilio)[-1]
        (streak,) = attune.json("streaks", "Alex", "--code", code)
        assert (streak["practised_days"], streak["streak"], streak["unit"]) == (1, 1, "day")
        (entry,) = attune.json("log", "show", "Alex", "--code", code)
        assert (entry["practice"], entry["said"], entry["by"]) == ("gratitude", "done", "reply")

        # Twilio confirms a STOP itself, and says so.
        assert twilio.text_in(ALEX, "STOP", OptOutType="STOP") == 200
        up.stop(signal.SIGTERM)
        up.assert_silent_about(ALEX, ALEX[1:], twilio.auth_token, code, nudge, "YES", "done", "STOP")
    assert len(texts(twilio)) == 5
    assert set(twilio.creates.values()) == {1}
    with attune.rows() as session:
        person = session.query(Person).one()
        assert person.stopped_at is not None
        assert person.due_at is None
        assert session.query(Nudge).filter(Nudge.state == NudgeState.PLANNED).count() == 0


def test_wrong_credentials_keep_the_messages(installation: Installation, twilio: TwilioServer) -> None:
    use_twilio(installation, twilio, token="not-the-token-of-this-account")
    with installation.running("up") as up:
        installation.here("person", "add", "Alex", "--sms", ALEX, "--zone", "UTC", "--quiet", "00:00-00:00")
        eventually("a refused message", lambda: "not sent" in up.log.read_text())
        (row,) = installation.here("nudge", "list")
        assert (row["kind"], row["state"]) == ("consent", "planned")
        assert row["why"].startswith("Twilio refused the credentials (20003)")
        # The token signs the posts too.
        twilio.inbound_url = f"{up.url}/hooks/twilio/sms"
        assert twilio.text_in(ALEX, "YES") == 403
        up.stop(signal.SIGINT)
        up.assert_silent_about(ALEX, "not-the-token-of-this-account")
        assert '"kind": "sender", "code": "20003"' in up.log.read_text()
        assert "not made for public_url with our token" in up.log.read_text()
    checks = {check["check"]: check for check in installation.json("doctor", code=1)}
    assert not checks["twilio"]["ok"]
    assert "copy account_sid and auth_token" in checks["twilio"]["says"]
    (sender,) = [check for name, check in checks.items() if name.startswith("sender ")]
    assert not sender["ok"]
    assert "its messages are kept" in sender["says"]
    assert checks["daemon"]["ok"]
    assert twilio.messages == []
    # The key in order, the same message goes out as soon as the sender is tried again.
    installation.set_secret("attune_notifiers__twilio__auth_token", twilio.auth_token)
    assert {check["check"]: check["ok"] for check in installation.here("doctor", code=1)}["twilio"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_end_waits_for_what_is_being_handed_over(
    installation: Installation, twilio: TwilioServer, number: signal.Signals
) -> None:
    use_twilio(installation, twilio)
    twilio.auto_deliver = False
    twilio.script(Script(wait_seconds=1))
    with installation.running("up") as up:
        installation.here("person", "add", "Alex", "--sms", ALEX, "--zone", "UTC", "--quiet", "00:00-00:00")
        eventually("a message at the provider", lambda: len(twilio.messages) == 1)
        up.stop(number)
        up.assert_silent_about(ALEX)
    with installation.rows() as session:
        (nudge,) = session.query(Nudge).all()
        assert (nudge.kind, nudge.state) == (NudgeKind.CONSENT, NudgeState.SENT)
        assert session.query(Attempt).one().outcome is Outcome.ACCEPTED


def test_daemon_and_web_server_apart(installation: Installation, twilio: TwilioServer) -> None:
    use_twilio(installation, twilio)
    with installation.running("run", "daemon") as daemon, installation.running("run", "web") as web:
        twilio.inbound_url = f"{web.url}/hooks/twilio/sms"
        installation.attune("person", "add", "Alex", "--sms", ALEX, "--zone", "UTC", "--quiet", "00:00-00:00")
        eventually("the opt-in question", lambda: len(texts(twilio)) == 1)
        assert twilio.text_in(ALEX, "YES") == 200
        eventually("the welcome", lambda: len(texts(twilio)) == 2)
        for process in (web, daemon):
            process.stop(signal.SIGTERM)
            process.assert_silent_about(ALEX)
