import json

import pytest
from click.testing import CliRunner

from service.cli import attune
from tests.cli.conftest import Cli
from tests.cli.test_notifier import TOKEN, set_up_twilio
from tests.servers import TwilioServer
from tests.world import NUMBERS, World

ALEX = ("Alex", "--sms", NUMBERS["Alex"], "--zone", "Europe/Berlin")
NO_NUMBER = "That is no phone number; give it with its country code, such as +1 202 555 0123."
NO_CLOCK = "A time is written like 08:00, and quiet hours like 21:00-08:00."


def test_a_person_is_enrolled_and_asked_first(cli: Cli, world: World) -> None:
    couple = cli.json("couple", "add")["id"]
    said = cli.run("person", "add", *ALEX, "--couple", couple[-6:], "--country", "de", "--quiet", "none")
    assert said.stderr == "The opt-in question is planned; nudges start when they say yes.\n"
    shown = cli.json("person", "show", "Alex")
    assert shown == {
        "id": shown["id"],
        "name": "Alex",
        "couple": couple,
        "zone": "Europe/Berlin",
        "language": "en",
        "addresses": [{"kind": "sms", "address": "+12…01", "consent": "not said yes"}],
        "country": "DE",
        "quiet": "none",
        "day_starts": "03:00",
        "week_starts": "mon",
        "cap": 3,
        "discreet": False,
    }
    world.run()
    (question,) = cli.json("nudge", "list")
    assert (question["kind"], question["state"]) == ("consent", "sent")
    world.says("Alex", "YES")
    assert cli.json("person", "show", "alex")["addresses"][0]["consent"] == "said yes"


def test_a_person_is_enrolled_as_they_wish(cli: Cli) -> None:
    wishes = [
        "--quiet",
        "22:30-7:15",
        "--day-starts",
        "4:00",
        "--week-starts",
        "sun",
        "--cap",
        "0",
        "--discreet",
    ]
    shown = cli.json("person", "add", *ALEX, *wishes, "--language", "de-AT")
    assert shown["quiet"] == "22:30-07:15"
    assert shown["day_starts"] == "04:00"
    assert shown["week_starts"] == "sun"
    assert (shown["cap"], shown["discreet"], shown["language"]) == (0, True, "de-AT")
    assert cli.json("person", "show", shown["id"]) == shown
    assert cli.run("person", "show", "Alex").stdout.splitlines() == [
        f"id           {shown['id']}",
        "name         Alex",
        "couple       -",
        "zone         Europe/Berlin",
        "language     de-AT",
        "addresses    sms +12…01 not said yes",
        "country      US",
        "quiet        22:30-07:15",
        "day_starts   04:00",
        "week_starts  sun",
        "cap          0",
        "discreet     yes",
    ]


def test_people_are_listed(cli: Cli) -> None:
    couple = cli.couple()
    rows = cli.json("person", "list")
    assert [row["name"] for row in rows] == ["Alex", "Sam"]
    assert cli.lines("person", "list") == [
        ["id", "name", "couple", "zone", "language", "addresses"],
        [rows[0]["id"], "Alex", couple, "UTC", "en", "sms +12…01 not said yes"],
        [rows[1]["id"], "Sam", couple, "UTC", "en", "sms +12…02 not said yes"],
    ]
    assert [row["name"] for row in cli.json("person", "list", "--limit", "1")] == ["Alex"]
    assert [row["name"] for row in cli.json("person", "list", "--after", "Alex")] == ["Sam"]
    assert [row["name"] for row in cli.json("person", "list", "--after", rows[0]["id"][-8:])] == ["Sam"]


def test_no_list_and_no_error_holds_an_address(cli: Cli) -> None:
    cli.couple()
    for arguments in (["person", "list"], ["person", "show", "Alex"], ["nudge", "list"], ["doctor"]):
        printed = cli.run(*arguments, code=1 if arguments == ["doctor"] else 0).output
        assert "2025550101" not in printed
    said = cli.refused("person", "add", "Kim", "--sms", NUMBERS["Alex"], "--zone", "UTC")
    assert said == "Somebody is enrolled with that address already; two people cannot share one."


def test_an_empty_list_is_said_in_words(cli: Cli) -> None:
    assert (
        cli.run("person", "list").stderr == "Nobody is enrolled here; `attune person add` enrols somebody.\n"
    )


@pytest.mark.parametrize(
    "number", ["", "12345", "hello", "+", "+1202555012a", "+120255501234567", "\udcff", "alex@example.org"]
)
def test_what_is_no_phone_number_is_refused(cli: Cli, number: str) -> None:
    assert cli.refused("person", "add", "Alex", "--sms", number, "--zone", "UTC") == NO_NUMBER


@pytest.mark.parametrize(
    "mailbox",
    ["", "alex", "alex@", "alex@example", "a b@example.org", "alex@example.org\nBcc: x@example.org"],
)
def test_what_is_no_mailbox_is_refused(cli: Cli, mailbox: str) -> None:
    with (cli.home / "attune.toml").open("a", encoding="utf-8") as file:
        file.write("[notifiers.console]\n")
    assert cli.refused("person", "add", "Alex", "--email", mailbox, "--zone", "UTC").startswith(
        "That is no e-mail"
    )


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("Berlin", "did you mean Europe/Berlin?"),
        ("Europe/Berlim", "did you mean Europe/Berlin?"),
        ("new york", "did you mean America/New_York?"),
        ("", "give one like Europe/Berlin."),
        ("Mars/Olympus", "give one like Europe/Berlin."),
        ("../../etc/passwd", "give one like Europe/Berlin."),
        ("/etc/localtime", "give one like Europe/Berlin."),
        ("localtime", "give one like Europe/Berlin."),
        ("\udcff", "give one like Europe/Berlin."),
    ],
)
def test_an_unknown_zone_is_refused(cli: Cli, zone: str, hint: str) -> None:
    said = cli.refused("person", "add", "Alex", "--sms", NUMBERS["Alex"], "--zone", zone)
    assert said.startswith("There is no time zone")
    assert said.endswith(hint)


@pytest.mark.parametrize(
    "name",
    ["", "  ", "\u200d", "x" * 61, "Al\nex", "Al\tex", "\x1b[31mAlex", "Alex\x00", "\udcff", "\u202eAlex"],
)
def test_a_name_that_cannot_be_shown_is_refused(cli: Cli, name: str) -> None:
    said = cli.refused("person", "add", name, "--sms", NUMBERS["Alex"], "--zone", "UTC")
    assert said.startswith("A name has 1 to 60")


@pytest.mark.parametrize(
    "name", ["Ålex", "李雷", "Alex 🌻", "👩‍🌾", "علی‌رضا", "[/b] [red]Alex :smile:", 'O\'Neil "Al"', "x" * 60]
)
def test_a_name_may_be_any_that_people_have(cli: Cli, name: str) -> None:
    cli.enrol("Sam")
    assert cli.json("person", "add", name, "--sms", NUMBERS["Alex"], "--zone", "UTC")["name"] == name
    assert cli.json("person", "show", name.upper() if name.isascii() else name)["name"] == name
    assert cli.lines("person", "list")[2][1] == name


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--quiet", "21-8"], NO_CLOCK),
        (["--quiet", "21:00"], NO_CLOCK),
        (["--quiet", "21:00-24:00"], NO_CLOCK),
        (["--quiet", "21:00+02:00-08:00"], NO_CLOCK),
        (["--quiet", ""], NO_CLOCK),
        (["--quiet", "٢١:٠٠-٠٨:٠٠"], NO_CLOCK),
        (["--day-starts", "noon"], NO_CLOCK),
        (["--day-starts", "03:00:30"], NO_CLOCK),
        (["--country", "Germany"], "A country is given as two letters, such as US."),
        (["--language", "english"], "A language is given as two letters, such as en."),
        (["--language", "\udcff"], "A language is given as two letters, such as en."),
    ],
)
def test_a_wish_that_is_not_understood_is_refused(cli: Cli, options: list[str], said: str) -> None:
    assert cli.refused("person", "add", *ALEX, *options) == said


@pytest.mark.parametrize(
    "options", [["--week-starts", "someday"], ["--cap", "-1"], ["--cap", "25"], ["--cap", "few"]]
)
def test_a_choice_that_there_is_not_is_refused(cli: Cli, options: list[str]) -> None:
    assert options[0] in cli.refused("person", "add", *ALEX, *options)


def test_a_person_needs_just_one_address_and_a_zone(cli: Cli) -> None:
    both = ("--sms", NUMBERS["Alex"], "--email", "alex@example.org")
    for addresses in ((), both):
        said = cli.refused("person", "add", "Alex", *addresses, "--zone", "UTC")
        assert said == (
            "Give one of --sms, --whatsapp, --email and --apprise: the address that the person is asked at."
        )
    assert "--zone" in cli.refused("person", "add", "Alex", "--sms", NUMBERS["Alex"])


def test_somebody_is_enrolled_by_whatsapp(cli: Cli) -> None:
    whatsapp = ("person", "add", "Alex", "--whatsapp", "whatsapp:+1 202 555 0101", "--zone", "UTC")
    assert cli.refused(*whatsapp).startswith("No channel for whatsapp is set up")
    with TwilioServer(auth_token=TOKEN) as server:
        set_up_twilio(cli, server)
        cli.add(f'whatsapp_sender = "{server.whatsapp_number}"')
        said = cli.run(*whatsapp, "--json")
    (address,) = json.loads(said.stdout)["addresses"]
    assert address == {"kind": "whatsapp", "address": "+12…01", "consent": "not said yes"}
    assert "only within 24 hours after they wrote to you" in said.stderr


def test_without_a_channel_nobody_is_enrolled_whom_nothing_could_reach(cli: Cli) -> None:
    said = cli.refused("person", "add", "Alex", "--email", "alex@example.org", "--zone", "UTC")
    assert said.startswith("No channel for email is set up")
    file = cli.home / "attune.toml"
    file.write_text(file.read_text().replace("[notifiers.phone]", ""))
    assert cli.refused("person", "add", *ALEX).startswith("No channel for sms is set up")


def test_two_people_cannot_share_a_number_however_it_is_written(cli: Cli) -> None:
    cli.enrol("Alex")
    for number in (NUMBERS["Alex"], "(202) 555-0101", "+1 202-555-0101", "1-202-555-0101"):
        said = cli.refused("person", "add", "Sam", "--sms", number, "--zone", "UTC")
        assert said == "Somebody is enrolled with that address already; two people cannot share one."


def test_a_couple_is_two(cli: Cli) -> None:
    couple = cli.couple()
    third = ("Charlie", "--sms", NUMBERS["Charlie"], "--zone", "UTC", "--couple")
    assert cli.refused("person", "add", *third, couple) == "A couple is two people, and this one is complete."
    for wanted in ("", "nobody", "0" * 32):
        assert cli.refused("person", "add", *third, wanted).startswith("There is no such couple")


def test_a_person_is_changed_and_what_is_left_out_stays(cli: Cli) -> None:
    cli.enrol("Alex")
    before = cli.json("person", "show", "Alex")
    assert cli.json("person", "edit", "Alex", "--zone", "Asia/Tokyo") == before | {"zone": "Asia/Tokyo"}
    wishes = {
        "name": "Alexandra",
        "country": "DE",
        "language": "de",
        "quiet": "22:30-07:15",
        "day_starts": "04:00",
        "week_starts": "sun",
        "cap": 0,
        "discreet": True,
    }
    options = [f"--{name.replace('_', '-')}={value}" for name, value in wishes.items() if name != "discreet"]
    changed = cli.json("person", "edit", before["id"], *options, "--country", "de", "--discreet")
    assert changed == before | {"zone": "Asia/Tokyo"} | wishes
    assert cli.json("person", "show", "Alexandra") == changed
    back = cli.json("person", "edit", "Alexandra", "--no-discreet", "--quiet", "none", "--country", "")
    assert back == changed | {"discreet": False, "quiet": "none", "country": None}
    assert "discreet     no\n" in cli.run("person", "edit", "Alexandra", "--cap", "1").stdout


def test_another_zone_moves_reminders_at_once(cli: Cli) -> None:
    cli.enrol("Alex")
    cli.run("habit", "add", "gratitude", "--person", "Alex", "--remind", "daily 12:00")
    cli.run("person", "edit", "Alex", "--zone", "Asia/Tokyo")
    (row,) = cli.json("reminder", "list")
    assert row["next"].endswith("T03:00:00Z")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "Say what is to change, such as --zone Europe/Berlin."),
        (["--zone", "Berlin"], "There is no time zone “Berlin”; did you mean Europe/Berlin?"),
        (["--zone", ""], "There is no time zone “”; give one like Europe/Berlin."),
        (["--cap", "2", "--zone", "Europe/Berlim"], "There is no time zone “Europe/Berlim”; did you mean"),
        (["--quiet", "21:00"], NO_CLOCK),
        (["--day-starts", "noon"], NO_CLOCK),
        (["--name", " "], "A name has 1 to 60 characters"),
        (["--language", "english"], "A language is given as two letters, such as en."),
        (["--country", "Germany"], "A country is given as two letters, such as US."),
        (["--cap", "25"], "Invalid value for '--cap'"),
        (["--week-starts", "someday"], "Invalid value for '--week-starts'"),
    ],
)
def test_a_change_that_cannot_be_right_changes_nothing(cli: Cli, options: list[str], said: str) -> None:
    cli.enrol("Alex")
    assert cli.refused("person", "edit", "Alex", *options).startswith(said)


@pytest.mark.parametrize("wanted", ["Kim", "", "12", "0" * 32, "\udcff"])
def test_a_person_who_does_not_exist_is_refused(cli: Cli, wanted: str) -> None:
    cli.enrol("Alex")
    for arguments in (
        ["person", "show", wanted],
        ["person", "ask", wanted],
        ["person", "pause", wanted],
        ["person", "resume", wanted],
        ["person", "edit", wanted, "--cap", "1"],
        ["schedule", "preview", wanted],
        ["schedule", "export", wanted],
        ["habit", "list", "--person", wanted or "?"],
        ["reminder", "list", "--person", wanted or "?"],
        ["nudge", "list", "--person", wanted or "?"],
        ["log", "show", wanted],
        ["log", "add", wanted, "1"],
        ["streaks", wanted],
    ):
        assert cli.refused(*arguments) == "There is no such person; `attune person list` shows them all."


def test_of_two_with_one_name_the_id_says_who_is_meant(cli: Cli) -> None:
    first = cli.enrol("Alex")
    cli.json("person", "add", "alex", "--sms", NUMBERS["Sam"], "--zone", "UTC")
    assert cli.refused("person", "show", "Alex").startswith("Several people are meant by that")
    assert cli.json("person", "show", first[-8:])["id"] == first


URL = "json://kim:pa55word@127.0.0.1:9/s3cret-topic"


def test_a_service_of_apprise_is_enrolled_where_its_owner_can_answer(cli: Cli) -> None:
    with (cli.home / "attune.toml").open("a", encoding="utf-8") as file:
        file.write("[notifiers.apprise]\n")
    add = ("person", "add", "Kim", "--apprise", URL, "--zone", "UTC")
    assert "so they could not say yes: set public_url" in cli.refused(*add)
    cli.set("public_url", "https://nudge.example.org")
    shown = cli.run(*add).stdout
    assert "json://…" in shown
    assert [word for word in ("s3cret", "pa55word", "127.0.0.1", "topic") if word in shown] == []


def test_a_secret_address_can_be_given_by_standard_input(cli: Cli) -> None:
    cli.set("public_url", "https://nudge.example.org")
    with (cli.home / "attune.toml").open("a", encoding="utf-8") as file:
        file.write("[notifiers.apprise]\n")
    arguments = ["--home", str(cli.home), "person", "add", "Kim", "--zone", "UTC", "--apprise", "-"]
    done = CliRunner().invoke(attune, arguments, input=f"{URL}\n")
    assert done.exit_code == 0, done.output
    assert "json://…" in done.stdout
