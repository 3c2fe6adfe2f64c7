import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from service.db import POSTGRESQL_TROUBLE, SQLITE_TROUBLE, Database, DatabaseError, explain, insert_new
from service.models import Couple, Habit, Meta
from tests import postgres
from tests.service import other_process
from tests.service.other_process import add_couple
from tests.service.plain_user import plain_user

PASSWORD = "hunter2-and-more"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


def couples(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Couple)) or 0


def sentence(database: Database) -> str:
    """What a person is told when a couple is added."""
    with pytest.raises(DBAPIError) as caught:
        add_couple(database)
    database.close()
    return explain(caught.value)


def test_what_is_written_is_there_and_what_failed_is_not(database: Database) -> None:
    def add_and_fail() -> None:
        with database.write() as session:
            session.add(Couple())
            session.flush()
            raise ZeroDivisionError

    add_couple(database)
    with pytest.raises(ZeroDivisionError):
        add_and_fail()
    assert couples(database) == 1


def test_a_write_inside_a_write_is_refused_and_harms_nothing(database: Database) -> None:
    def add_two() -> None:
        with database.write() as session:
            session.add(Couple())
            add_couple(database)

    with pytest.raises(RuntimeError, match="inside"):
        add_two()
    assert couples(database) == 0
    add_couple(database)
    assert couples(database) == 1


def test_a_read_inside_a_write_does_not_see_it_yet(database: Database) -> None:
    with database.write() as session:
        session.add(Couple())
        session.flush()
        assert couples(database) == 0
    assert couples(database) == 1


def test_an_open_read_blocks_no_writer(database_url: str, database: Database) -> None:
    impatient = Database(database_url, busy_seconds=0.1)
    with database.read() as session:
        session.scalars(select(Couple)).all()
        add_couple(impatient)
        assert couples(impatient) == 1
    impatient.close()


def test_a_read_on_sqlite_is_one_consistent_look(sqlite_template: Path) -> None:
    database = Database(f"sqlite:///{sqlite_template}")
    with database.read() as session:
        before = session.scalar(select(func.count()).select_from(Meta))
        with database.write() as writer:
            writer.add(Meta(key="later", value="x"))
        assert session.scalar(select(func.count()).select_from(Meta)) == before
    with database.write() as session:
        session.delete(session.get_one(Meta, "later"))
    database.close()


def test_threads_and_processes_write_at_once(database_url: str, database: Database) -> None:
    others = [
        other_process.start("write", database_url, "40"),
        other_process.start("visit", database_url, "20"),
    ]
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(add_couple, database) for _ in range(60)]:
            done.result()
    for other in others:
        assert other.communicate() == (b"", b"")
        assert other.returncode == 0
    assert couples(database) == 120


def test_threads_take_turns_however_impatient(sqlite_template: Path, tmp_path: Path) -> None:
    """The lock of this process queues its threads: SQLite itself would give up at once."""
    copy = tmp_path / "copy.db"
    copy.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{copy}", busy_seconds=0)
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with database.write() as session:
            session.add(Couple())
            session.flush()
            begun.set()
            go_on.wait()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hold)
        begun.wait()
        second = pool.submit(add_couple, database)
        go_on.set()
        first.result()
        second.result()
    assert couples(database) == 2
    database.close()


def test_inserting_skips_what_is_there(database: Database) -> None:
    with database.write() as session:
        assert insert_new(session, Meta, []) == 0
        assert insert_new(session, Meta, [{"key": "a", "value": "1"}, {"key": "b", "value": "1"}]) == 2
        rows = [{"key": key, "value": "2"} for key in ("b", "c", "c", "d")]
        assert insert_new(session, Meta, rows) == 2
    with database.read() as session:
        kept = {meta.key: meta.value for meta in session.scalars(select(Meta))}
    assert {key: kept[key] for key in "abcd"} == {"a": "1", "b": "1", "c": "2", "d": "2"}


def test_a_row_without_its_parent_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(text("INSERT INTO joint_day VALUES (:habit, '2026-03-02')"), {"habit": uuid4().hex})


def test_an_error_shows_no_value(database: Database) -> None:
    private = "+12025550101"
    with pytest.raises(DBAPIError) as caught, database.read() as session:
        session.execute(text("SELECT nothing FROM couple WHERE CAST(id AS TEXT) = :id"), {"id": private})
    assert private not in f"{caught.value} {caught.value!r}"
    with pytest.raises(IntegrityError) as refused, database.write() as session:
        session.add(Habit(practice=private))
    assert private not in explain(refused.value)


def test_sqlite_keeps_every_commit_through_a_power_cut(sqlite_template: Path) -> None:
    database = Database(f"sqlite:///{sqlite_template}")
    with database.write() as session:
        found = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")]
    with database.read() as session:
        found += [session.scalar(text(f"PRAGMA {name}")) for name in ("foreign_keys", "synchronous")]
    database.close()
    full = 2
    assert found == ["wal", full, 1, full]


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


def test_a_file_that_may_not_be_written(sqlite_template: Path) -> None:
    template = sqlite_template.read_bytes()
    with plain_user() as folder:
        path, database = sqlite_copy(template, folder)
        path.chmod(0o444)
        assert sentence(database) == SQLITE_TROUBLE["SQLITE_READONLY"]
        assert path.read_bytes() == template


def test_a_folder_that_may_not_be_written(sqlite_template: Path) -> None:
    template = sqlite_template.read_bytes()
    with plain_user() as folder:
        _, database = sqlite_copy(template, folder)
        folder.chmod(0o555)
        assert sentence(database) == SQLITE_TROUBLE["SQLITE_READONLY"]


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
