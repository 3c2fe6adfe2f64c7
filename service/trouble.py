"""What can go wrong with the database, each in one sentence that says what to do."""

import re
import sqlite3
from typing import cast

from sqlalchemy.exc import DBAPIError

from service.errors import AttuneError

GONE = "The database file is gone; put it back from a backup, then start Attune again."


class DatabaseError(AttuneError):
    """The database cannot be used; the message says what to do."""


SQLITE_TROUBLE = {
    "SQLITE_BUSY": "The database is locked by another program; close what holds it and try again.",
    "SQLITE_LOCKED": "The database is locked by another program; close what holds it and try again.",
    "SQLITE_READONLY": "The database cannot be written; make its file and folder writable for this user.",
    "SQLITE_FULL": "The disk is full; nothing was changed. Free some space and try again.",
    "SQLITE_IOERR": "The disk of the database does not answer; nothing was changed. Check it and try again.",
    "SQLITE_CANTOPEN": "The database file cannot be opened; check that its folder exists and is writable.",
    "SQLITE_CORRUPT": "The database file is damaged; restore the newest backup.",
    "SQLITE_NOTADB": "The file in ATTUNE_DATABASE_URL is not an SQLite database; point it to another one.",
    "SQLITE_PERM": "The database file may not be opened by this user; change its owner or mode.",
}


NO_TABLES = "The database has no tables of Attune's yet; run `attune db upgrade`."
POSTGRESQL_TROUBLE = {
    "08": "PostgreSQL does not answer; check that it runs and that ATTUNE_DATABASE_URL names it.",
    "25006": "PostgreSQL takes no changes here; point ATTUNE_DATABASE_URL to the server that does.",
    "28": "PostgreSQL refused the login; check user and password in ATTUNE_DATABASE_URL.",
    "3D000": "PostgreSQL has no such database; create it, then run `attune db upgrade`.",
    "42501": "The user in ATTUNE_DATABASE_URL may not do that; make it the owner of the database.",
    "42703": NO_TABLES,
    "42P01": NO_TABLES,
    "53300": "PostgreSQL has no connection left; close what holds them, or raise its max_connections.",
    "53": "PostgreSQL is out of disk or memory; nothing was changed.",
    "57P": "PostgreSQL does not answer; check that it runs and that ATTUNE_DATABASE_URL names it.",
}
REFUSED = {
    r'database ".*" does not exist': "3D000",
    r'password|authentication|pg_hba\.conf|role ".*" (does not exist|is not permitted)': "28000",
    r"too many (clients|connections)|connection slots": "53300",
}
"""What the server says of a connection that it refuses: libpq passes on the words and no SQLSTATE."""


def explain(error: DBAPIError | DatabaseError) -> str:
    """Return one sentence that says what is wrong with the database and what to do; it names no value."""
    if isinstance(error, DatabaseError):
        return str(error)
    original = cast(object, error.orig)
    if isinstance(original, sqlite3.Error):
        return _explain_sqlite(original)
    state = getattr(original, "sqlstate", None) or _state_of_refusal(str(original))
    for prefix, sentence in POSTGRESQL_TROUBLE.items():
        if state.startswith(prefix):
            return sentence
    return f"PostgreSQL refused (SQLSTATE {state}); run `attune doctor`."


def _explain_sqlite(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "") or ""
    for prefix, sentence in SQLITE_TROUBLE.items():
        if name.startswith(prefix):
            return sentence
    if "no such table" in str(error) or "no such column" in str(error):
        return NO_TABLES
    return f"SQLite refused ({name or 'no code'}); run `attune doctor`."


def _state_of_refusal(words: str) -> str:
    return next((state for pattern, state in REFUSED.items() if re.search(pattern, words)), "08001")
