"""The keys of every JSON document: scripts rely on them, so none is ever renamed or dropped."""

from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.world import World

PERSON = ["id", "name", "couple", "zone", "language", "addresses"]
WHOLE_PERSON = [*PERSON, "country", "quiet", "day_starts", "week_starts", "cap", "discreet"]
HABIT = ["habit", "person", "number", "practice", "goal", "since", "until", "taper", "joint"]
REMINDER = ["id", "person", "practice", "purpose", "schedule", "next"]
WHY = ["id", "person", "kind", "state", "due", "why"]
STREAKS = [
    "number",
    "practice",
    "goal",
    "practised_days",
    "streak",
    "unit",
    "since",
    "longest",
    "ended",
    "slack_days",
    "spares",
    "strength",
    "together_days",
    "together_streak",
]
RECKONED = [*STREAKS, "spares_used", "longest_by_unit", "ended_on", "explained"]

ONE = {
    "couple add": ["id"],
    "couple show {couple}": ["id", "people"],
    "person add Charlie --sms +12025550103 --zone UTC": WHOLE_PERSON,
    "person show Alex": WHOLE_PERSON,
    "person edit Alex --cap 2": WHOLE_PERSON,
    "practice show gratitude": ["practice", "title", "kind", "why", "how", "goal", "schedule", "prompts"],
    "reminder add {habit} daily@9:00 --person Alex": REMINDER,
    "nudge show {nudge}": [*WHY, "not_before", "expires", "sent", "attempts"],
    "nudge why {nudge}": [
        *WHY,
        "rule",
        "says",
        "due_for",
        "due_local",
        "quiet_until",
        "not_before",
        "expires",
        "prompts",
    ],
    "habit explain {habit} --person Alex": [*HABIT, "goals", "reminders", "progress"],
    "db upgrade": ["before", "after"],
    "notifier test phone": ["channel", "says"],
}
MANY = {
    "couple list": ["id", "people"],
    "person list": PERSON,
    "practice list": ["practice", "title", "kind", "goal", "schedule"],
    "habit add patience --person Alex": HABIT,
    "habit add check-in --person Alex": REMINDER,
    "habit list": HABIT,
    "reminder list": REMINDER,
    "schedule try daily@20:00": ["local", "utc"],
    "schedule preview Alex": ["local", "utc", "practice", "purpose", "message", "sends_at", "why"],
    "nudge list": ["id", "person", "kind", "state", "due", "sent", "why"],
    "log show Alex": ["day", "number", "practice", "said", "by", "at"],
    "habit edit {habit} --cue Then": HABIT,
    "streaks Alex": STREAKS,
    "streaks Alex --explain": RECKONED,
    "notifier list": ["channel", "reaches", "can", "set_up"],
}
DOCTOR = ["check", "ok", "says"]
ADDRESS = ["kind", "address", "consent"]
ATTEMPT = ["n", "channel", "outcome", "code"]


@pytest.fixture
def ids(cli: Cli, world: World) -> dict[str, str]:
    """A couple with a habit, a nudge that went out, and something logged."""
    cli.set("operator_sees", "progress")
    couple = cli.couple()
    habit = cli.json("habit", "add", "gratitude", "--couple", couple)[0]["habit"]
    cli.run("log", "add", "Alex", "1")
    world.run()
    return {"couple": couple, "habit": habit, "nudge": cli.json("nudge", "list", "--person", "Alex")[0]["id"]}


def answer(cli: Cli, command: str, ids: dict[str, str]) -> Any:
    return cli.json(*(word.format(**ids).replace("@", " ") for word in command.split()))


def test_one_record_is_an_object(cli: Cli, ids: dict[str, str]) -> None:
    for command, keys in ONE.items():
        assert list(answer(cli, command, ids)) == keys, command


def test_records_are_a_list_of_objects(cli: Cli, ids: dict[str, str]) -> None:
    for command, keys in MANY.items():
        rows = answer(cli, command, ids)
        assert rows, command
        for row in rows:
            assert list(row) == keys, command


def test_addresses_attempts_and_checks_are_objects_too(cli: Cli, ids: dict[str, str]) -> None:
    assert [list(one) for one in answer(cli, "person show Alex", ids)["addresses"]] == [ADDRESS]
    assert [list(one) for one in answer(cli, "nudge show {nudge}", ids)["attempts"]] == [ATTEMPT]
    printed = cli.run("doctor", code=1).stdout.splitlines()[0]
    assert printed.split("\t") == DOCTOR
