"""Whatever is wrong with a database, a person is told one sentence that says what to do."""

import sqlite3
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from service import schema
from service.db import Database
from service.models import Couple
from service.trouble import POSTGRESQL_TROUBLE, SQLITE_TROUBLE, DatabaseError, explain
from tests import postgres
from tests.service.looking import couples
from tests.service.other_process import add_couple
from tests.service.plain_user import plain_user

PASSWORD = "hunter2-and-more"


def sentence(database: Database) -> str:
    """What a person is told when a couple is added."""
    with pytest.raises(DBAPIError) as caught:
        add_couple(database)
    database.close()
    return explain(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "attune.db",
        "/var/lib/attune/attune.db",
        "sqlite://",
        "sqlite:///:memory:",
        f"mysql://attune:{PASSWORD}@localhost/attune",
        f"postgresql://attune:{PASSWORD}@localhost/attune",
        f"postgresql+psycopg2://attune:{PASSWORD}@localhost/attune",
        f"postgresql+psycopg://attune:{PASSWORD}@localhost:port/attune",
        f"nonsense+driver://attune:{PASSWORD}@localhost/attune",
    ],
)
def test_a_url_that_cannot_be_used(url: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        Database(url)
    assert "must look like" in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None


def sqlite_copy(template: bytes, folder: Path, busy_seconds: float = 0) -> tuple[Path, Database]:
    path = folder / "attune.db"
    path.write_bytes(template)
    return path, Database(f"sqlite:///{path}", busy_seconds)


def test_a_locked_file(sqlite_template: Path, tmp_path: Path) -> None:
    path, database = sqlite_copy(sqlite_template.read_bytes(), tmp_path, 0.05)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert couples(database) == 0
    assert sentence(database) == SQLITE_TROUBLE["SQLITE_BUSY"]
    holder.close()
    add_couple(database)
    database.close()


def looked_at(database: Database) -> str | None:
    """Return what `/readyz` finds wrong without writing."""
    try:
        with database.read() as session:
            schema.check_writable(session)
    except (DatabaseError, DBAPIError) as error:
        return explain(error)
    finally:
        database.close()
    return None


def test_a_file_that_may_not_be_written(sqlite_template: Path) -> None:
    template = sqlite_template.read_bytes()
    with plain_user() as folder:
        path, database = sqlite_copy(template, folder)
        path.chmod(0o444)
        assert sentence(database) == SQLITE_TROUBLE["SQLITE_READONLY"]
        assert looked_at(database) == SQLITE_TROUBLE["SQLITE_READONLY"]
        assert path.read_bytes() == template


def test_a_folder_that_may_not_be_written(sqlite_template: Path) -> None:
    template = sqlite_template.read_bytes()
    with plain_user() as folder:
        _, database = sqlite_copy(template, folder)
        assert looked_at(database) is None
        folder.chmod(0o555)
        assert sentence(database) == SQLITE_TROUBLE["SQLITE_READONLY"]
        assert looked_at(database) == SQLITE_TROUBLE["SQLITE_READONLY"]


def test_a_file_that_may_not_be_read(sqlite_template: Path) -> None:
    template = sqlite_template.read_bytes()
    with plain_user() as folder:
        path, database = sqlite_copy(template, folder)
        path.chmod(0o000)
        assert sentence(database) == SQLITE_TROUBLE["SQLITE_CANTOPEN"]


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    words = b"Dear diary, this is no database. " * 100
    path, database = sqlite_copy(words, tmp_path)
    assert sentence(database) == SQLITE_TROUBLE["SQLITE_NOTADB"]
    assert path.read_bytes() == words


def test_a_file_that_is_damaged(sqlite_template: Path, tmp_path: Path) -> None:
    template = sqlite_template.read_bytes()
    _, database = sqlite_copy(template[:4096] + b"\xff" * (len(template) - 4096), tmp_path)
    assert sentence(database) == SQLITE_TROUBLE["SQLITE_CORRUPT"]


@pytest.mark.parametrize("place", ["not-there/attune.db", "."])
def test_a_folder_that_is_not_there(tmp_path: Path, place: str) -> None:
    database = Database(f"sqlite:///{tmp_path / place}")
    assert sentence(database) == SQLITE_TROUBLE["SQLITE_CANTOPEN"]


def test_a_full_disk(sqlite_template: Path, tmp_path: Path) -> None:
    _, database = sqlite_copy(sqlite_template.read_bytes(), tmp_path)

    def fill() -> None:
        with database.write() as session:
            session.execute(text("PRAGMA max_page_count = 1"))
            session.add_all(Couple() for _ in range(1000))

    with pytest.raises(DBAPIError) as caught:
        fill()
    assert explain(caught.value) == SQLITE_TROUBLE["SQLITE_FULL"]
    database.close()


def test_a_database_without_tables(empty_url: str) -> None:
    assert "run `attune db upgrade`" in sentence(Database(empty_url))


def test_looking_at_the_file_of_another_program_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "others.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    database = Database(f"sqlite:///{path}")
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM theirs")) == 0
    database.close()
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["others.db"]


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"username": "guarded"}, "28"),
        ({"username": "nobody_of_that_name"}, "28"),
        ({"database": "not_there"}, "3D000"),
        ({"port": 1}, "08"),
        ({"host": "::1", "port": 2}, "08"),
    ],
)
def test_a_postgresql_that_cannot_be_reached(
    postgres_url: str, changes: dict[str, str | int], state: str
) -> None:
    right = make_url(postgres.named(postgres_url, "postgres"))
    # Where the server asks for a password, the right one belongs to what is tried out here.
    password = PASSWORD if "username" in changes or right.password is None else right.password
    wrong = right.set(password=password).set(**changes)  # type: ignore[arg-type]
    told = sentence(Database(wrong.render_as_string(hide_password=False)))
    assert told == POSTGRESQL_TROUBLE[state]
    assert password not in told
    assert str(wrong.host) not in told


def test_a_postgresql_without_a_free_connection(postgres_url: str) -> None:
    user = f"crowded_{uuid4().hex[:8]}"
    postgres.execute(postgres_url, f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 0")
    url = make_url(postgres.named(postgres_url, "postgres")).set(username=user, password=PASSWORD)
    told = sentence(Database(url.render_as_string(hide_password=False)))
    postgres.execute(postgres_url, f"DROP ROLE {user}")
    assert told == POSTGRESQL_TROUBLE["53300"]


def test_a_postgresql_user_without_rights(postgres_url: str, postgres_template: str) -> None:
    user = f"weak_{uuid4().hex[:8]}"
    postgres.execute(postgres_url, f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'")
    with postgres.database(postgres_url, f"test_{uuid4().hex[:8]}", postgres_template) as named:
        url = make_url(named).set(username=user, password=PASSWORD)
        told = sentence(Database(url.render_as_string(hide_password=False)))
    postgres.execute(postgres_url, f"DROP ROLE {user}")
    assert told == POSTGRESQL_TROUBLE["42501"]


def test_a_postgresql_that_takes_no_changes(postgres_url: str, postgres_template: str) -> None:
    with postgres.database(postgres_url, f"test_{uuid4().hex[:8]}", postgres_template) as url:
        postgres.execute(
            postgres_url, f"ALTER DATABASE {make_url(url).database} SET default_transaction_read_only = on"
        )
        assert sentence(Database(url)) == POSTGRESQL_TROUBLE["25006"]


def test_a_postgresql_that_went_away_is_asked_again(postgres_url: str, postgres_template: str) -> None:
    with postgres.database(postgres_url, f"test_{uuid4().hex[:8]}", postgres_template) as url:
        database = Database(url)
        add_couple(database)
        postgres.execute(
            postgres_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{make_url(url).database}'",
        )
        add_couple(database)
        assert couples(database) == 2
        with pytest.raises(DBAPIError) as caught, database.write() as session:
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        assert explain(caught.value) == POSTGRESQL_TROUBLE["57P"]
        database.close()


def test_trouble_without_a_sentence_of_its_own_is_told_by_its_code(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught, database.read() as session:
        session.execute(text("SELEKT 1"))
    told = explain(caught.value)
    assert told.endswith("run `attune doctor`.")
    assert "SELEKT" not in told
