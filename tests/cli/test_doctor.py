import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from service import jobs
from tests.cli.conftest import NOTHING, Cli
from tests.cli.test_notifier import PASSWORD, TOKEN, set_up_smtp, set_up_twilio
from tests.servers import SmtpServer, TwilioServer
from tests.world import World


def looks(cli: Cli, env: Mapping[str, str] = NOTHING) -> dict[str, str]:
    """Return what the doctor says of each thing, of which one at least is wrong."""
    found = json.loads(cli.run("doctor", "--json", code=1, env=env).stdout)
    return {check["check"]: check["says"] for check in found}


def wrong(cli: Cli, *arguments: str) -> dict[str, str]:
    """Return what the doctor says of each thing that is wrong, from what it prints into a pipe."""
    lines = [line.split("\t") for line in cli.run("doctor", *arguments, code=1).stdout.splitlines()]
    assert lines[0] == ["check", "ok", "says"]
    return {name: says for name, ok, says in lines[1:] if ok == "no"}


def test_all_is_well_while_a_daemon_is_at_work(cli: Cli, world: World) -> None:
    jobs.beat(world.site)
    found = cli.json("doctor")
    assert all(check["ok"] for check in found)
    assert {check["check"]: check["says"] for check in found} == {
        "installation": "Settings, key and database belong together.",
        "key": "Keep a copy of it apart from the database and its backups.",
        "phone": "The simulator accepts every message.",
        "daemon": "At work.",
        "overdue": "None.",
        "unknown": "None.",
        "failed": "None.",
        "stuck": "None.",
        "unread": "None.",
    }


def test_a_daemon_that_is_missed_is_told(cli: Cli, world: World) -> None:
    assert wrong(cli) == {"daemon": "No daemon has been at work yet; start `attune up`."}
    world.at = datetime.now(UTC) - timedelta(minutes=3)
    jobs.beat(world.site)
    assert wrong(cli)["daemon"].startswith(f"No daemon has been at work since {world.at:%Y-%m-%d %H:%M} UTC")


def test_without_a_channel_it_says_what_to_add(cli: Cli) -> None:
    (cli.home / "attune.toml").unlink()
    assert wrong(cli)["channels"] == "None is set up; add [notifiers.twilio] or [notifiers.smtp]."


def test_wrong_credentials_are_told_and_offline_nobody_asks(cli: Cli) -> None:
    with TwilioServer(auth_token=TOKEN) as server:
        set_up_twilio(cli, server, token="wrong")
        assert "auth_token" in wrong(cli)["twilio"]
        assert server.calls == 1
        assert "twilio" not in wrong(cli, "--offline")
        assert server.calls == 1


def test_it_says_where_messages_have_to_be_posted(cli: Cli) -> None:
    with TwilioServer(auth_token=TOKEN) as server:
        set_up_twilio(cli, server)
        assert "no answer can arrive" in wrong(cli)["public_url"]
        cli.set("public_url", "https://nudge.example.org/")
        said = looks(cli)["public_url"]
        assert said == "Messages from people have to be posted to https://nudge.example.org/hooks/twilio/sms."
        cli.add("poll = true")
        said = looks(cli)["public_url"]
    assert said.endswith("/hooks/twilio/sms. They are fetched by twilio, too.")


def test_without_a_public_address_answers_may_be_fetched(cli: Cli) -> None:
    with TwilioServer(auth_token=TOKEN) as server:
        set_up_twilio(cli, server)
        assert wrong(cli)["public_url"] == (
            "It is not set, so no answer can arrive by twilio; set it to where this server is reached, or "
            "let a channel fetch its answers: `poll = true` in [notifiers.twilio]."
        )
        cli.add("poll = true")
        assert looks(cli)["public_url"] == "Not needed: answers are fetched by twilio."


def test_people_whom_no_channel_reaches_are_told(cli: Cli) -> None:
    cli.enrol("Alex")
    file = cli.home / "attune.toml"
    file.write_text(file.read_text().replace("[notifiers.phone]", ""))
    assert wrong(cli)["people by sms"].startswith("No channel for sms is set up: add one to attune.toml")


@pytest.mark.parametrize(
    ("change", "name", "says"),
    [
        (
            "UPDATE nudge SET not_before = datetime('now', '-6 minutes')",
            "overdue",
            "1 message overdue by more than 5 minutes; is a daemon at work?",
        ),
        (
            "UPDATE nudge SET state = 'unknown'",
            "unknown",
            "1 message of unknown fate; see `attune nudge list --state unknown`.",
        ),
        (
            "UPDATE nudge SET state = 'failed'",
            "failed",
            "1 message failed in 24 hours; see `attune nudge list --state failed`.",
        ),
        (
            "INSERT INTO sender_state (sender, stopped_at, code, tokens, spent_today) "
            "VALUES ('phone', datetime('now'), '20003', 0, 0)",
            "sender phone",
            "The provider refuses this account (code 20003); its messages are kept until they are too late. "
            "Set the account right; it is tried again every 5 minutes.",
        ),
    ],
)
def test_the_health_of_delivery_is_told(cli: Cli, change: str, name: str, says: str) -> None:
    cli.enrol("Alex")
    cli.execute(change)
    assert wrong(cli)[name] == says


@pytest.mark.parametrize(("state", "name"), [("received", "unread"), ("stuck", "stuck")])
def test_messages_that_were_not_understood_are_counted(cli: Cli, world: World, state: str, name: str) -> None:
    cli.enrol("Alex")
    world.says("Alex", "hello")
    cli.execute("UPDATE reply SET state = ?, received_at = datetime('now', '-3 minutes')", state)
    assert wrong(cli)[name].startswith("1 message from people ")


def test_failed_answers_do_not_tell_that_somebody_wrote(cli: Cli, world: World) -> None:
    cli.enrol("Alex")
    world.run()
    world.says("Alex", "YES")
    cli.execute("UPDATE nudge SET state = 'failed' WHERE kind = 'answer'")
    assert "failed" not in wrong(cli)


def test_a_key_that_others_may_read_is_told(cli: Cli) -> None:
    file = cli.home / "secrets" / "attune_key"
    file.chmod(0o640)
    assert wrong(cli)["key"] == f"Other users may read it: chmod 600 {file}"
    key = file.read_text()
    file.unlink()
    assert looks(cli, {"ATTUNE_KEY": key})["key"] == "It does not come from the folder secrets/."


def test_of_what_is_no_installation_it_says_why(cli: Cli) -> None:
    text = (cli.home / "attune.toml").read_text()
    (cli.home / "attune.toml").write_text(f"{text}[notifiers.twilio]\n")
    assert wrong(cli)["installation"].startswith(
        "The setting `account_sid` of the channel `twilio` is missing"
    )
    (cli.home / "attune.toml").write_text(text)
    (cli.home / "attune.db").unlink()
    assert wrong(cli) == {
        "installation": "The database has no tables of Attune's yet; run `attune db upgrade`."
    }
    (cli.home / "secrets" / "attune_key").unlink()
    assert wrong(cli)["installation"].startswith("There is no key in ")


def test_a_limit_that_is_reached_is_told(cli: Cli) -> None:
    insert = "INSERT INTO sender_state (sender, capped_on, tokens, spent_today) VALUES ('one', {}, 0, 0)"
    cli.execute(insert.format("date('now', '-1 day')"))
    assert "limit of the day" not in wrong(cli)
    cli.execute("UPDATE sender_state SET capped_on = date('now')")
    assert wrong(cli)["limit of the day"].startswith("It held messages back that did not fit")


def test_whether_the_admin_can_be_told_is_looked_at(cli: Cli) -> None:
    assert "admin" not in looks(cli)
    cli.set("admin", "admin@example.org")
    assert wrong(cli)["admin"].startswith("No channel for e-mail is set up")
    with SmtpServer("starttls", login=("attune", PASSWORD)) as server:
        set_up_smtp(cli, server, server.ca_file)
        assert looks(cli)["admin"] == (
            "Told by e-mail when a channel stops, cannot be read, or reaches a limit."
        )
        cli.execute("INSERT INTO meta (key, value) VALUES ('alert', 'The mail server refused.')")
        assert wrong(cli)["admin"].startswith("The last e-mail was not sent (The mail server refused); try")
        cli.execute("DELETE FROM meta WHERE key = 'alert'")
        cli.execute(
            "INSERT INTO sender_state (sender, stopped_at, tokens, spent_today) "
            "VALUES (?, datetime('now'), 0, 0)",
            f"127.0.0.1:{server.port}/nest@example.org",
        )
        assert wrong(cli)["admin"].startswith("Every channel for e-mail is stopped")


def test_whether_a_monitor_is_called_is_told_without_its_address(cli: Cli) -> None:
    with TwilioServer(auth_token=TOKEN) as server:
        set_up_twilio(cli, server)
        assert looks(cli)["ping_url"].startswith("Not set; with it a monitor tells you")
        cli.set("ping_url", "https://hc-ping.com/5ecr3t")
        assert looks(cli)["ping_url"] == "Called every 5 minutes."
