import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.notifiers.installing import install_postcard
from tests.servers import Script, ServiceServer, SmtpServer, TwilioServer

TOKEN = "t0ken-of-the-account"
PASSWORD = "123456"
ROOT = Path(__file__).parents[2]


def set_up_twilio(cli: Cli, server: TwilioServer, token: str = TOKEN) -> None:
    with (cli.home / "attune.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'[notifiers.twilio]\naccount_sid = "{server.account_sid}"\nsender = "{server.number}"\n'
            f'base_url = "{server.url}"\ntimeout = 5\n'
        )
    (cli.home / "secrets" / "attune_notifiers__twilio__auth_token").write_text(f"{token}\n")


def set_up_smtp(cli: Cli, server: SmtpServer, ca_file: Path) -> None:
    with (cli.home / "attune.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'[notifiers.smtp]\nhost = "127.0.0.1"\nport = {server.port}\nusername = "attune"\n'
            f'sender = "Nest <nest@example.org>"\nca_file = "{ca_file}"\n'
        )
    (cli.home / "secrets" / "attune_notifiers__smtp__password").write_text(f"{PASSWORD}\n")


def test_channels_are_listed(cli: Cli) -> None:
    assert cli.json("notifier", "list") == [
        {"channel": "apprise", "reaches": ["apprise"], "can": [], "set_up": False},
        {"channel": "console", "reaches": ["email", "sms"], "can": [], "set_up": False},
        {"channel": "phone", "reaches": ["sms"], "can": [], "set_up": True},
        {"channel": "smtp", "reaches": ["email"], "can": ["polls"], "set_up": False},
        {
            "channel": "twilio",
            "reaches": ["sms", "whatsapp"],
            "can": ["finds", "hears", "polls", "reports"],
            "set_up": False,
        },
    ]
    assert cli.lines("notifier", "list")[:2] == [
        ["channel", "reaches", "can", "set_up"],
        ["apprise", "apprise", "-", "no"],
    ]


def test_a_channel_reaches_what_it_is_set_up_for(cli: Cli) -> None:
    with TwilioServer(auth_token=TOKEN) as server:
        set_up_twilio(cli, server)
        assert cli.json("notifier", "list")[-1]["reaches"] == ["sms"]
        said = cli.refused("notifier", "test", "twilio", "--to", "whatsapp:+12025550123")
        assert said == "The channel twilio cannot reach whatsapp addresses."
        cli.add(f'whatsapp_sender = "{server.whatsapp_number}"')
        assert cli.json("notifier", "list")[-1]["reaches"] == ["sms", "whatsapp"]
        cli.json("notifier", "test", "twilio", "--to", "whatsapp:+1 202 555 0123")
        (sent,) = server.messages
        assert (sent.to, sent.from_) == ("whatsapp:+12025550123", f"whatsapp:{server.number}")
        cli.add(f'api_key = "SK{"0" * 32}"')  # Without its secret.
    assert cli.json("notifier", "list")[-1]["reaches"] == ["sms", "whatsapp"]


def test_twilio_is_asked_and_sends_a_test(cli: Cli) -> None:
    with TwilioServer(auth_token=TOKEN) as server:
        set_up_twilio(cli, server)
        assert cli.json("notifier", "test", "twilio") == {
            "channel": "twilio",
            "says": "Twilio knows the account.",
        }
        assert server.messages == []
        said = cli.json("notifier", "test", "twilio", "--to", "(202) 555-0123")["says"]
        (sent,) = server.messages
        assert said == f"It took the message ({sent.sid})."
        assert (sent.to, sent.body) == (
            "+12025550123",
            "Nest: this is a test message. It arrived, so all is well.",
        )
        assert cli.run("notifier", "test", "twilio").stdout == (
            "channel  twilio\nsays     Twilio knows the account.\n"
        )


def test_wrong_credentials_are_told_in_words(cli: Cli) -> None:
    with TwilioServer(auth_token=TOKEN) as server:
        set_up_twilio(cli, server, token="wrong")
        for arguments in (["twilio"], ["twilio", "--to", "+12025550123"]):
            said = cli.refused("notifier", "test", *arguments, code=1)
            assert said.startswith("twilio did not take it: ")
            assert "wrong" not in said.partition(":")[0]
            assert "2025550123" not in said


def test_a_refused_number_is_told_in_words(cli: Cli) -> None:
    with TwilioServer(auth_token=TOKEN) as server:
        set_up_twilio(cli, server)
        server.script(Script(on="create", status=400, code=21211))
        said = cli.refused("notifier", "test", "twilio", "--to", "+12025550123", code=1)
        assert said.startswith("twilio did not take it: ")
        assert "2025550123" not in said


def test_a_mail_server_is_asked_and_sends_a_test(cli: Cli) -> None:
    with SmtpServer("starttls", login=("attune", PASSWORD)) as server:
        set_up_smtp(cli, server, server.ca_file)
        said = cli.json("notifier", "test", "smtp")["says"]
        assert said == "The mail server takes the login and is ready."
        assert server.messages == []
        cli.run("notifier", "test", "smtp", "--to", "Alex@Example.org")
        (mail,) = server.messages
        assert (mail["From"], mail["To"]) == ("Nest <nest@example.org>", "Alex@example.org")


def test_a_mail_server_that_is_not_there_is_told_in_words(cli: Cli) -> None:
    with SmtpServer("starttls") as server:
        set_up_smtp(cli, server, server.ca_file)
        (cli.home / "ca.pem").write_bytes(server.ca_file.read_bytes())
    text = (cli.home / "attune.toml").read_text()
    (cli.home / "attune.toml").write_text(text.replace(str(server.ca_file), str(cli.home / "ca.pem")))
    said = cli.refused("notifier", "test", "smtp", code=1)
    assert (
        said
        == "smtp did not take it: There is no connection to the mail server: check host, port and network."
    )


def test_a_service_of_apprise_gets_a_test(cli: Cli) -> None:
    with (cli.home / "attune.toml").open("a", encoding="utf-8") as file:
        file.write("[notifiers.apprise]\ntimeout = 5\n[notifiers.console]\n")
    assert cli.json("notifier", "test", "apprise")["says"].startswith("Apprise is installed and knows ")
    with ServiceServer() as server:
        said = cli.json("notifier", "test", "apprise", "--to", server.address)["says"]
        assert said.startswith("It took the message (apprise-")
        (post,) = server.posts
        assert post["message"] == "Nest: this is a test message. It arrived, so all is well."
        server.status = 404
        refused = cli.refused("notifier", "test", "apprise", "--to", server.address, code=1)
    assert refused.startswith("apprise did not take it: The service does not know this address")
    assert "s3cret" not in refused
    assert cli.refused("notifier", "test", "apprise", "--to", "syslog://x", code=1).startswith(
        "apprise did not take it: That service may not be used here"
    )


@pytest.mark.parametrize("channel", ["console", "phone"])
def test_a_simulator_takes_a_test(cli: Cli, channel: str) -> None:
    (cli.home / "attune.toml").write_text(f"[notifiers.{channel}]\n")
    said = cli.run("notifier", "test", channel, "--to", "+12025550123").stdout
    assert f"It took the message ({channel}-" in said
    assert ("this is a test message" in said) is (channel == "console")


def test_a_channel_of_another_package_is_listed_and_tested(cli: Cli, tmp_path: Path) -> None:
    """As processes: what is installed beside Attune is found by its entry point."""
    box = tmp_path / "box"
    box.mkdir()
    (cli.home / "attune.toml").write_text(f'brand = "Nest"\n[notifiers.postcard]\nbox = "{box}"\n')
    path = f"{install_postcard(tmp_path / 'site')}:{ROOT}"
    found = {"PYTHONPATH": path, "ATTUNE_HOME": str(cli.home)}
    listed = json.loads(cli.process("notifier", "list", "--json", **found).stdout)
    assert {
        "channel": "postcard",
        "reaches": ["sms"],
        "can": ["finds", "reports"],
        "set_up": True,
    } in listed
    done = cli.process("notifier", "test", "postcard", "--to", "+12025550123", **found)
    assert (done.returncode, done.stderr) == (0, "")
    assert "It took the message (postcard-" in done.stdout
    (card,) = box.iterdir()
    assert card.read_text() == "Nest: this is a test message. It arrived, so all is well."
    box.rename(tmp_path / "elsewhere")
    done = cli.process("notifier", "test", "postcard", "--to", "+12025550123", **found)
    assert done.stderr == "Error: postcard did not take it: There is no letter box: set box to a folder.\n"
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["twilio"], "The channel twilio is not set up; add [notifiers.twilio] to attune.toml."),
        (["twillio"], "There is no channel `twillio`; did you mean `twilio`?"),
        ([""], "There is no channel ``; there are apprise, console, phone, smtp, twilio."),
        (["phone", "--to", "12345"], "That is no phone number"),
        (["phone", "--to", ""], "That is no phone number"),
        (["phone", "--to", "alex@example.org"], "The channel phone cannot reach email addresses."),
        (["phone", "--to", "whatsapp:+12025550123"], "The channel phone cannot reach whatsapp addresses."),
        (["phone", "--to", "ntfys://a-topic"], "The channel phone cannot reach apprise addresses."),
    ],
)
def test_a_test_that_cannot_work_is_refused(cli: Cli, arguments: list[str], said: str) -> None:
    assert cli.refused("notifier", "test", *arguments).startswith(said)
