"""The table of docs/replies.md, played: which day and which habit a reply counts for."""

import re
from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID

import pytest

from habits.entries import Mark, taken_back
from service import facts, people
from service.models import EntryRow
from service.states import NudgeKind
from tests.docs.pages import ROOT
from tests.walk.rows import agree, on, rows
from tests.world import World

PRACTICES = ("gratitude", "empathy")
DAYS = ("Mon", "Tue", "Wed")
HEAD = "| nudges | when | reply | counts for |"
LINES = list(
    takewhile(
        lambda line: line.startswith("|"),
        (ROOT / "docs" / "replies.md").read_text("utf-8").partition(HEAD)[2].splitlines()[2:],
    )
)


def instant(said: str) -> datetime:
    """Return an instant such as `Tue 11:59`, of the week in which the tests live."""
    day, clock = said.split()
    return on(f"2026-03-{2 + DAYS.index(day):02}T{clock}")


def tap(world: World, person: UUID) -> str:
    """Return what an iPhone sends for a tap on a person's newest nudge."""
    return f"Liked “{world.told(person, NudgeKind.NUDGE)[-1].words}”"


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_table_is_true(world: World, line: str) -> None:
    nudges, when, reply, counts_for = (cell.strip() for cell in line.strip("|").split("|"))
    couple = people.add_couple(world.site)
    alex, sam = agree(world, [world.enrol("Alex", couple), world.enrol("Sam", couple)])
    for practice, clock in zip(PRACTICES, re.findall(r"at (\d\d:\d\d)", nudges), strict=False):
        world.take_up(practice, "daily", f"daily {clock}", alex, sam)
    texts = re.findall(r"`([^`]+)`", reply)
    if not texts:
        world.goes_on(instant("Mon 19:30"))
        texts = [tap(world, alex)]
    world.goes_on(instant(when))
    for text in texts:
        world.says("Alex", text)
        world.goes_on(timedelta(seconds=1))
    with world.site.db.read() as session:
        shares = facts.shares(session, [alex, sam])
        logged = sorted(
            f"{share.number} {DAYS[(entry.day - on('2026-03-02T12:00').date()).days]}"
            for (person, _), share in shares.items()
            for entry in share.facts.entries
            if person == alex and entry.kind is Mark.DONE and entry.id not in taken_back(share.facts.entries)
        )
    assert ", ".join(logged) == counts_for.replace("nothing", "")
    assert {entry.person_id for entry in rows(world, EntryRow)} <= {alex}
