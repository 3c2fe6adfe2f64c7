"""A person asks by message who has looked at their data."""

from datetime import timedelta
from uuid import UUID

import pytest

from notifiers.segments import count
from service import editing, privacy
from service.models import AccessLog
from service.wishes import Wishes
from tests.service.lives import code_of
from tests.walk.saying import says
from tests.world import World


@pytest.fixture
def alex(world: World) -> UUID:
    return world.join("Alex")


def look(world: World, person: UUID, what: str) -> None:
    privacy.look(world.site, person, what, code_of(world, person), world.at)


def send_code(world: World, person: UUID) -> None:
    with pytest.raises(Exception, match="A code goes"):
        privacy.look(world.site, person, "log", None, world.at)
    world.run()


def test_they_are_told_how_often_and_what_last(world: World, alex: UUID) -> None:
    assert says(world, "access") in ("Nobody has opened your data.", "So far nobody has opened your data.")
    send_code(world, alex)
    look(world, alex, "log")
    look(world, alex, "pulse")
    world.goes_on(timedelta(hours=23))
    look(world, alex, "export")
    answer = says(world, "who has looked at my data?")
    assert "3" in answer
    assert answer.endswith("Last: export today, check-ins yesterday.")
    assert count(answer).segments == 1


def test_in_their_language_and_about_themselves_alone(world: World) -> None:
    alex, sam = world.couple()
    send_code(world, alex)
    look(world, alex, "streaks")
    editing.edit_person(world.site, alex, Wishes(language="de"), world.at)
    assert says(world, "Zugriffe").endswith("Zuletzt: Serien heute.")
    assert "nobody" in says(world, "access", "Sam").lower()
    world.run()
    assert "nobody" in world.told(sam)[-1].words.lower()


def test_what_has_no_word_of_its_own_is_told_all_the_same(world: World, alex: UUID) -> None:
    with world.site.db.write() as session:
        session.add(AccessLog(person_id=alex, actor="operator", what="a new thing", at=world.at))
    assert says(world, "access").endswith("Last: other today.")
