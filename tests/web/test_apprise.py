"""A person who is reached by a service of Apprise's: asked there, and answering on a page of their own."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from service import people
from service.errors import WrongUsage
from service.people import NewPerson
from service.settings import Settings
from service.states import AddressKind, NudgeState
from service.web.app import create_app
from tests.conftest import KEY
from tests.servers import ServiceServer
from tests.web.conftest import PUBLIC, SQLITE, everything
from tests.web.serving import Web, serving
from tests.world import World

NOON = timedelta(hours=3)


@pytest.fixture
def service() -> Iterator[ServiceServer]:
    with ServiceServer() as service:
        yield service


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        home=tmp_path,
        database_url=database_url,
        key=KEY,
        public_url=PUBLIC,
        notifiers={"apprise": {"timeout": 5}},
    )


def enrol(world: World, address: str) -> UUID:
    return people.add_person(world.site, NewPerson("Alex", AddressKind.APPRISE, address, "UTC"), world.at)


def say(web: Web, service: ServiceServer, text: str) -> None:
    """Answer the newest message on the page that it links to."""
    found = re.search(rf"{PUBLIC}(/r/\S+)", service.posts[-1]["message"])
    assert found is not None
    once = re.search(r'name="once" value="([0-9a-f]{32})"', web.get(found[1]).text)
    assert once is not None
    assert web.post(found[1], [("once", once[1]), ("text", text)]).status == 200


def test_asked_there_and_answered_on_a_page(world: World, service: ServiceServer) -> None:
    alex = enrol(world, service.address)
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    world.goes_on(NOON)
    # Until there is a yes, nothing goes out but the question.
    (question,) = service.posts
    assert "To start, answer YES" in question["message"]
    with serving(create_app(world.site)) as web:
        say(web, service, "YES")
        world.goes_on(timedelta(days=1))
        assert len(service.posts) == 2
        assert "Gratitude" in service.posts[-1]["message"]
        say(web, service, "STOP")
    assert world.person(alex).stopped_at is not None
    told = len(service.posts)
    world.goes_on(timedelta(days=2))
    assert all("Gratitude" not in post["message"] for post in service.posts[told:])
    assert "s3cret-topic" not in str(everything(world))


def test_a_message_whose_fate_is_unknown_is_not_sent_again(world: World, service: ServiceServer) -> None:
    service.status = 500
    alex = enrol(world, service.address)
    world.goes_on(timedelta(days=4))
    assert len(service.posts) == 1
    assert [nudge.state for nudge in world.nudges(alex)] == [NudgeState.UNKNOWN]


def test_a_busy_service_gets_it_later(world: World, service: ServiceServer) -> None:
    service.statuses = [429, 429]
    alex = enrol(world, service.address)
    world.goes_on(timedelta(hours=1))
    assert [nudge.state for nudge in world.nudges(alex)] == [NudgeState.SENT]
    assert len(service.posts) == 3


@SQLITE
@pytest.mark.parametrize("address", ["syslog://x", "nope://x", "x", "", "json://", "json://a json://b"])
def test_an_address_that_cannot_work_is_refused_at_once(world: World, address: str) -> None:
    with pytest.raises(WrongUsage):
        enrol(world, address)


@SQLITE
def test_two_addresses_that_differ_in_capitals_are_two(world: World) -> None:
    enrol(world, "JSON://127.0.0.1/Topic")
    enrol(world, "json://127.0.0.1/topic")
    with pytest.raises(WrongUsage, match="enrolled with that address already"):
        enrol(world, "json://127.0.0.1/Topic")
