"""A new time zone database: reminders are worked out anew, once, for all, and only by a newer one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import tzdata

from service import zones
from service.models import Person, Reminder
from tests.world import World

HOUR = timedelta(hours=1)
RIGHT = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def off_by_an_hour(world: World, *people: UUID) -> None:
    """Let rows be as older rules would have them."""
    with world.site.db.write() as session:
        for person_id in people:
            person = session.get_one(Person, person_id)
            for reminder in session.query(Reminder).filter_by(person_id=person_id):
                assert reminder.next_at
                reminder.next_at -= HOUR
            person.due_at = person.due_at and person.due_at - HOUR


def comes_at(world: World, person_id: UUID) -> tuple[datetime | None, datetime | None]:
    """Return when a person's only reminder comes, and when they are due."""
    with world.site.db.read() as session:
        reminder = session.query(Reminder).filter_by(person_id=person_id).one()
        return reminder.next_at, session.get_one(Person, person_id).due_at


@pytest.fixture
def people(world: World) -> tuple[UUID, UUID]:
    """Alex and Sam, both to be reminded at seven in the evening in Berlin."""
    alex, sam = world.join("Alex", zone="Europe/Berlin"), world.join("Sam", zone="Europe/Berlin")
    for person in (alex, sam):
        world.take_up("gratitude", "daily", "daily 19:00", person)
    assert comes_at(world, alex) == (RIGHT, RIGHT)
    return alex, sam


def test_a_newer_database_and_then_never_again(
    world: World, people: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    alex, sam = people
    monkeypatch.setattr(zones, "BATCH", 1)
    monkeypatch.setattr(zones, "version", lambda: "2026a")
    world.says("Sam", "STOP")
    assert comes_at(world, sam) == (RIGHT, None)
    off_by_an_hour(world, *people)
    assert zones.follow(world.site) == 2
    assert comes_at(world, alex) == (RIGHT, RIGHT)
    assert comes_at(world, sam) == (RIGHT, None)  # Nobody is due who wants nothing.
    off_by_an_hour(world, alex)
    assert zones.follow(world.site) == 0
    monkeypatch.setattr(zones, "version", lambda: "2025c")  # Another machine, with an older one.
    assert zones.follow(world.site) == 0
    assert comes_at(world, alex) == (RIGHT - HOUR, RIGHT - HOUR)
    monkeypatch.setattr(zones, "version", lambda: "2026b")
    assert zones.follow(world.site) == 2
    assert comes_at(world, alex) == (RIGHT, RIGHT)


def test_it_carries_on_where_it_was_stopped(
    world: World, people: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zones, "BATCH", 1)
    monkeypatch.setattr(zones, "MOST_SECONDS", 0.0)
    off_by_an_hour(world, *people)
    assert zones.follow(world.site) == 0
    with world.site.db.write() as session:
        assert zones._go_on(session, zones.version(), world.at) == 1
    assert [comes_at(world, person)[0] for person in people] == [RIGHT, RIGHT - HOUR]
    monkeypatch.setattr(zones, "MOST_SECONDS", 30.0)
    assert zones.follow(world.site) == 1
    assert [comes_at(world, person)[0] for person in people] == [RIGHT, RIGHT]


def test_two_processes_go_through_all_once(
    world: World, people: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that finds all done by the other does not begin anew."""
    others: list[int] = []

    def let_another_finish(_seconds: float) -> None:
        if not others:
            others.append(0)
            others[0] = zones.follow(world.site)

    monkeypatch.setattr(zones, "BATCH", 1)
    monkeypatch.setattr("service.zones.time.sleep", let_another_finish)
    off_by_an_hour(world, *people)
    assert zones.follow(world.site) == 1
    assert others == [1]
    assert [comes_at(world, person)[0] for person in people] == [RIGHT, RIGHT]


def test_what_is_overdue_stays_due(world: World, people: tuple[UUID, UUID]) -> None:
    world.at = RIGHT + HOUR / 2
    zones.follow(world.site)
    assert comes_at(world, people[0]) == (RIGHT, RIGHT)


@pytest.mark.parametrize(
    ("name", "first_line"), [("tzdata.zi", "# version 2031c\n# more"), ("+VERSION", "2031c\n")]
)
def test_the_version_is_that_of_the_system(tmp_path: Path, name: str, first_line: str) -> None:
    (tmp_path / name).write_text(first_line)
    assert zones.version((str(tmp_path / "nowhere"), str(tmp_path))) == "2031c"


def test_without_one_it_is_that_of_the_package(tmp_path: Path) -> None:
    assert zones.version((str(tmp_path),)) == tzdata.IANA_VERSION
    assert zones.version()
