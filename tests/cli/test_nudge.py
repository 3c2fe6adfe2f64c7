from datetime import datetime, timedelta
from uuid import UUID

import pytest

from habits import practices
from habits.reasons import Reason
from habits.rules import RULES
from service import explaining
from tests.cli.conftest import Cli
from tests.world import World

NO_SUCH = "There is no such message; `attune nudge list` shows what there is."


@pytest.fixture
def alex(cli: Cli, world: World) -> UUID:
    """Alex, who has said yes and got one nudge."""
    person = UUID(cli.enrol("Alex"))
    world.run()
    world.says("Alex", "YES")
    world.run()
    soon = (world.at + timedelta(hours=1)).strftime("daily %H:%M")
    cli.run("habit", "add", "gratitude", "--person", "Alex", "--remind", soon)
    world.goes_on(timedelta(hours=1))
    return person


def test_messages_are_listed_newest_first(cli: Cli, alex: UUID) -> None:
    nudge, question = cli.json("nudge", "list")
    assert (nudge["person"], nudge["kind"], nudge["state"]) == ("Alex", "nudge", "sent")
    assert nudge["why"] == "due, and not done yet"
    assert nudge["sent"] >= nudge["due"]
    assert (question["kind"], question["why"]) == ("consent", "asked first")
    printed = cli.lines("nudge", "list", "--limit", "1")
    assert printed[0] == ["id", "person", "kind", "state", "due", "sent", "why"]
    assert printed[1][:4] == [nudge["id"], "Alex", "nudge", "sent"]
    assert printed[1][4] == f"{nudge['due'][:16].replace('T', ' ')} UTC"


def test_messages_are_listed_by_person_state_and_page(cli: Cli, world: World, alex: UUID) -> None:
    cli.enrol("Sam")
    sams, newest, oldest = cli.json("nudge", "list")
    assert cli.json("nudge", "list", "--person", "Sam") == [sams]
    assert cli.json("nudge", "list", "--state", "planned") == [sams]
    assert cli.json("nudge", "list", "--state", "sent", "--before", newest["id"][-9:]) == [oldest]
    assert cli.json("nudge", "list", "--state", "failed") == []
    assert cli.run("nudge", "list", "--state", "failed").stderr == "There is no such message.\n"


def test_a_message_is_shown_with_its_attempts_and_never_its_words(cli: Cli, world: World, alex: UUID) -> None:
    listed = cli.json("nudge", "list")[0]
    shown = cli.json("nudge", "show", listed["id"])
    assert {key: shown[key] for key in listed} == listed
    assert shown["not_before"] <= shown["sent"] < shown["expires"]
    assert shown["attempts"] == [{"n": 1, "channel": "phone", "outcome": "accepted", "code": None}]
    printed = cli.run("nudge", "show", listed["id"][-6:]).stdout
    assert printed.endswith("attempts    1 phone accepted\n")
    words = world.told(alex)[-1].words
    assert words not in printed
    assert "Gratitude" not in printed


def test_a_message_says_why(cli: Cli, world: World, alex: UUID) -> None:
    listed = cli.json("nudge", "list")[0]
    why = cli.json("nudge", "why", listed["id"])
    for key in ("id", "person", "kind", "state", "due", "why"):
        assert why[key] == listed[key]
    schedule = cli.json("reminder", "list")[0]["schedule"]
    assert why["due_for"] == [{"practice": "Gratitude", "schedule": schedule}]
    assert (why["rule"], why["says"]) == (2, RULES[2])
    assert why["due_local"] == world.at.strftime("%a %Y-%m-%d %H:%M UTC")
    assert why["due"] == why["not_before"] < why["expires"]
    assert (why["quiet_until"], why["prompts"]) == (None, [])
    printed = cli.run("nudge", "why", listed["id"]).stdout
    assert "why          due, and not done yet\n" in printed
    assert f"rule         2\nsays         {RULES[2]}\ndue_for      Gratitude {schedule}\n" in printed


def test_the_local_time_is_that_of_the_person(cli: Cli, alex: UUID) -> None:
    cli.execute("UPDATE person SET zone = 'Asia/Kolkata'")
    why = cli.json("nudge", "why", cli.json("nudge", "list")[0]["id"])
    due = datetime.fromisoformat(why["due"]) + timedelta(hours=5, minutes=30)
    assert why["due_local"] == due.strftime("%a %Y-%m-%d %H:%M IST")


def test_the_drawn_prompt_is_told_by_id_and_chance_where_the_operator_sees_all(
    cli: Cli, world: World, alex: UUID
) -> None:
    cli.set("operator_sees", "progress")
    nudge = next(row for row in cli.json("nudge", "list") if row["kind"] == "nudge")
    (drawn,) = cli.json("nudge", "why", nudge["id"])["prompts"]
    prompt = next(one for one in practices.find("gratitude").prompts if one.id == drawn["prompt"])
    assert 0 < drawn["chance"] < 1
    assert prompt.text in world.told(alex)[-1].words
    printed = cli.run("nudge", "why", nudge["id"]).stdout
    assert f"prompts      {prompt.id} {drawn['chance']}\n" in printed
    assert prompt.text not in printed


def test_what_quiet_hours_moved_says_until_when(cli: Cli, world: World, alex: UUID) -> None:
    listed = cli.json("nudge", "list")[0]
    due_at = datetime.fromisoformat(listed["due"])
    end = due_at + timedelta(hours=1)
    cli.execute(
        "UPDATE person SET quiet_from = ?, quiet_to = ?", f"{due_at:%H:%M:%S.%f}", f"{end:%H:%M:%S.%f}"
    )
    cli.execute(
        "UPDATE nudge SET reason = 'moved to the end of quiet hours', not_before = ?", f"{end:%F %T.%f}"
    )
    why = cli.json("nudge", "why", listed["id"])
    assert (why["rule"], why["says"]) == (3, RULES[3])
    assert why["quiet_until"] == end.strftime("%a %Y-%m-%d %H:%M UTC")
    cli.execute(
        "UPDATE nudge SET state = 'lapsed', reason = 'would fall in quiet hours', not_before = due_at"
    )
    why = cli.json("nudge", "why", listed["id"])
    assert (why["rule"], why["quiet_until"]) == (3, None)


@pytest.mark.parametrize(
    ("reason", "rule"),
    [(Reason.LATE, 5), (Reason.CAP, 4), ("It is not in use.", None), ("the reminder was removed", None)],
)
def test_the_rule_that_decided_is_told(cli: Cli, alex: UUID, reason: str, rule: int | None) -> None:
    cli.execute("UPDATE nudge SET state = 'lapsed', reason = ? WHERE kind = 'nudge'", str(reason))
    why = cli.json("nudge", "why", cli.json("nudge", "list")[0]["id"])
    assert (why["why"], why["rule"]) == (reason, rule)
    assert why["says"] == (RULES[rule] if rule else explaining.NO_RULE)


def test_the_check_in_and_what_is_no_reminder_say_why_too(cli: Cli, world: World, alex: UUID) -> None:
    question = cli.json("nudge", "list")[-1]
    why = cli.json("nudge", "why", question["id"])
    assert (why["kind"], why["rule"], why["says"], why["due_for"]) == (
        "consent",
        None,
        explaining.NO_RULE,
        [],
    )
    soon = (world.at + timedelta(hours=1)).strftime("%a %H:%M").lower()
    (made,) = cli.json("habit", "add", "check-in", "--person", "Alex", "--remind", soon)
    world.goes_on(timedelta(hours=1))
    pulse = cli.json("nudge", "list")[0]
    assert pulse["kind"] == "pulse"
    why = cli.json("nudge", "why", pulse["id"])
    assert why["due_for"] == [{"practice": "check-in", "schedule": soon}]
    cli.run("reminder", "remove", made["id"])
    assert cli.json("nudge", "why", pulse["id"])["due_for"] == []


def test_a_failure_is_shown_with_its_code(cli: Cli, alex: UUID) -> None:
    cli.execute("UPDATE nudge SET state = 'failed', reason = 'It is not in use.' WHERE kind = 'nudge'")
    cli.execute("UPDATE attempt SET outcome = 'content', code = '30007'")
    (listed,) = cli.json("nudge", "list", "--state", "failed")
    assert listed["why"] == "It is not in use."
    assert cli.run("nudge", "show", listed["id"]).stdout.endswith("attempts    1 phone content 30007\n")
    # A wrong number looks like one whose owner wants nothing more.
    cli.execute("UPDATE attempt SET outcome = 'contact', code = '21610'")
    (listed,) = cli.json("nudge", "list", "--state", "failed")
    assert listed["why"] == "this address cannot be reached"
    assert cli.run("nudge", "show", listed["id"]).stdout.endswith("attempts    1 phone contact\n")
    cli.execute("UPDATE attempt SET outcome = NULL, code = NULL")
    assert cli.run("nudge", "show", listed["id"]).stdout.endswith("attempts    1 phone under way\n")


@pytest.mark.parametrize("wanted", ["nothing", "", "12", "%%%%", "____", "0" * 32, "0" * 33, "\udcff"])
def test_a_message_that_does_not_exist_is_refused(cli: Cli, alex: UUID, wanted: str) -> None:
    for arguments in (["show", wanted], ["why", wanted], ["list", f"--before={wanted or '?'}"]):
        assert cli.refused("nudge", *arguments) == NO_SUCH


def test_an_end_that_several_ids_have_is_refused(cli: Cli) -> None:
    cli.couple()
    cli.execute("UPDATE nudge SET id = substr(id, 1, 28) || 'abcd'")
    assert cli.refused("nudge", "show", "abcd").startswith("Several ids end like that")


def test_a_state_that_there_is_not_is_refused(cli: Cli) -> None:
    assert "'--state'" in cli.refused("nudge", "list", "--state", "lost")
    assert "'--limit'" in cli.refused("nudge", "list", "--limit", "0")
