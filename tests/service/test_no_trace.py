"""Somebody who is forgotten leaves no trace: in no table, in no file of the database, in nothing logged."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import LargeBinary, insert, select
from sqlalchemy.orm import Session

from service import jobs, privacy
from service.models import AccessLog, Attempt, Nudge, Row
from tests import logs
from tests.service.lives import lived_together
from tests.walk.saying import says
from tests.walk.test_ending import code_in
from tests.world import NUMBERS, World

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LEDGER = "consent"
Table = list[dict[str, object]]


def everything(session: Session) -> dict[str, Table]:
    return {
        table.name: [dict(row) for row in session.execute(select(table)).mappings()]
        for table in Row.metadata.sorted_tables
    }


def ids_of(session: Session, person: UUID) -> set[UUID]:
    """The ids of a person and of all rows that are theirs alone; the ledger's own stay."""
    found = {person}
    for table in Row.metadata.sorted_tables:
        if "person_id" in table.c and "id" in table.c:
            found.update(session.scalars(select(table.c.id).where(table.c.person_id == person)))
    return found | set(session.scalars(select(Attempt.id).join(Nudge).where(Nudge.person_id == person)))


def words_of(session: Session, person: UUID) -> set[str]:
    """What providers call their messages."""
    sent = select(Attempt.provider_id).join(Nudge).where(Nudge.person_id == person)
    came = select(Row.metadata.tables["reply"].c.provider_id).where(
        Row.metadata.tables["reply"].c.person_id == person
    )
    return {word for word in (*session.scalars(sent), *session.scalars(came)) if word}


def sealed_of(rows: dict[str, Table], ids: set[UUID]) -> set[bytes]:
    columns = {(t.name, c.name) for t in Row.metadata.sorted_tables for c in t.c if is_sealed(c.name, c.type)}
    return {
        value
        for name, column in columns
        for row in rows[name]
        if ids & set(row.values()) and isinstance(value := row[column], bytes)
    }


def is_sealed(name: str, kind: object) -> bool:
    return isinstance(kind, LargeBinary) and name != "lookup"


def traces(world: World, name: str, person: UUID) -> set[bytes]:
    """All by which somebody could be told, as it may stand in a file."""
    with world.site.db.read() as session:
        ids, words, rows = ids_of(session, person), words_of(session, person), everything(session)
    number = NUMBERS[name]
    texts = {name, number, number[1:], *words, *(id_.hex for id_ in ids), *map(str, ids)}
    return {text.encode() for text in texts} | {id_.bytes for id_ in ids} | sealed_of(rows, ids)


def dump(world: World) -> bytes:
    """All that the store holds: the files with the log, or every table as PostgreSQL copies it out."""
    if world.site.db.is_sqlite:
        file = Path(world.site.db.engine.url.database or "")
        return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    copied = bytearray()
    with world.site.db.engine.connect() as connection:
        cursor = connection.connection.cursor()
        for table in Row.metadata.sorted_tables:
            for query in (f"COPY {table.name} TO STDOUT", f"COPY {table.name} TO STDOUT (FORMAT binary)"):
                with cursor.copy(query) as out:
                    copied += b"".join(map(bytes, out))
    return bytes(copied)


def found_in(text: bytes, wanted: set[bytes]) -> set[bytes]:
    return {one for one in wanted if one in text}


def test_who_is_forgotten_leaves_no_trace_and_the_other_keeps_all(world: World, tmp_path: Path) -> None:
    with logs.kept_in(tmp_path / "log"):
        alex, sam = lived_together(world)
        wanted, other = traces(world, "Alex", alex), traces(world, "Sam", sam)
        with world.site.db.read() as session:
            before, ids = everything(session), ids_of(session, alex)
        assert {name for name, rows in before.items() if not rows} == set()  # A new table has to be filled.
        in_store = found_in(dump(world), wanted)
        assert len(in_store) > 100
        assert alex.hex.encode() in in_store or alex.bytes in in_store
        assert privacy.forget(world.site, alex)
        world.run()
    assert found_in(dump(world), wanted) == set()
    assert found_in((tmp_path / "log").read_bytes(), wanted) == set()
    assert len(found_in(dump(world), other)) > 100
    with world.site.db.read() as session:
        after = everything(session)
    compare(before, after, ids)


def compare(before: dict[str, Table], after: dict[str, Table], gone: set[UUID]) -> None:
    """Every row that named nobody who is gone is there as it was; there are new joint days, and no more."""
    for name, rows in before.items():
        stays = [plain(row) for row in rows if not gone & set(row.values())]
        now = [plain(row) for row in after[name]]
        match name:
            case "joint_day":
                assert set(stays) < set(now)
            case "consent":
                assert len(now) == len(rows)
                assert set(stays) <= set(now)
            case "receipt" | "goal":
                assert set(now) <= set(stays)
                assert now
            case "meta":
                assert not [row for row in now if "traces" in row]
            case _:
                assert sorted(now) == sorted(stays), name


def plain(row: dict[str, object]) -> str:
    return repr(sorted(row.items()))


def test_delete_by_message_leaves_as_little(world: World) -> None:
    charlie = world.join("Charlie")
    world.take_up("gratitude", "daily", "daily 12:00", charlie)
    world.goes_on(world.at.replace(hour=13))
    world.says("Charlie", "done")
    answer = says(world, "delete", "Charlie")
    wanted = traces(world, "Charlie", charlie)
    world.run()
    understood = world.says("Charlie", code_in(answer))
    assert understood is not None
    assert understood.forgets
    assert found_in(dump(world), wanted) == set()
    with world.site.db.read() as session:
        left = {name for name, rows in everything(session).items() if rows}
    assert left == {"meta", "consent", "suppression", "sender_state", "wording"}


@SQLITE
def test_pages_that_were_split_keep_no_remains(world: World) -> None:
    charlie, sam = world.join("Charlie"), world.join("Sam")
    look = {"actor": "operator", "what": "log", "at": world.at}
    with world.site.db.write() as session:
        for _ in range(2000):
            # In no order, so that pages are split in their middle and joined again.
            session.execute(
                insert(AccessLog), [{"id": uuid4(), "person_id": p, **look} for p in (charlie, sam)]
            )
    wanted = traces(world, "Charlie", charlie)
    assert privacy.forget(world.site, charlie)
    assert found_in(dump(world), wanted) == set()


@SQLITE
def test_while_somebody_reads_the_log_is_left_to_the_tidying(world: World) -> None:
    charlie = world.join("Charlie")
    wanted = traces(world, "Charlie", charlie)
    with reading(world):
        assert not privacy.forget(world.site, charlie, seconds=0.1)
        assert jobs.tidy(world.site) == 0
        assert found_in(dump(world), wanted)
    assert jobs.tidy(world.site) == 1
    assert found_in(dump(world), wanted) == set()
    assert jobs.tidy(world.site) == 0


@contextmanager
def reading(world: World) -> Iterator[None]:
    """Another program that looks at the database and takes its time."""
    other = sqlite3.connect(Path(world.site.db.engine.url.database or ""), isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM person").fetchone()
    yield
    other.close()


@SQLITE
def test_the_lock_is_waited_for_as_before_afterwards(world: World) -> None:
    assert world.site.db.purge()
    with world.site.db.read() as session:
        waits = session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar()
    assert waits == world.site.settings.busy_seconds * 1000
