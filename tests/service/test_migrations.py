import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, func, inspect, make_url, select, text

from service import migrate, schema
from service.db import Database
from service.models import Meta, Row
from service.sealing import KeyTrouble, Sealer, new_key
from service.trouble import DatabaseError
from tests.conftest import KEY
from tests.service import other_process
from tests.service.looking import add_person, counts

HEAD = schema.REVISIONS[-1]


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    made = Database(empty_url)
    yield made
    made.close()


def revision(database: Database) -> str | None:
    with database.read() as session:
        return schema.revision(session)


def set_revision(database: Database, to: str) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": to})


def shape(connection: Connection) -> dict[str, object]:
    """Everything that the store knows of our tables."""
    found = inspect(connection)
    return {
        name: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(name)],
            found.get_pk_constraint(name),
            by_name(found.get_check_constraints(name)),
            by_name(found.get_unique_constraints(name)),
            by_name(found.get_foreign_keys(name)),
            by_name(found.get_indexes(name)),
        )
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def by_name(things: object) -> list[str]:
    assert isinstance(things, list)
    return sorted(map(plain, things))


def plain(thing: object) -> str:
    """What SQLAlchemy found, as words: it gives the condition of an index as an object of its own."""
    if isinstance(thing, dict):
        return str(sorted((key, plain(value)) for key, value in thing.items()))
    return str(thing)


def test_an_empty_database_gets_all_tables(empty: Database) -> None:
    assert revision(empty) is None
    assert migrate.upgrade(empty, Sealer(KEY)) == (None, HEAD)
    assert revision(empty) == HEAD
    with empty.read() as session:
        tables = set(inspect(session.connection()).get_table_names())
        schema.check(session)
        schema.check_key(session, Sealer(KEY))
    assert tables == {*Row.metadata.tables, "alembic_version"}


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    with database.engine.begin() as connection:
        command.check(migrate.config(connection))


def test_the_migrations_leave_no_constraint_out(database: Database) -> None:
    """`alembic check` looks at no CHECK constraint; this compares all with what the models would make."""
    with database.engine.begin() as connection:
        migrated = shape(connection)
        command.downgrade(migrate.config(connection), "base")
        assert shape(connection) == {}
        Row.metadata.create_all(connection)
        assert shape(connection) == migrated


def test_the_revisions_are_those_of_the_folder(database: Database) -> None:
    with database.engine.connect() as connection:
        folder = ScriptDirectory.from_config(migrate.config(connection))
    oldest_first = [script.revision for script in folder.walk_revisions()][::-1]
    assert tuple(oldest_first) == schema.REVISIONS


def test_down_and_up_again(database: Database) -> None:
    with database.engine.begin() as connection:
        before = shape(connection)
        command.downgrade(migrate.config(connection), "base")
    assert revision(database) is None
    assert migrate.upgrade(database, Sealer(new_key())) == (None, HEAD)
    with database.engine.begin() as connection:
        assert shape(connection) == before
    with database.write() as session:
        add_person(session)


def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    with database.write() as session:
        add_person(session)
        session.flush()
        before = counts(session)
    database.close()
    file = Path(database.engine.url.database or "")
    content = file.read_bytes() if database.is_sqlite else b""
    assert migrate.upgrade(database, Sealer(KEY)) == (HEAD, HEAD)
    database.close()
    assert content == (file.read_bytes() if database.is_sqlite else b"")
    with database.read() as session:
        assert counts(session) == before


def test_two_upgrades_at_once(empty_url: str) -> None:
    both = [other_process.start("upgrade", empty_url, KEY) for _ in range(2)]
    assert [one.communicate() for one in both] == [(b"", b""), (b"", b"")]
    database = Database(empty_url)
    assert migrate.upgrade(database, Sealer(KEY)) == (HEAD, HEAD)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Meta)) == 1
    database.close()


def test_an_upgrade_needs_the_right_key(database: Database) -> None:
    with pytest.raises(KeyTrouble, match="not the one"):
        migrate.upgrade(database, Sealer(new_key()))
    with database.read() as session:
        schema.check_key(session, Sealer(KEY))


def test_an_older_copy_of_a_rotated_key_is_refused(database: Database) -> None:
    prefix, root, seal = KEY.split(":")
    newer = f"{prefix}:{root}:{new_key().rpartition(':')[2]},{seal}"
    with database.write() as session:
        session.execute(delete(Meta).where(Meta.key == schema.FINGERPRINT))
        schema.bind_key(session, Sealer(newer))
        schema.bind_key(session, Sealer(newer))
    with database.read() as session:
        schema.check_key(session, Sealer(newer))
        with pytest.raises(KeyTrouble, match="put back the right key"):
            schema.check_key(session, Sealer(KEY))


def test_a_database_that_lost_its_key_row_is_not_taken_for_ours(database: Database) -> None:
    with database.write() as session:
        session.execute(delete(Meta).where(Meta.key == schema.FINGERPRINT))
    with database.read() as session, pytest.raises(KeyTrouble, match="no key yet; run `attune db upgrade`"):
        schema.check_key(session, Sealer(KEY))
    migrate.upgrade(database, Sealer(KEY))
    with database.read() as session:
        schema.check_key(session, Sealer(KEY))


def test_a_newer_database_is_not_touched(database: Database) -> None:
    set_revision(database, "9999")
    with pytest.raises(DatabaseError, match="newer Attune") as caught:
        migrate.upgrade(database, Sealer(KEY))
    assert caught.value.__cause__ is None
    assert revision(database) == "9999"


def test_an_upgrade_of_a_locked_file(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "attune.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}", busy_seconds=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError, match="locked by another program"):
            migrate.upgrade(database, Sealer(KEY))
    assert migrate.upgrade(database, Sealer(KEY)) == (HEAD, HEAD)
    database.close()


def test_an_upgrade_takes_the_write_lock_before_it_looks(sqlite_template: Path, tmp_path: Path) -> None:
    """Whoever looks first and locks later fails when another has written in between."""
    path = tmp_path / "attune.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    with (
        migrate.rebuilding(database),
        closing(sqlite3.connect(path, timeout=0)) as other,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")
    database.close()


def test_an_upgrade_of_what_is_not_there(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'no-folder' / 'attune.db'}")
    with pytest.raises(DatabaseError, match="check that its folder exists"):
        migrate.upgrade(database, Sealer(KEY))


def test_an_upgrade_of_a_server_that_is_not_there(postgres_url: str) -> None:
    url = make_url(postgres_url).set(drivername="postgresql+psycopg", port=1, password="hunter2-and-more")
    with pytest.raises(DatabaseError, match="does not answer") as caught:
        migrate.upgrade(Database(url.render_as_string(hide_password=False)), Sealer(KEY))
    assert "hunter2" not in str(caught.value)
