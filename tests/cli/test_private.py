"""What an operator, who may be the partner, cannot tell from what the command line prints.

Two installations live through the same days. In one Sam just reads along; in the other Sam does something
that is Sam's own. The same commands have to print the same bytes.
"""

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from habits.reasons import Reason
from habits.rules import RULE_OF
from service import deliveries, explaining, jobs, people, planning, privacy
from service.configuring import load
from service.models import Person
from service.states import NudgeKind
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


def leaves(world: World) -> None:
    with world.site.db.read() as session:
        sam = people.find_person(session, world.site, "Sam").id
    privacy.leave(world.site, sam, None, world.at)
    world.goes_on(MONDAY + timedelta(days=2))


def leaves_what_is_planned(world: World) -> None:
    """Sam leaves when the nudge is planned already: it lapses, and must not say why."""
    world.at += timedelta(hours=11)
    planning.plan_due(world.site, world.at)
    leaves(world)


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


@pytest.mark.parametrize(
    "life", [does_it_before, pauses_for_a_while, stops, stops_for_good, leaves, leaves_what_is_planned]
)
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


def nudges_told(cli: Cli) -> list[str]:
    """Return all that is printed of the messages: two lists, and of each how it went and why."""
    ids = [row["id"] for row in cli.json("nudge", "list")]
    commands = [["list"], ["list", "--state", "sent"]]
    commands += [[command, id_] for command in ("show", "why") for id_ in ids]
    return [cli.run("nudge", *command, *more).stdout for command in commands for more in ([], ["--json"])]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (NudgeKind.RESCUE, Reason.RESCUE),
        (NudgeKind.WELCOME, Reason.WELCOME),
        (NudgeKind.QUESTION, Reason.USEFUL),
    ],
)
def test_what_only_silence_brings_looks_like_any_nudge(
    template: Path, tmp_path: Path, kind: NudgeKind, reason: Reason
) -> None:
    cli = live(template, tmp_path / "home", silent)
    before = nudges_told(cli)
    (nudge,) = cli.json("nudge", "list", "--person", "Sam", "--state", "sent", "--limit", "1")
    id_ = nudge["id"].replace("-", "")
    cli.execute("UPDATE nudge SET kind = ?, reason = ? WHERE id = ?", kind, str(reason), id_)
    if kind is not NudgeKind.RESCUE:
        cli.execute("DELETE FROM nudge_item WHERE nudge_id = ?", id_)
    assert nudges_told(cli) == before
    cli.set("operator_sees", "progress")
    shown = cli.json("nudge", "why", nudge["id"])
    assert (shown["kind"], shown["why"], shown["rule"]) == (kind, reason, RULE_OF[reason])
    assert [one["practice"] for one in shown["due_for"]] == ["Gratitude"]


def test_what_comes_in_place_of_a_check_in_looks_like_one(template: Path, tmp_path: Path) -> None:
    cli = live(template, tmp_path / "home", silent)
    (nudge,) = cli.json("nudge", "list", "--person", "Sam", "--state", "sent", "--limit", "1")
    id_ = nudge["id"].replace("-", "")
    (reminder,) = cli.execute("SELECT cause_id FROM nudge WHERE id = ?", id_)
    cli.execute("UPDATE reminder SET purpose = 'pulse', habit_id = NULL WHERE id = ?", *reminder)
    cli.execute("DELETE FROM nudge_item WHERE nudge_id = ?", id_)
    cli.execute("UPDATE nudge SET kind = 'pulse' WHERE id = ?", id_)
    before = nudges_told(cli)
    cli.execute("UPDATE nudge SET kind = 'welcome', reason = ? WHERE id = ?", str(Reason.WELCOME), id_)
    assert nudges_told(cli) == before


def test_one_that_quiet_hours_moved_does_not_say_what_it_was_either(template: Path, tmp_path: Path) -> None:
    cli = live(template, tmp_path / "home", silent)
    (nudge,) = cli.json("nudge", "list", "--person", "Sam", "--state", "sent", "--limit", "1")
    id_ = nudge["id"].replace("-", "")
    cli.execute("UPDATE person SET quiet_from = '19:30:00.000000', quiet_to = '20:30:00.000000'")
    cli.execute("UPDATE nudge SET not_before = datetime(not_before, '+30 minutes') WHERE id = ?", id_)
    cli.execute("UPDATE nudge SET reason = ? WHERE id = ?", str(Reason.MOVED), id_)
    before = nudges_told(cli)
    assert "moved to the end of quiet hours" in before[0]
    cli.execute("UPDATE nudge SET kind = 'rescue', reason = ? WHERE id = ?", str(Reason.RESCUE), id_)
    assert nudges_told(cli) == before


def test_a_rescue_that_was_let_go_is_not_there(template: Path, tmp_path: Path) -> None:
    cli = live(template, tmp_path / "home", silent)
    (nudge,) = cli.json("nudge", "list", "--person", "Sam", "--state", "sent", "--limit", "1")
    id_ = nudge["id"].replace("-", "")
    cli.execute("UPDATE nudge SET state = 'lapsed', reason = ? WHERE id = ?", str(Reason.LATE), id_)
    assert nudge["id"] in cli.run("nudge", "list").stdout
    cli.execute("UPDATE nudge SET kind = 'rescue' WHERE id = ?", id_)
    assert (
        nudge["id"]
        not in cli.run("nudge", "list").stdout + cli.run("nudge", "list", "--state", "lapsed").stdout
    )
    assert cli.json("nudge", "why", nudge["id"])["why"] == "no nudge was needed"


def test_why_no_nudge_was_needed_is_told_alike_for_every_reason(template: Path, tmp_path: Path) -> None:
    cli = live(template, tmp_path / "home", does_it_before)
    ((nudge,), *_) = cli.execute("SELECT id FROM nudge WHERE state = 'lapsed' AND kind = 'nudge'")
    told = set()
    for reason in deliveries.PRIVATE_REASONS:
        for kind in ("nudge", "rescue"):
            cli.execute("UPDATE nudge SET reason = ?, kind = ? WHERE id = ?", str(reason), kind, nudge)
            told.add((cli.run("nudge", "why", nudge).stdout, cli.run("nudge", "show", nudge).stdout))
            assert UUID(nudge) not in {UUID(row["id"]) for row in cli.json("nudge", "list")}
    assert len(told) == 1
    why = cli.json("nudge", "why", nudge)
    assert (why["rule"], why["says"]) == (None, explaining.NOT_SHOWN)
    numbers = {RULE_OF[reason] for reason in deliveries.PRIVATE_REASONS if isinstance(reason, Reason)}
    assert numbers == {int(number) for number in re.findall(r"\d+", explaining.NOT_SHOWN)}


def test_every_reason_is_told_hidden_or_told_otherwise_on_purpose() -> None:
    plain = {Reason.DUE, Reason.MOVED, Reason.QUIET_HOURS, Reason.CAP, Reason.DAILY_CAP, Reason.LATE}
    assert {*deliveries.PRIVATE_REASONS, *deliveries.OF_PRIVATE_KINDS} - {"the habit has ended"} == (
        set(Reason) - plain
    )


def digests(world: World, *said: str) -> None:
    """Sam says this before a message that two habits are due for."""
    with world.site.db.read() as session:
        both = list(session.scalars(select(Person.id).order_by(Person.id)))
    world.take_up("patience", "daily", "daily 20:05", *both)
    for text in said:
        world.says("Sam", text)
    world.goes_on(timedelta(hours=12))


def test_what_was_done_before_a_digest_is_not_told_by_what_it_was_due_for(
    template: Path, tmp_path: Path
) -> None:
    reads = live(template, tmp_path / "reads", digests)
    does = live(template, tmp_path / "does", lambda world: digests(world, "done 2"))
    told = []
    for cli in (reads, does):
        (nudge,) = cli.json("nudge", "list", "--person", "Sam", "--limit", "1")
        told.append(printed(cli, "nudge", "why", nudge["id"]))
        assert "due_for      Gratitude daily 20:00\n             Patience daily 20:05\n" in told[-1]
    assert told[0] == told[1]
    does.set("operator_sees", "progress")
    assert [one["practice"] for one in does.json("nudge", "why", nudge["id"])["due_for"]] == ["Gratitude"]


def test_a_question_that_together_brings_is_not_there(template: Path, tmp_path: Path) -> None:
    cli = live(template, tmp_path / "home", silent)
    (nudge,) = cli.json("nudge", "list", "--person", "Sam", "--state", "sent", "--limit", "1")
    id_ = nudge["id"].replace("-", "")
    cli.execute("UPDATE nudge SET kind = 'question', cause_kind = 'together' WHERE id = ?", id_)
    assert nudge["id"] not in cli.run("nudge", "list").stdout
    assert cli.refused("nudge", "why", nudge["id"]).startswith("There is no such message")
