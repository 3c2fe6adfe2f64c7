"""What an installation meets that is not as it has to be: one sentence, an exit code, nothing written."""

import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.sealing import new_key
from tests.cli.conftest import Cli
from tests.service.plain_user import plain_user

COMMANDS = (
    ["couple", "list"],
    ["couple", "add"],
    ["person", "list"],
    ["nudge", "list"],
    ["up"],
    ["run", "daemon"],
)
LOCKED = "The database is locked by another program; close what holds it and try again."
SMTP = b"[notifiers.smtp]\nhost = 'mail.example.org'\nsender = 'nudge@example.org'\n"
READ_ONLY = "The database cannot be written; make its file and folder writable for this user."


def test_without_a_key_nothing_is_done(cli: Cli) -> None:
    (cli.home / "secrets" / "attune_key").unlink()
    for command in COMMANDS:
        assert cli.refused(*command, code=1).startswith("There is no key in ")


def test_with_another_key_nothing_is_done(cli: Cli) -> None:
    for command in COMMANDS:
        said = cli.refused(*command, code=1, env={"ATTUNE_KEY": new_key()})
        assert said.startswith(
            "The key of this installation is not the one that its database was sealed with"
        )


@pytest.mark.parametrize("key", ["junk", "attune1:abc:def", "attune1::", ":", "é"])
def test_with_a_damaged_key_nothing_is_done(cli: Cli, key: str) -> None:
    (cli.home / "secrets" / "attune_key").write_text(key)
    assert cli.refused("couple", "add", code=1).startswith("The key of this installation is damaged")


def test_a_key_file_that_is_no_text_is_refused(cli: Cli) -> None:
    (cli.home / "secrets" / "attune_key").write_bytes(bytes(range(128, 256)))
    assert cli.refused("couple", "add").endswith("cannot be read: it is not text in UTF-8.")


def test_an_empty_folder_is_no_installation(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    for command in COMMANDS:
        said = cli.run(*command, code=1).stderr
        assert said.startswith(f"Error: There is no key in {tmp_path}/secrets/attune_key: run `attune init`")
    assert list(tmp_path.iterdir()) == []


def test_attune_toml_may_be_missing(cli: Cli) -> None:
    (cli.home / "attune.toml").unlink()
    assert cli.json("couple", "list") == []
    said = cli.refused("up")
    assert said.startswith("No channel is set up, so nothing could be sent; add [notifiers.twilio]")
    assert cli.refused("run", "daemon") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"brand = ", "attune.toml cannot be read: Invalid value"),
        (b"= = =", "attune.toml cannot be read: "),
        (b'brand = "a\x00b"', "attune.toml cannot be read: "),
        (bytes(range(128, 256)), "attune.toml, or a file in secrets/, cannot be read: it is not text"),
        (b"bramd = 'Nest'", "There is no setting `bramd` (attune.toml or secrets/); did you mean `brand`?"),
        (b"brand = 3", "The setting `brand` (ATTUNE_BRAND) cannot be used"),
        (b"notifiers = 3", "The setting `notifiers` (ATTUNE_NOTIFIERS) cannot be used"),
        (b"[notifiers]\ntwilio = 3", "The setting `notifiers.twilio` (ATTUNE_NOTIFIERS__TWILIO) cannot"),
        (b"[notifiers.twilio]", "The setting `account_sid` of the channel `twilio` is missing"),
        (b"[notifiers.twillio]", "There is no channel `twillio`; did you mean `twilio`?"),
        (SMTP + b"hots = 'x'", "The channel `smtp` has no setting `hots`; did you mean `host`?"),
    ],
)
def test_an_attune_toml_with_a_mistake_is_refused(cli: Cli, text: bytes, said: str) -> None:
    (cli.home / "attune.toml").write_bytes(text)
    for command in (["couple", "add"], ["up"], ["doctor"]):
        if command == ["doctor"] and "channel" in said:
            assert said in cli.run(*command, code=1).stdout
        else:
            assert cli.refused(*command).startswith(said)


def test_binary_junk_in_attune_toml_is_refused(cli: Cli) -> None:
    for _ in range(20):
        (cli.home / "attune.toml").write_bytes(secrets.token_bytes(200))
        assert "attune.toml" in cli.refused("couple", "add")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATTUNE_PORT", "http"),
        ("ATTUNE_PORT", "65536"),
        ("ATTUNE_PORT", "9" * 30),
        ("ATTUNE_BUSY_SECONDS", "nan"),
        ("ATTUNE_BUSY_SECONDS", "inf"),
        ("ATTUNE_BUSY_SECONDS", "0"),
        ("ATTUNE_BUSY_SECONDS", "long"),
        ("ATTUNE_SEND_THREADS", "1.5"),
        ("ATTUNE_CLAIM_SECONDS", "-1"),
        ("ATTUNE_REGION", "usa"),
        ("ATTUNE_OPERATOR_SEES", "everything"),
        ("ATTUNE_LOG_LEVEL", "loud"),
        ("ATTUNE_BRAND", "\udcff"),
        ("ATTUNE_PUBLIC_URL", "ftp://nudge.example.org"),
        ("ATTUNE_NOTIFIERS", "twilio"),
        ("ATTUNE_NOTIFIERS", "[1, 2]"),
    ],
)
def test_a_setting_with_junk_is_refused(cli: Cli, name: str, value: str) -> None:
    said = cli.refused("couple", "add", env={name: value})
    assert said.startswith(f"The setting `{name.removeprefix('ATTUNE_').lower()}` ({name}) cannot be used")
    assert value not in said or value in ("long", "twilio")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ATTUNE_PROT", "did you mean ATTUNE_PORT?"),
        ("attune_databse_url", "did you mean ATTUNE_DATABASE_URL?"),
        ("ATTUNE_XYZZY", "docs/settings.md lists them all."),
    ],
)
def test_a_setting_that_there_is_not_is_refused(cli: Cli, name: str, hint: str) -> None:
    assert cli.refused("couple", "add", env={name: "1"}) == f"There is no setting {name}; {hint}"


def test_an_empty_setting_is_none(cli: Cli) -> None:
    empty = dict.fromkeys(("ATTUNE_KEY", "ATTUNE_PUBLIC_URL", "ATTUNE_PORT", "ATTUNE_HOME"), "")
    assert cli.run("couple", "list", env=empty).stdout == ""


def test_a_locked_database_is_told_in_words(cli: Cli) -> None:
    holder = sqlite3.connect(cli.home / "attune.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        assert cli.refused("couple", "add", code=1, env={"ATTUNE_BUSY_SECONDS": "1"}) == LOCKED
        assert cli.json("couple", "list") == []
    finally:
        holder.close()
    cli.run("couple", "add")


@pytest.fixture
def mine(cli: Cli) -> Iterator[Cli]:
    """An installation that belongs to a user without rights, as which the test runs from here on."""
    for arguments in (["couple", "add"], ["db", "upgrade"], ["init"]):
        cli.run(*arguments)  # What is loaded by now needs no right to be read.
    files = {path.relative_to(cli.home): path.read_bytes() for path in cli.home.rglob("*") if path.is_file()}
    with plain_user() as folder:
        (folder / "secrets").mkdir(mode=0o700)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        yield Cli(folder)
        folder.chmod(0o700)
        (folder / "secrets").mkdir(exist_ok=True)
        (folder / "secrets").chmod(0o700)


def sentence(cli: Cli, *arguments: str) -> str:
    result = cli.run(*arguments, code=1)
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "Something unexpected" not in result.stderr
    return result.stderr.removeprefix("Error: ").rstrip("\n")


def test_a_database_that_may_not_be_written_is_told_in_words(mine: Cli) -> None:
    file = mine.home / "attune.db"
    before = file.read_bytes()
    file.chmod(0o444)
    for shut in (False, True):
        mine.home.chmod(0o555 if shut else 0o755)
        assert sentence(mine, "couple", "add") == READ_ONLY
        assert sentence(mine, "db", "upgrade") == READ_ONLY
    assert file.read_bytes() == before


@pytest.mark.parametrize("shut", ["attune.toml", "secrets", "secrets/attune_key", "attune.db", "."])
def test_what_may_not_be_read_is_told_in_words(mine: Cli, shut: str) -> None:
    (mine.home / shut).chmod(0)
    result = mine.run("couple", "add", code=1 if shut == "attune.db" else 2)
    assert result.stderr.count("\n") == 1
    assert "Something unexpected" not in result.stderr


def test_a_folder_that_may_not_be_written_gets_no_installation(mine: Cli) -> None:
    for path in mine.home.rglob("*"):
        if path.is_file():
            path.unlink()
    (mine.home / "secrets").rmdir()
    mine.home.chmod(0o555)
    assert "cannot be used (Permission denied); make it writable" in sentence(mine, "init")
    assert list(mine.home.iterdir()) == []
