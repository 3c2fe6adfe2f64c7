"""An installation without a public address: it sends to the stand-in for Twilio and asks it for messages."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from service import jobs, polling
from service.settings import Settings
from tests.conftest import KEY
from tests.servers import Record, TwilioServer
from tests.world import NUMBERS, World

ALEX, SAM, CHARLIE = NUMBERS["Alex"], NUMBERS["Sam"], NUMBERS["Charlie"]
MINUTE = timedelta(minutes=1)
WHATSAPP = "+12025550109"


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    with TwilioServer(whatsapp_number=WHATSAPP) as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, database_url: str, twilio: TwilioServer) -> Settings:
    channel = {
        "account_sid": twilio.account_sid,
        "auth_token": twilio.auth_token,
        "sender": twilio.number,
        "whatsapp_sender": WHATSAPP,
        "base_url": twilio.url,
        "per_second": 0,  # The clock of a test may stand still.
        "poll": True,
    }
    return Settings(home=tmp_path, database_url=database_url, key=KEY, notifiers={"twilio": channel})


@pytest.fixture
def world(world: World, twilio: TwilioServer) -> World:
    """Twilio's clock is that of the installation, which has asked once already."""
    twilio.now = lambda: world.at
    polling.poll(world.site)
    return world


def answers(world: World, twilio: TwilioServer, number: str, text: str) -> Record:
    """Let a person answer a minute later; it is asked for, understood and answered."""
    world.at += MINUTE
    said = twilio.text_in_unposted(number, text)
    assert polling.poll(world.site) == 1
    jobs.run_all(world.site)
    return said


def with_settings(world: World, **changes: object) -> World:
    """The same installation with other settings of the channel."""
    known = world.site.settings
    channel = {"twilio": known.notifiers["twilio"] | changes}
    return World.open(known.model_copy(update={"notifiers": channel}), world.at)


def bodies(twilio: TwilioServer, number: str) -> list[str]:
    """Return what went out to a number, in order."""
    return [record.body for record in twilio.messages if record.to == number]


def deliver_all(twilio: TwilioServer, at: datetime) -> None:
    """Let all messages of ours arrive at that instant, telling nobody."""
    for index, record in enumerate(twilio.records):
        if record.direction != "inbound":
            twilio.records[index] = replace(record, status="delivered", date_sent=at)
