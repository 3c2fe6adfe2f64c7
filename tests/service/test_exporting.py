"""All that is kept of a person in one document: nothing left out, nothing of anybody else."""

import json
from typing import Any
from uuid import UUID

import pytest

from notifiers.base import Inbound
from service import exporting, inbound, portable, privacy
from service.models import Row
from service.states import AddressKind
from tests.service.lives import lived_together
from tests.world import NUMBERS, World

OF_NOBODY = {
    "couple": "An id alone; that somebody shares a habit is said of the habit.",
    "suppression": "Keyed hashes; each address says whether it wants nothing more.",
    "sender_state": "The installation's own senders.",
    "meta": "What the installation has to remember of itself.",
}
"""Tables that are in no document, and why."""


def document(world: World, person: UUID) -> Any:
    return json.loads("".join(exporting.pieces(world.site, person, world.at)))


@pytest.fixture
def lived(world: World) -> tuple[UUID, UUID]:
    return world.begins(lived_together)


def test_every_table_is_in_it_or_there_is_a_reason() -> None:
    named = {section.row.__tablename__ for section in portable.SECTIONS}
    assert named | set(OF_NOBODY) == set(Row.metadata.tables)
    assert not named & set(OF_NOBODY)


def test_what_is_left_out_of_a_row_is_a_hash_or_says_whose_it_is() -> None:
    left_out = {
        column.name
        for section in portable.SECTIONS
        for column in section.table.columns
        if column not in section.columns.values()
    }
    assert left_out == {"person_id", "couple_id", "lookup", "echo"}


def test_all_that_is_theirs_is_in_clear_and_nothing_of_the_other(
    world: World, lived: tuple[UUID, UUID]
) -> None:
    alex, _ = lived
    found = document(world, alex)
    assert (found["format"], found["version"]) == ("attune person", 1)
    assert found["person"]["name"] == "Alex"
    assert [(row["value"], row["stopped"]) for row in found["addresses"]] == [(NUMBERS["Alex"], False)]
    assert [row["event"] for row in found["consent"]] == ["asked", "given"]
    assert {row["address_id"] for row in found["consent"]} == {found["addresses"][0]["id"]}
    assert {row["practice"]: row["shared"] for row in found["habits"]} == {
        "gratitude": True,
        "empathy": False,
    }
    assert [row["cue"] for row in found["members"]] == ["after tea", None]
    assert [row["score"] for row in found["check_in_answers"]] == ["4", "3", "5"]
    assert {"done", "undone", "skipped"} <= {row["kind"] for row in found["entries"]}
    unseal = world.site.sealer.unseal
    words = {str(row.id): unseal(row.words_sealed) for row in world.nudges(alex) if row.words_sealed}
    assert {row["id"]: row["words"] for row in found["messages"] if row["words"]} == words
    for name in ("pauses", "rests", "message_items", "attempts", "receipts", "replies", "events", "access"):
        assert found[name], name
    nothing_of_the_partner(world, *lived)
    pieces = list(exporting.pieces(world.site, alex, world.at))
    assert max(map(len, pieces)) < 2000  # Row by row, however many years.
    assert len(pieces) > 100


def nothing_of_the_partner(world: World, alex: UUID, sam: UUID) -> None:
    theirs = json.dumps(document(world, sam))
    assert str(sam) in theirs
    text = json.dumps(document(world, alex))
    for secret in ("Sam", NUMBERS["Sam"], NUMBERS["Sam"][1:], str(sam), str(world.person(sam).couple_id)):
        assert secret not in text
    shared = {row["id"] for row in document(world, alex)["habits"] if row["shared"]}
    other = document(world, sam)
    own = {
        row["id"] for name in ("entries", "messages", "replies", "pauses", "reminders") for row in other[name]
    }
    assert own
    assert not [one for one in own - shared if one in text]


def test_a_stop_is_said_of_the_address(world: World) -> None:
    sam = world.join("Sam")
    world.says("Sam", "STOP")
    found = document(world, sam)
    assert [row["stopped"] for row in found["addresses"]] == [True]
    assert found["person"]["stopped_at"] is not None


def test_what_another_had_with_the_number_before_is_not_theirs(world: World) -> None:
    """The number of one who was forgotten is somebody else's later: the ledger has rows of both."""
    privacy.forget(world.site, world.join("Alex"))
    again = world.join("Alex")
    assert [row["event"] for row in document(world, again)["consent"]] == ["asked", "given"]


def test_a_reply_that_was_not_read_yet_is_theirs(world: World) -> None:
    alex = world.join("Alex")
    inbound.store(
        world.site, "phone", AddressKind.SMS, Inbound("in-9", NUMBERS["Alex"], "I love tea"), world.at
    )
    assert document(world, alex)["replies"][-1]["raw"] == "I love tea"
