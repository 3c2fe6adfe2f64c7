"""What the tests of providers' posts share: a stand-in for Twilio, and posts signed by it."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from notifiers.standin.posts import Fields, signature
from service.models import Reply
from service.settings import Settings
from service.web.app import create_app
from tests.conftest import KEY
from tests.servers import TwilioServer
from tests.web.conftest import PUBLIC
from tests.web.serving import Answer, Web, serving
from tests.world import NUMBERS, World

ALEX = NUMBERS["Alex"]
SMS = "/hooks/twilio/sms"
STATUS = "/hooks/twilio/status"
WORDS = "It was wonderful at the lake"


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    with TwilioServer(public_url=PUBLIC) as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, database_url: str, twilio: TwilioServer) -> Settings:
    channel = {
        "account_sid": twilio.account_sid,
        "auth_token": twilio.auth_token,
        "sender": twilio.number,
        "base_url": twilio.url,
        "per_second": 0,
    }
    return Settings(
        home=tmp_path,
        database_url=database_url,
        key=KEY,
        public_url=PUBLIC,
        busy_seconds=1,
        notifiers={"twilio": channel},
    )


@pytest.fixture
def web(world: World) -> Iterator[Web]:
    with serving(create_app(world.site)) as web:
        yield web


def text(body: str = WORDS, sender: str = ALEX, **more: str) -> Fields:
    fields = {"MessageSid": f"SM{uuid4().hex}", "From": sender, "Body": body, "ToCity": ""}
    return list((fields | more).items())


def signed(web: Web, twilio: TwilioServer, fields: Fields, path: str = SMS, base: str = PUBLIC) -> Answer:
    return web.post(path, fields, X_Twilio_Signature=signature(twilio.auth_token, f"{base}{path}", fields))


def replies(world: World) -> list[Reply]:
    with world.site.db.read() as session:
        rows = session.query(Reply).order_by(Reply.id).all()
        session.expunge_all()
        return rows


def assert_refused(world: World, answer: Answer, status: int = 403) -> None:
    """The answer is one sentence, and nothing of the post is kept or repeated."""
    assert answer.status == status
    assert list(answer.json) == ["error"]
    assert ALEX[1:] not in answer.text
    assert WORDS not in answer.text
    assert replies(world) == []
