"""A new key for a database that is in use: `attune key rotate`, safe to kill at any instant and to repeat.

The key file says how far it has come. One seal: nothing is under way. Several: all values are being sealed
with the first; whoever runs this again carries on with that. The order is what keeps it safe:

1. The old line is kept beside the key, for the backups that were made with it.
2. In one transaction the fingerprint is sealed with the new seal, and the key file replaced by one of both.
   From here on a copy of the old key alone is refused, and processes at work follow the file.
3. Whatever was sealed before that is committed before we go on (`_fence`).
4. All values are sealed anew, in batches, until one whole pass finds none that needs it.
5. The old seals leave the key file.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, bindparam, func, literal, select, text, tuple_, update

from service import schema, traces
from service.errors import AttuneError
from service.models import Meta, Row
from service.sealing import (
    KeyTrouble,
    Line,
    Sealer,
    give_to_owner_of,
    new_seal,
    parse,
    replace_key,
    write_key,
)
from service.site import Site, key_file

OLD = "old_key-"
"""How the names of older keys begin. Not with `attune_`: they would be taken for settings."""
BATCH = 500
"""Rows looked at in one go, and so the most that one transaction changes."""
WAIT_SECONDS = 60.0
"""How long we wait for transactions of others that began before the key was replaced."""
INSIST_SECONDS = 10.0
"""So long it is tried to leave nothing of the old key's in SQLite's log while others read."""
LOOK_AGAIN_SECONDS = 0.05
Values = dict[str, Any]
Tell = Callable[[int, int], None]
"""Is told how many rows of how many have been looked at in a pass."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation came to."""

    resealed: int
    """Values that this run has sealed anew."""
    proved: int
    """Values of which the last pass has seen that the new key alone opens them."""
    carried_on: bool
    """An earlier rotation was left half-done, and is done now; no newer key was made."""
    key: Path
    old_key: Path


def rotate(site: Site, now: datetime, tell: Tell = lambda _done, _all: None) -> Rotated:
    """Seal the whole database anew, while others work with it; or end a rotation that was cut short.

    Raises KeyTrouble, with nothing changed, if the key does not come from the key file, or if another
    rotation is going on; and, with the old seals still in the key file, if a value opens with none of them.
    """
    file = key_file(site.settings)
    with _alone(file.parent):
        line = _line_of(site, file)
        carried_on = len(line.seals) > 1
        if carried_on:
            old = Line(line.root, line.seals[1:])
        else:
            old, line = line, Line(line.root, (new_seal(), *line.seals))
        kept = _keep(file, old, now)
        newest = Sealer(str(Line(line.root, line.seals[:1])))
        _begin(site, file, newest, line)
        _fence(site)
        resealed, proved = _reseal_all(site, newest, Sealer(str(line)), tell)
        _end(file, line)
    # What the old key opens is to be found in no corner of the file; the daemon goes on while others read.
    with site.db.write() as session:
        traces.mark(session)
    traces.wipe(site, INSIST_SECONDS)
    return Rotated(resealed, proved, carried_on, file, kept)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a second rotation out: it would drop the seals of the first."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        raise KeyTrouble(NOT_FROM_FILE.format(file=folder / "attune_key")) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise KeyTrouble("Another `attune key rotate` is at work; nothing was changed.") from None
    else:
        yield
    finally:
        os.close(descriptor)


NOT_FROM_FILE = (
    "The key in use does not come from {file}, so it cannot be replaced; put it into that file and unset "
    "ATTUNE_KEY, nothing was changed."
)


def _line_of(site: Site, file: Path) -> Line:
    """Return the line in the key file. Raises KeyTrouble unless the key in use is that one."""
    try:
        line = parse(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise KeyTrouble(NOT_FROM_FILE.format(file=file)) from None
    # Read again and not taken from the settings: a rotation may have ended while we waited.
    elsewhere = any(value and name.upper() == "ATTUNE_KEY" for name, value in os.environ.items())
    if elsewhere or Sealer(str(line)).fingerprint != site.sealer.fingerprint:
        raise KeyTrouble(NOT_FROM_FILE.format(file=file))
    return line


def _keep(key: Path, old: Line, now: datetime) -> Path:
    """Keep the old line in a file of its own, once: without it a backup made before can never be read."""
    for found in key.parent.glob(f"{OLD}*"):
        if found.read_text("utf-8").strip() == str(old):
            return found
    file = key.parent / f"{OLD}{now:%Y%m%dT%H%M%S.%fZ}"
    write_key(file, str(old))
    give_to_owner_of(key, file)
    return file


def _begin(site: Site, file: Path, newest: Sealer, line: Line) -> None:
    """Bind the database to the new seal, and put that first in the key file; safe to repeat."""
    with site.db.write() as session:
        schema.check_key(session, Sealer(str(line)))
        sealed = newest.seal(newest.fingerprint).decode()
        session.execute(update(Meta).where(Meta.key == schema.FINGERPRINT).values(value=sealed))
        if parse(file.read_text("utf-8")) != line:
            replace_key(file, str(line))


def _fence(site: Site) -> None:
    """Wait until every transaction has ended in which something may have been sealed with an old seal.

    On SQLite they ended before `_begin` got the write lock; PostgreSQL is asked. Raises AttuneError if one
    of them lasts.
    """
    if site.db.is_sqlite:
        return
    with site.db.read() as session:
        since = session.scalar(text("SELECT clock_timestamp()"))
    until = time.monotonic() + WAIT_SECONDS
    while True:
        with site.db.read() as session:
            older = session.scalar(OLDER, {"since": since})
        if not older:
            return
        if time.monotonic() > until:
            raise AttuneError(
                "Another program has had a transaction open for a minute; end it, or wait for its end, "
                "then run `attune key rotate` again, which carries on."
            )
        time.sleep(LOOK_AGAIN_SECONDS)


OLDER = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start < :since"
)


def _reseal_all(site: Site, newest: Sealer, opener: Sealer, tell: Tell) -> tuple[int, int]:
    """Seal all values anew until one pass has nothing to do; return how many were, and how many it saw."""
    resealed = 0
    while True:
        did, saw = _pass(site, newest, opener, tell)
        resealed += did
        if not did:
            return resealed, saw


def _pass(site: Site, newest: Sealer, opener: Sealer, tell: Tell) -> tuple[int, int]:
    columns = sealed_columns()
    with site.db.read() as session:
        total = sum(session.scalar(select(func.count(column))) or 0 for column in columns)
    did = saw = 0
    for column in columns:
        for rows in _batches(site, column):
            changes = _changes(rows, column, newest, opener)
            # Where somebody else was quicker, nothing is written; the next pass looks at it.
            _write(site, column, changes)
            did += len(changes)
            saw += len(rows)
            tell(min(saw, total), total)
    return did, saw


def sealed_columns() -> list[Column[Any]]:
    """Return every column that holds something sealed; the fingerprint of the key in `meta` is apart."""
    tables = Row.metadata.sorted_tables
    return [column for table in tables for column in table.columns if column.name.endswith("_sealed")]


def _batches(site: Site, column: Column[Any]) -> Iterator[list[Values]]:
    """Yield the rows with something sealed, by primary key, each batch read on its own."""
    keys = list(column.table.primary_key.columns)
    wanted = select(*keys, column).where(column.is_not(None)).order_by(*keys).limit(BATCH)
    batch = wanted
    while True:
        with site.db.read() as session:
            rows = [dict(row) for row in session.execute(batch).mappings()]
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        last = [literal(rows[-1][key.name], key.type) for key in keys]
        batch = wanted.where(tuple_(*keys) > tuple_(*last))


def _changes(rows: list[Values], column: Column[Any], newest: Sealer, opener: Sealer) -> list[Values]:
    """Return the rows that do not open with the new seal alone, each with its value sealed anew as `new`."""
    try:
        return [
            row | {"new": newest.seal(opener.unseal(row[column.name]))}
            for row in rows
            if not _opens(newest, row[column.name])
        ]
    except KeyTrouble:
        raise KeyTrouble(
            f"A value in the table {column.table.name} opens with no key here, so the old key "
            "stays in use beside the new one; restore a backup, then run `attune key rotate` again."
        ) from None


def _opens(sealer: Sealer, value: bytes) -> bool:
    try:
        sealer.unseal(value)
    except KeyTrouble:
        return False
    return True


def _write(site: Site, column: Column[Any], changes: list[Values]) -> None:
    """Write values sealed anew over those that were read, but over nothing that was written since."""
    if not changes:
        return
    same = [key == bindparam(f"is_{key.name}", type_=key.type) for key in column.table.primary_key.columns]
    same.append(column == bindparam("is_sealed"))
    statement = update(column.table).where(*same).values({column.name: bindparam("new")})
    with site.db.write() as session:
        session.connection().execute(statement, [_bound(column, change) for change in changes])


def _bound(column: Column[Any], change: Values) -> Values:
    keys = {f"is_{key.name}": change[key.name] for key in column.table.primary_key.columns}
    return {**keys, "is_sealed": change[column.name], "new": change["new"]}


def _end(file: Path, line: Line) -> None:
    """Leave the new seal alone in the key file. Raises KeyTrouble if the file is not as we left it."""
    if parse(file.read_text("utf-8")) != line:
        raise KeyTrouble("The key file was changed meanwhile; run `attune key rotate` again.")
    replace_key(file, str(Line(line.root, line.seals[:1])))
