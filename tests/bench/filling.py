"""Rows past the service: by COPY on PostgreSQL, in bulk on SQLite, so that millions stand within minutes."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Protocol

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from service.ids import new_id

Cell = str | int | float | bytes | None
Rows = Mapping[str, Sequence[Sequence[Cell]]]
"""The rows of each table, in the order in which tables refer to each other."""

COLUMNS = {
    "couple": "id",
    "person": "id couple_id name_sealed zone day_starts week_starts language country quiet_from quiet_to"
    " daily_cap discreet due_at rested_until last_sign_of_life_at",
    "address": "id person_id kind lookup value_sealed verified_at priority",
    "habit": "id couple_id practice joint started_on taper",
    "goal": "habit_id effective_on kind times days weekdays reserve",
    "member": "habit_id person_id number cue_sealed",
    "reminder": "id habit_id person_id purpose schedule seed starts_on fired_on next_at thinned",
    "pause": "id person_id habit_id from_on to_on",
    "entry": "id seq habit_id person_id day kind source source_id at",
    "nudge": "id person_id kind cause_kind cause_id turn state reason due_at not_before expires_at"
    " words_sealed sent_at",
    "nudge_item": "nudge_id position habit_id person_id reminder_id day turn prompt_id chance",
}


class Writer(Protocol):
    def __call__(self, rows: Rows) -> None: ...


def an_id() -> str:
    """Return an id as both stores read it."""
    return new_id().hex


def at(moment: datetime) -> str:
    """Return a UTC instant as both stores read it."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


@contextmanager
def filling(url: str) -> Iterator[Writer]:
    """Open a database for rows in bulk; no reference is checked, and nothing is safe from a power cut."""
    if url.startswith("sqlite"):
        with _sqlite(url) as write:
            yield write
    else:
        with _postgresql(url) as write:
            yield write


@contextmanager
def _sqlite(url: str) -> Iterator[Writer]:
    with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as connection:
        for setting in ("journal_mode = WAL", "synchronous = OFF", "cache_size = -400000"):
            connection.execute(f"PRAGMA {setting}")

        def write(rows: Rows) -> None:
            connection.execute("BEGIN")
            for table, lines in rows.items():
                columns = COLUMNS[table].split()
                marks = ", ".join("?" * len(columns))
                connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", lines)
            connection.execute("COMMIT")

        yield write
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _postgresql(url: str) -> Iterator[Writer]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET timezone = 'UTC'")
        connection.execute("SET synchronous_commit = off")

        def write(rows: Rows) -> None:
            with connection.transaction(), connection.cursor() as cursor:
                for table, lines in rows.items():
                    columns = map(sql.Identifier, COLUMNS[table].split())
                    into = sql.SQL("COPY {} ({}) FROM STDIN").format(
                        sql.Identifier(table), sql.SQL(", ").join(columns)
                    )
                    with cursor.copy(into) as copy:
                        for line in lines:
                            copy.write_row(line)

        yield write
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
