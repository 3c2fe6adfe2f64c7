"""The bound of planning: the same rows from pure SQL, without zones, policy, history or sealed words."""

import sqlite3
from contextlib import closing

import psycopg
from sqlalchemy import make_url

from tests.bench.filling import at
from tests.bench.ground import DAY, NOW

BATCH = 500
WORDS = b"w" * 200
VALUES = {
    "now": at(NOW),
    "until": at(NOW + 2 * (DAY / 24)),
    "day": str(NOW.date()),
    "turn": NOW.date().toordinal(),
    "words": WORDS,
}

POSTGRESQL = f"""
WITH due AS (
    SELECT id FROM person WHERE due_at <= %(now)s ORDER BY due_at LIMIT {BATCH} FOR UPDATE SKIP LOCKED
), rung AS (
    SELECT reminder.* FROM reminder JOIN due ON due.id = reminder.person_id WHERE next_at <= %(now)s
), made AS (
    INSERT INTO nudge (id, person_id, kind, cause_kind, cause_id, turn, state, due_at, not_before, expires_at,
                       words_sealed)
    SELECT gen_random_uuid(), person_id, 'nudge', 'reminder', min(id::text)::uuid, %(turn)s, 'planned',
           %(now)s::timestamptz, %(now)s::timestamptz, %(until)s::timestamptz, %(words)s
    FROM rung GROUP BY person_id ON CONFLICT DO NOTHING RETURNING id, person_id
), items AS (
    INSERT INTO nudge_item (nudge_id, position, habit_id, person_id, reminder_id, day, turn)
    SELECT made.id, row_number() OVER (PARTITION BY rung.person_id), habit_id, rung.person_id, rung.id,
           %(day)s::date, 0
    FROM rung JOIN made USING (person_id) ON CONFLICT DO NOTHING
), moved AS (
    UPDATE reminder SET fired_on = %(day)s::date, next_at = reminder.next_at + interval '1 day'
    FROM rung WHERE reminder.id = rung.id
)
UPDATE person SET due_at = due_at + interval '1 day' FROM due WHERE person.id = due.id
"""

SQLITE = (
    "CREATE TEMP TABLE due AS SELECT lower(hex(randomblob(16))) AS nudge_id, id FROM person"
    f" WHERE due_at <= :now ORDER BY due_at LIMIT {BATCH}",
    "CREATE TEMP TABLE rung AS SELECT due.nudge_id, reminder.* FROM due JOIN reminder"
    " ON reminder.person_id = due.id WHERE next_at <= :now",
    "INSERT INTO nudge (id, person_id, kind, cause_kind, cause_id, turn, state, due_at, not_before,"
    " expires_at, words_sealed) SELECT nudge_id, person_id, 'nudge', 'reminder', min(id), :turn, 'planned',"
    " :now, :now, :until, :words FROM rung GROUP BY person_id",
    "INSERT INTO nudge_item (nudge_id, position, habit_id, person_id, reminder_id, day, turn)"
    " SELECT nudge_id, row_number() OVER (PARTITION BY nudge_id), habit_id, person_id, id, :day, 0 FROM rung",
    "UPDATE reminder SET fired_on = :day, next_at = datetime(next_at, '+1 day') || '.000000'"
    " WHERE id IN (SELECT id FROM rung)",
    "UPDATE person SET due_at = datetime(due_at, '+1 day') || '.000000' WHERE id IN (SELECT id FROM due)",
)


def plan(url: str) -> None:
    """Move everybody on who is due, with a nudge for each."""
    if url.startswith("sqlite"):
        _sqlite(url)
    else:
        _postgresql(url)


def _postgresql(url: str) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        connection.execute("SET timezone = 'UTC'")
        connection.commit()
        while connection.execute(POSTGRESQL, VALUES).rowcount:
            connection.commit()


def _sqlite(url: str) -> None:
    with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as connection:
        for setting in ("synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {setting}")
        going = True
        while going:
            connection.execute("BEGIN IMMEDIATE")
            going = [connection.execute(statement, VALUES).rowcount for statement in SQLITE][-1] > 0
            connection.execute("DROP TABLE rung")
            connection.execute("DROP TABLE due")
            connection.execute("COMMIT")
