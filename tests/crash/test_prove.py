"""A short proof on each store, and that the ledger tells of what goes wrong."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import time
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from notifiers.standin import TwilioServer
from service import jobs, people
from service.cli import attune
from service.models import Attempt, Nudge
from service.people import NewPerson
from service.proving import Course, ground, ledger, prove
from service.proving.crowd import Crowd, numbers
from service.proving.ledger import Cut, Ledger
from service.site import Site
from service.states import AddressKind, NudgeState
from tests import logs

pytestmark = pytest.mark.process


def test_nothing_is_doubled_and_nothing_lost(empty_url: str) -> None:
    heard: list[int] = []
    found = prove(Course(kills=5, people=3, seconds=1, seed=7, database_url=empty_url), heard.append)

    assert found.is_proof, found.as_record()
    assert (found.kills, found.daemons_ended_alone, heard) == (5, 0, [1, 2, 3, 4, 5])
    assert found.arrived == found.provider_saw > 0
    assert found.planned == found.arrived + found.unknown_left
    assert found.unknown_left == found.unknown_shown == found.unknown_in_doctor
    assert found.texts_written == found.texts_stored == found.texts_understood > 0


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """Run the command in this process, whose log is as before afterwards."""
    with logs.kept_in(tmp_path / "log"):
        yield lambda *arguments: CliRunner().invoke(attune, ["prove", *arguments])


def test_a_database_with_tables_is_not_touched(run: Callable[..., Result], database_url: str) -> None:
    refused = run("--kills", "1", "--database-url", database_url)

    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert "give an empty one" in refused.stderr


def test_numbers_belong_to_nobody() -> None:
    first = [number for number, _ in zip(numbers(), range(250), strict=False)]

    assert len(set(first)) == 250
    assert {number[5:10] for number in first} == {"55501"}


class Told:
    """A site on which one person was asked to opt in, and the provider that has the question."""

    def __init__(self, site: Site, twilio: TwilioServer) -> None:
        self.site, self.twilio = site, twilio
        self.crowd = Crowd(site, twilio, Random(1))
        midnight = time(0)  # No quiet hours.
        new = NewPerson(
            "Alex", AddressKind.SMS, next(numbers()), "UTC", quiet_from=midnight, quiet_to=midnight
        )
        people.add_person(site, new, site.now())
        jobs.run_all(site)

    def ledger(self) -> Ledger:
        return ledger.draw(self.site, self.twilio, self.crowd, Cut(), 1)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with TwilioServer() as twilio, ground.installation(tmp_path, None, twilio) as site:
        yield Told(site, twilio)


def lost(found: Ledger) -> dict[str, int]:
    return {why: number for why, number in found.lost_by.items() if number}


def test_the_ledger_of_a_good_day(told: Told) -> None:
    found = told.ledger()

    assert found.is_clean
    assert (found.planned, found.provider_saw, found.arrived, lost(found)) == (1, 1, 1, {})


def test_the_ledger_tells_of_a_double(told: Told) -> None:
    (first,) = told.twilio.messages
    told.twilio.store(replace(first, sid=f"SM{'d' * 32}"))

    found = told.ledger()
    assert (found.doubles, found.is_clean) == (1, False)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (NudgeState.UNKNOWN, "seen by the provider, not settled"),
        (NudgeState.PLANNED, "planned and never sent"),
        (NudgeState.SENDING, "planned and never sent"),
        (NudgeState.LAPSED, "lapsed though it was wanted"),
    ],
)
def test_the_ledger_tells_of_a_state_that_is_wrong(told: Told, state: NudgeState, why: str) -> None:
    with told.site.db.write() as session:
        session.execute(update(Nudge).values(state=state))

    found = told.ledger()
    assert not found.is_clean
    assert lost(found)[why] == 1


def test_the_ledger_tells_of_what_only_one_side_knows(told: Told) -> None:
    kept = told.twilio.records.pop()
    assert lost(told.ledger()) == {"sent by our rows, never seen by the provider": 1}

    told.twilio.records.append(replace(kept, status_callback=None))
    assert lost(told.ledger()) == {
        "seen by the provider, no row of ours": 1,
        "sent by our rows, never seen by the provider": 1,
    }


def test_the_ledger_tells_of_a_message_that_was_taken_for_another(told: Told) -> None:
    with told.site.db.write() as session:
        session.execute(update(Attempt).values(provider_id=f"SM{'e' * 32}"))

    found = told.ledger()
    assert (found.mixed_up, found.is_clean) == (1, False)


def test_the_ledger_tells_of_texts_that_were_lost(told: Told) -> None:
    told.crowd.begun |= {"taken": "done", "not taken": "done"}
    told.crowd.taken |= {"taken"}

    found = told.ledger()
    assert lost(found) == {"texts that were never taken": 1, "texts that were taken and not stored": 1}
    assert not found.is_clean


def test_the_command_prints_one_document(run: Callable[..., Result]) -> None:
    done = run("--kills", "1", "--people", "1", "--seconds", "0.5", "--seed", "3", "--json")

    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    assert (printed["seed"], printed["kills"], printed["doubles"], printed["lost"]) == (3, 1, 0, 0)
