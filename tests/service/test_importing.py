"""A person's document taken over: the same past in another installation, or in this one after `forget`."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from habits.strength import strength
from service import due, exporting, importing, joints, migrate, people, privacy, scores, summary
from service.db import Database
from service.models import Consent, Member, Nudge, Person
from service.sealing import Sealer, new_key
from service.settings import Settings
from service.states import ConsentEvent, NudgeKind
from tests.service.lives import lived_together
from tests.service.looking import counts, refused
from tests.world import NUMBERS, World

Edit = Callable[[dict[str, Any]], object]
TAKEN_OVER = (
    *("habits", "goals", "members", "days_together", "pauses", "rests", "entries"),
    *("check_in_answers",),
)
"""What is the same in a document that is written after an import."""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[World]:
    """Another installation, with its own key, on SQLite."""
    key = new_key()
    home = tmp_path / "elsewhere"
    home.mkdir()
    settings = Settings(home=home, key=key, notifiers={"phone": {}})
    database = Database(settings.url)
    migrate.upgrade(database, Sealer(key))
    database.close()
    made = World.open(settings, datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    yield made
    made.site.db.close()


def written(world: World, person: UUID) -> str:
    return "".join(exporting.pieces(world.site, person, world.at))


def figures(world: World, person_id: UUID) -> list[object]:
    """All that is derived from a person's past: streaks, strength, the days, what is together, the trends."""
    with world.site.db.read() as session:
        person = session.get_one(Person, person_id)
        today = due.today(person, world.at)
        joined = joints.of(session, [person_id], world.at)
        return [
            (
                *(share.number, share.practice, share.goal(today), share.progress(today)),
                *(round(strength(share.facts, today), 9), share.cue(world.site.sealer)),
                [(day, share.done_on(day), share.skipped_on(day)) for day in days_until(today)],
                joined.get(share.habit_id),
            )
            for share in summary.shares_of(session, person_id)
        ] + [scores.trends(session, world.site.sealer, person_id)]


def own(figures: list[Any]) -> list[Any]:
    """The same without what is together."""
    *shares, trends = figures
    return [*(share[:-1] for share in shares), trends]


def days_until(today: Any) -> list[Any]:
    return [today - timedelta(days=ago) for ago in range(40)]


def test_both_of_a_couple_are_the_same_elsewhere_and_are_asked(world: World, elsewhere: World) -> None:
    """From SQLite to each store, under another key; and what is written there says the same."""
    alex, sam = lived_together(elsewhere)
    world.at = elsewhere.at
    before = [figures(elsewhere, person) for person in (alex, sam)]
    assert "Joined(" in repr(before)
    files = [written(elsewhere, person) for person in (alex, sam)]
    first = importing.take_over(world.site, files[0], None, world.at)
    second = importing.take_over(world.site, files[1], first.couple_id, world.at)
    assert ((first.person_id, first.asked), (second.person_id, second.asked)) == ((alex, True), (sam, True))
    after = [figures(world, person) for person in (alex, sam)]
    assert [own(one) for one in after] == [own(one) for one in before]
    assert "Joined(" not in repr(after), "Together is said once more, as the yes is."
    for old, person in zip(files, (alex, sam), strict=True):
        was, now = json.loads(old), json.loads(written(world, person))
        for row in was["members"]:
            row["together_at"] = None
        for row in was["check_in_answers"]:
            row["shared_at"] = None
        assert {name: now[name] for name in TAKEN_OVER} == {name: was[name] for name in TAKEN_OVER}
        assert now["person"] | {"due_at": None} == was["person"] | {"due_at": None}
        assert [row["schedule"] for row in now["reminders"]] == [row["schedule"] for row in was["reminders"]]
        assert [row["what"] for row in now["access"]] == ["log", "import"]
        assert [(row["event"], row["at"]) for row in now["consent"]][:-1] == [
            (row["event"], row["at"]) for row in was["consent"]
        ]
    says_yes_and_goes_on(world, alex)


def says_yes_and_goes_on(world: World, alex: UUID) -> None:
    world.goes_on(timedelta(hours=4))
    assert [told.kind for told in world.told(alex)] == [NudgeKind.CONSENT]
    world.says("Alex", "YES")
    world.goes_on(timedelta(days=1))
    assert NudgeKind.NUDGE in [told.kind for told in world.told(alex)]


@pytest.fixture
def alone(world: World) -> tuple[UUID, str]:
    return world.begins(three_days)


def three_days(world: World) -> tuple[UUID, str]:
    """Charlie, who kept a habit for three days, and their document."""
    charlie = world.join("Charlie")
    world.take_up("gratitude", "daily", "daily 12:00", charlie)
    for _ in range(3):
        world.goes_on(timedelta(hours=4))
        world.says("Charlie", "done")
        world.goes_on(timedelta(hours=20))
    return charlie, written(world, charlie)


def test_who_was_forgotten_comes_back_and_is_asked_once_more(world: World, alone: tuple[UUID, str]) -> None:
    charlie, file = alone
    before = figures(world, charlie)
    assert refused(importing.take_over, world.site, file, None, world.at) == importing.HERE_ALREADY
    privacy.forget(world.site, charlie)
    importing.take_over(world.site, file, None, world.at)
    assert figures(world, charlie) == before
    assert world.person(charlie).due_at is None
    with world.site.db.read() as session:
        (shown,) = people.list_people(session, world.site)
        assert [standing for *_, standing in shown.addresses] == ["not said yes"]
        events = session.execute(select(Consent.event, Consent.source).order_by(Consent.at, Consent.id)).all()
    assert (ConsentEvent.GIVEN, "import") in [tuple(row) for row in events]
    assert tuple(events[-1]) == (ConsentEvent.ASKED, "admin")
    world.run()
    world.says("Charlie", "YES")
    assert world.person(charlie).due_at is not None
    world.run()
    world.says("Charlie", "done")
    world.run()
    assert "4 days" in world.told(charlie)[-1].words


def test_who_said_stop_stays_stopped_and_alone_comes_back(world: World, alone: tuple[UUID, str]) -> None:
    """Whether they said so before the document was written, or after, here."""
    charlie, before_stop = alone
    world.says("Charlie", "STOP")
    for file in (before_stop, written(world, charlie)):
        privacy.forget(world.site, charlie)
        assert not importing.take_over(world.site, file, None, world.at).asked
        world.goes_on(timedelta(days=1))
        assert world.told(charlie) == []
        assert world.person(charlie).due_at is None
    world.says("Charlie", "START")
    world.goes_on(timedelta(days=1))
    assert NudgeKind.NUDGE in [told.kind for told in world.told(charlie)]


def test_a_stop_elsewhere_is_heeded_here(world: World, elsewhere: World) -> None:
    sam = elsewhere.join("Sam")
    elsewhere.says("Sam", "STOP")
    assert not importing.take_over(world.site, written(elsewhere, sam), None, world.at).asked
    privacy.forget(world.site, sam)
    new = people.NewPerson("Sam", "sms", NUMBERS["Sam"], "UTC")  # type: ignore[arg-type]
    assert "asked for no more messages" in refused(people.add_person, world.site, new, world.at)


def test_who_was_forgotten_joins_their_couple_again(world: World) -> None:
    alex, sam = world.couple()
    world.take_up("gratitude", "daily", "daily 12:00", alex, sam)
    world.goes_on(timedelta(days=1))
    file, alexs = written(world, sam), figures(world, alex)
    couple = world.person(alex).couple_id
    privacy.forget(world.site, sam)
    assert "their couple" in refused(importing.take_over, world.site, file, None, world.at)
    assert importing.take_over(world.site, file, couple, world.at).couple_id == couple
    assert figures(world, alex) == alexs
    with world.site.db.read() as session:
        assert len(session.scalars(select(Member.person_id).distinct()).all()) == 2
    third = importing.take_over, world.site, written_of_charlie(world), couple, world.at
    assert refused(*third) == "A couple is two people, and this one is complete."


def written_of_charlie(world: World) -> str:
    charlie = world.join("Charlie")
    file = written(world, charlie)
    privacy.forget(world.site, charlie)
    return file


def of(name: str, place: int, key: str, value: object) -> Edit:
    return lambda document: document[name][place].__setitem__(key, value)


DAMAGED: dict[str, Edit] = {
    "another format": lambda d: d.update(format="something"),
    "no version": lambda d: d.pop("version"),
    "a section is missing": lambda d: d.pop("entries"),
    "a section is no list": lambda d: d.update(entries={"id": 1}),
    "a row is no object": lambda d: d["entries"].append(7),
    "a key of a later version": of("entries", 0, "mood", "fine"),
    "no id": lambda d: d["entries"][0].pop("id"),
    "a number for a text": of("habits", 0, "practice", 7),
    "a text for a number": of("members", 0, "number", "1"),
    "a yes for a number": of("members", 0, "number", True),
    "too large a number": of("members", 0, "number", 2**40),
    "an unknown kind": of("entries", 0, "kind", "maybe"),
    "an unknown practice": of("habits", 0, "practice", "juggling"),
    "a schedule that is none": of("reminders", 0, "schedule", "sometimes"),
    "a goal that is none": of("goals", 0, "times", 0),
    "no goal": lambda d: d["goals"].clear(),
    "an instant without a zone": of("entries", 0, "at", "2026-03-02T09:00:00"),
    "a day that is none": of("entries", 0, "day", "2026-02-30"),
    "a day out of reach": of("habits", 0, "started_on", "0001-01-01"),
    "an address in another form": of("addresses", 0, "value", "(202) 555-0103"),
    "a habit that is not in it": of("entries", 0, "habit_id", "01900000-0000-7000-8000-000000000000"),
    "what undoes itself": lambda d: d["entries"][0].update(undoes_id=d["entries"][0]["id"]),
    "a mark in the name": lambda d: d["person"].update(name="Al\u200bex\0"),
    "half a letter": lambda d: d["person"].update(name="\ud800"),
    "a zone that is none": lambda d: d["person"].update(zone="Mars/Olympus"),
    "a yes of tomorrow": of("consent", 1, "at", "2099-01-01T00:00:00Z"),
    "the same number twice": lambda d: d["members"].append(dict(d["members"][0])),
    "the same entry twice": lambda d: d["entries"].append(dict(d["entries"][0])),
}


def test_what_is_no_document_is_refused_in_a_sentence_and_nothing_is_written(
    world: World, alone: tuple[UUID, str]
) -> None:
    charlie, file = alone
    privacy.forget(world.site, charlie)
    with world.site.db.read() as session:
        before = counts(session)
    newer = file.replace('"version": 1', '"version": 2')
    deep = "[" * 200_000
    texts = {"empty": "", "half": file[: len(file) // 2], "a list": "[]", "newer": newer, "deep": deep}
    for name, damage in DAMAGED.items():
        document = json.loads(file)
        damage(document)
        texts[name] = json.dumps(document)
        assert texts[name] != file
    said = {}
    for name, text in texts.items():
        said[name] = refused(importing.take_over, world.site, text, None, world.at)
        assert not {"Charlie", NUMBERS["Charlie"], "juggling", "Mars"} & set(
            said[name].replace("`", " ").split()
        )
    with world.site.db.read() as session:
        assert counts(session) == before
    assert "newer Attune" in said["newer"]
    assert said["a goal that is none"] == (
        "That file is damaged or was changed (`goals`, row 1, `kind`), so nothing was taken over."
    )
    assert importing.take_over(world.site, file, None, world.at).person_id == charlie


def test_an_address_that_is_somebodys_is_not_taken_over(world: World, elsewhere: World) -> None:
    file = written(elsewhere, elsewhere.join("Sam"))
    world.join("Sam")
    assert "Somebody is enrolled" in refused(importing.take_over, world.site, file, None, world.at)


def test_who_cannot_be_asked_is_not_taken_over(world: World, elsewhere: World) -> None:
    file = written(elsewhere, elsewhere.join("Sam"))
    silent = replace(world.site, notifiers={})
    assert "No channel here" in refused(importing.take_over, silent, file, None, world.at)
    with world.site.db.read() as session:
        assert not session.scalars(select(Person)).all()
        assert not session.scalars(select(Nudge)).all()
