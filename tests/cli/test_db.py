import shutil
from pathlib import Path

import pytest

from service.schema import REVISIONS
from service.sealing import new_key
from tests.cli.conftest import Cli

NEWEST = REVISIONS[-1]


def test_an_upgrade_that_is_not_needed_changes_nothing(cli: Cli) -> None:
    before = cli.everything()
    assert cli.json("db", "upgrade") == {"before": NEWEST, "after": NEWEST}
    assert cli.everything() == before
    assert cli.run("db", "upgrade").stdout == f"before  {NEWEST}\nafter   {NEWEST}\n"


def test_an_upgrade_makes_the_tables(cli: Cli) -> None:
    (cli.home / "attune.db").unlink()
    assert cli.json("db", "upgrade") == {"before": None, "after": NEWEST}
    assert cli.json("couple", "list") == []


def test_a_newer_database_is_left_as_it_is(cli: Cli) -> None:
    cli.execute("UPDATE alembic_version SET version_num = '9999'")
    newer = (
        "The database is from a newer Attune than this one; install the newer version, nothing was changed."
    )
    for arguments in (["db", "upgrade"], ["couple", "list"], ["couple", "add"], ["up"], ["run", "daemon"]):
        assert cli.refused(*arguments, code=1).startswith(newer)


def test_a_missing_database_is_not_made_by_a_look(cli: Cli) -> None:
    (cli.home / "attune.db").unlink()
    for arguments in (["couple", "list"], ["couple", "add"], ["up"]):
        said = cli.run(*arguments, code=1).stderr
        assert said == "Error: The database has no tables of Attune's yet; run `attune db upgrade`.\n"
    assert not (cli.home / "attune.db").exists()


def test_an_upgrade_with_another_key_is_refused(cli: Cli) -> None:
    (cli.home / "secrets" / "attune_key").write_text(new_key())
    assert cli.refused("db", "upgrade", code=1).startswith("The key of this installation is not the one")


def test_an_upgrade_without_a_key_is_refused(cli: Cli, tmp_path: Path) -> None:
    shutil.rmtree(cli.home / "secrets")
    assert cli.refused("db", "upgrade", code=1).startswith("There is no key in ")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("junk", "ATTUNE_DATABASE_URL must look like sqlite:////"),
        ("sqlite://", "ATTUNE_DATABASE_URL must look like sqlite:////"),
        ("sqlite:///:memory:", "ATTUNE_DATABASE_URL must look like sqlite:////"),
        ("mysql://127.0.0.1/attune", "ATTUNE_DATABASE_URL must look like sqlite:////"),
        ("postgresql://127.0.0.1/attune", "ATTUNE_DATABASE_URL must look like sqlite:////"),
        ("postgresql+psycopg://a:b@127.0.0.1:x/attune", "ATTUNE_DATABASE_URL must look like sqlite:////"),
        ("sqlite:////proc/attune.db", "The database file cannot be opened"),
        ("sqlite:////", "The database file cannot be opened"),
        ("postgresql+psycopg://a:secret@127.0.0.1:1/attune", "PostgreSQL does not answer"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused(cli: Cli, url: str, said: str) -> None:
    for arguments in (["db", "upgrade"], ["couple", "list"]):
        sentence = cli.run(*arguments, code=1, env={"ATTUNE_DATABASE_URL": url}).stderr
        missing = "The database has no tables of Attune's yet" if "couple" in arguments else said
        assert sentence.startswith((f"Error: {said}", f"Error: {missing}"))
        assert "secret" not in sentence
        assert sentence.count("\n") == 1
