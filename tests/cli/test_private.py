"""What an operator, who may be the partner, cannot tell from what the command line prints.

Two installations live through the same days. In one Sam just reads along; in the other Sam does something
that is Sam's own. The same commands have to print the same bytes.
"""

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service import jobs
from service.settings import load
from tests.cli.conftest import Cli
from tests.world import World

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ALWAYS = (
    ("couple", "list"),
    ("person", "list"),
    ("person", "show", "Sam"),
    ("habit", "list"),
    ("reminder", "list"),
    ("notifier", "list"),
    ("log", "add", "Sam", "1", "--on", "2026-03-03"),
    ("doctor", "--offline"),
)
"""Commands that print the same whatever Sam did."""

Life = Callable[[World], None]


def silent(world: World) -> None:
    """Sam gets every nudge and writes nothing."""
    world.goes_on(timedelta(days=2))


def answers(world: World) -> None:
    for _ in range(2):
        world.goes_on(timedelta(hours=12))  # 21:00, after the nudge of 20:00.
        world.says("Sam", "done")
        world.goes_on(timedelta(hours=12))


def chats(world: World) -> None:
    world.goes_on(timedelta(hours=12))
    for text in ("streak", "list", "1 2 3 4", "sorry, no time", "HELP", "undo"):
        world.says("Sam", text)
    world.goes_on(timedelta(hours=36))


def snoozes(world: World) -> None:
    world.goes_on(timedelta(hours=11, minutes=5))
    world.says("Sam", "later 30m")
    world.goes_on(timedelta(hours=36, minutes=55))


def does_it_before(world: World) -> None:
    for _ in range(2):
        world.says("Sam", "done 1")
        world.goes_on(timedelta(days=1))


def pauses(world: World) -> None:
    world.says("Sam", "pause")
    world.goes_on(timedelta(days=2))


def pauses_for_a_while(world: World) -> None:
    world.says("Sam", "pause 2 days")
    world.goes_on(timedelta(days=2))


def stops(world: World) -> None:
    world.says("Sam", "STOP")
    world.goes_on(timedelta(days=2))


def stops_for_good(world: World) -> None:
    world.says("Sam", "please stop texting me")
    world.goes_on(timedelta(days=2))


def live(template: Path, folder: Path, life: Life) -> Cli:
    """Return an installation in which Sam has led this life for two days."""
    shutil.copytree(template, folder)
    world = World.open(load(folder), MONDAY)
    alex, sam = world.couple()
    world.take_up("gratitude", "daily", "daily 20:00", alex, sam)
    life(world)
    with world.site.db.read() as session:
        assert jobs.next_instant(session, world.at) is not None
    world.site.db.close()
    return Cli(folder)


def printed(cli: Cli, *arguments: str) -> str:
    """Return all that a command prints, ids as they come made alike."""
    result = cli.run(*arguments, code=1 if arguments[0] == "doctor" else 0)
    seen: dict[str, str] = {}
    return ID.sub(lambda found: seen.setdefault(found[0], f"id {len(seen)}"), result.output)


@pytest.fixture(scope="module")
def reads_along(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return live(template, tmp_path_factory.mktemp("silent") / "home", silent)


@pytest.fixture(scope="module")
def gets_nothing(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return live(template, tmp_path_factory.mktemp("paused") / "home", pauses)


def alike(one: Cli, other: Cli, *commands: tuple[str, ...]) -> None:
    for command in commands:
        assert printed(one, *command) == printed(other, *command), command


@pytest.mark.parametrize("life", [answers, chats, snoozes])
def test_whether_sam_wrote_cannot_be_told(
    template: Path, tmp_path: Path, reads_along: Cli, life: Life
) -> None:
    writes = live(template, tmp_path / "home", life)
    alike(writes, reads_along, *ALWAYS, ("nudge", "list"))
    rows = zip(writes.json("nudge", "list"), reads_along.json("nudge", "list"), strict=True)
    for theirs, mine in rows:
        shown = printed(writes, "nudge", "show", theirs["id"])
        assert shown == printed(reads_along, "nudge", "show", mine["id"])


@pytest.mark.parametrize("life", [does_it_before, pauses_for_a_while, stops, stops_for_good])
def test_why_sam_gets_nothing_cannot_be_told(
    template: Path, tmp_path: Path, reads_along: Cli, gets_nothing: Cli, life: Life
) -> None:
    """That no nudge went out is plain to see, on the bill too; the reason is Sam's own."""
    needs_none = live(template, tmp_path / "home", life)
    alike(needs_none, reads_along, *ALWAYS)
    listed = printed(gets_nothing, "nudge", "list")
    assert "Alex\tnudge" in listed
    assert "Sam\tnudge" not in listed
    alike(needs_none, gets_nothing, ("nudge", "list"), ("nudge", "list", "--state", "lapsed"))


@pytest.mark.parametrize("life", [pauses, does_it_before])
def test_a_message_that_was_let_go_says_no_private_reason(template: Path, tmp_path: Path, life: Life) -> None:
    cli = live(template, tmp_path / "home", life)
    let_go = cli.execute("SELECT id FROM nudge WHERE state = 'lapsed' AND kind = 'nudge'")
    assert let_go
    for (nudge,) in let_go:
        assert cli.json("nudge", "why", nudge)["why"] == "no nudge was needed"


def test_an_answer_cannot_be_looked_at(template: Path, tmp_path: Path) -> None:
    cli = live(template, tmp_path / "home", chats)
    answers_given = cli.execute("SELECT id FROM nudge WHERE kind = 'answer'")
    assert len(answers_given) > 4
    for (nudge,) in answers_given:
        assert cli.refused("nudge", "show", nudge).startswith("There is no such message")
        assert cli.refused("nudge", "list", "--before", nudge).startswith("There is no such message")


def test_a_message_that_an_answer_proved_to_be_sent_does_not_say_so(template: Path, tmp_path: Path) -> None:
    cli = live(template, tmp_path / "home", silent)
    (nudge,) = cli.json("nudge", "list", "--person", "Sam", "--state", "sent", "--limit", "1")
    cli.execute("UPDATE nudge SET state = 'unknown' WHERE id = ?", nudge["id"].replace("-", ""))
    world = World.open(load(cli.home), MONDAY + timedelta(days=2, hours=1))
    world.says("Sam", "done")
    world.site.db.close()
    for told in (cli.json("nudge", "show", nudge["id"]), cli.json("nudge", "list", "--person", "Sam")[0]):
        assert (told["state"], told["why"]) == ("sent", "it arrived after all")
        assert told["sent"] <= nudge["sent"]


def test_where_the_opt_in_said_so_all_is_shown(template: Path, tmp_path: Path) -> None:
    cli = live(template, tmp_path / "home", does_it_before)
    cli.set("operator_sees", "progress")
    listed = {row["kind"]: row for row in cli.json("nudge", "list", "--person", "Sam")}
    assert listed["nudge"]["why"] == "done already"
    assert cli.json("nudge", "why", listed["answer"]["id"])["why"] == "an answer"
