import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from service.batches import update_many
from service.db import Database, insert_new
from service.models import Couple, Habit, Meta
from service.trouble import DatabaseError, explain
from tests.conftest import SYNCED
from tests.service import other_process
from tests.service.looking import couples
from tests.service.other_process import add_couple


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


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_rows_that_postgresql_never_counted_are_counted(database: Database) -> None:
    def uncounted() -> bool:
        with database.read() as session:
            return bool(session.scalar(text("SELECT reltuples < 0 FROM pg_class WHERE relname = 'couple'")))

    add_couple(database)
    with database.write() as session:
        session.execute(text("SELECT pg_stat_reset()"))
        session.execute(text("UPDATE pg_class SET reltuples = -1 WHERE relname = 'couple'"))
    assert uncounted()
    database.count_rows()
    assert not uncounted()


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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_cannot_wait_shares_the_turns_and_gives_up(database_url: str, database: Database) -> None:
    hurried = Database(database_url, busy_seconds=0.1, beside=database)
    with database.write(), pytest.raises(DatabaseError, match="locked"):
        add_couple(hurried)
    add_couple(hurried)
    assert couples(database) == 1
    hurried.close()


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


def test_what_is_inserted_or_changed_in_one_go_is_there_as_it_was_given(database: Database) -> None:
    texts = ('"quoted", {braced}', "back\\slash\\", "NULL", "", "ünïcode 🙂\n'")
    with database.write() as session:
        insert_new(session, Meta, [{"key": f"a{n}", "value": text} for n, text in enumerate(texts)])
        turned = [{"key": f"a{n}", "value": text} for n, text in enumerate(reversed(texts))]
    with database.read() as session:
        kept = select(Meta.value).where(Meta.key.like("a_")).order_by(Meta.key)
        assert tuple(session.scalars(kept)) == texts
    with database.write() as session:
        update_many(session, Meta, turned, ("key",))
    with database.read() as session:
        assert tuple(session.scalars(kept)) == texts[::-1]


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
    SYNCED.add(database.engine.pool)
    with database.write() as session:
        found = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")]
    with database.read() as session:
        found += [session.scalar(text(f"PRAGMA {name}")) for name in ("foreign_keys", "synchronous")]
    database.close()
    full = 2
    assert found == ["wal", full, 1, full]


def test_the_write_lock_is_taken_before_anything_is_done(sqlite_template: Path, tmp_path: Path) -> None:
    """What is sealed inside could otherwise wait for the lock while the key is replaced."""
    path = tmp_path / "attune.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}", busy_seconds=0.05)
    began = False
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(DBAPIError), database.write():
            began = True
    assert not began
    database.close()
