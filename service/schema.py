"""The version of the tables and the key they belong to, checked by every start. `migrate` brings them up."""

import os
from pathlib import Path

from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from service.db import insert_new
from service.models import Meta
from service.sealing import KeyTrouble, Sealer
from service.trouble import NO_TABLES, POSTGRESQL_TROUBLE, SQLITE_TROUBLE, DatabaseError

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every revision, oldest first; a test holds it against the migrations folder."""
FINGERPRINT = "key_fingerprint"
"""The row that holds the key's fingerprint, sealed: it opens with the seal of the newest rotation only."""


def revision(session: Session) -> str | None:
    """Return the revision that the tables are at, or None if there are none."""
    if not inspect(session.connection()).has_table("alembic_version"):
        return None
    found: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def check(session: Session) -> None:
    """Raise DatabaseError, in one sentence, unless the tables are those of this version."""
    found = revision(session)
    if found == REVISIONS[-1]:
        return
    if found is None:
        raise DatabaseError(NO_TABLES)
    if found in REVISIONS:
        raise DatabaseError("The database is from an older Attune; back it up, then run `attune db upgrade`.")
    raise DatabaseError(
        "The database is from a newer Attune than this one; install the newer version, nothing was changed."
    )


def check_key(session: Session, sealer: Sealer) -> None:
    """Raise KeyTrouble unless this is the key that the database was sealed with."""
    kept = session.scalar(select(Meta.value).where(Meta.key == FINGERPRINT))
    if kept is None:
        raise KeyTrouble("This database belongs to no key yet; run `attune db upgrade`.")
    if not _opens(sealer, kept):
        raise KeyTrouble(
            "The key of this installation is not the one that its database was sealed with; "
            "put back the right key, nothing was changed."
        )


def check_writable(session: Session) -> None:
    """Raise DatabaseError if nothing could be written; no lock is taken for it, and nothing written."""
    engine = session.get_bind()
    if engine.dialect.name == "postgresql":
        if session.scalar(text("SELECT current_setting('transaction_read_only')")) == "on":
            raise DatabaseError(POSTGRESQL_TROUBLE["25006"])
        return
    file = Path(session.connection().engine.url.database or "")
    effective = os.access in os.supports_effective_ids
    if not all(os.access(path, os.W_OK, effective_ids=effective) for path in (file, file.parent)):
        raise DatabaseError(SQLITE_TROUBLE["SQLITE_READONLY"])


def bind_key(session: Session, sealer: Sealer) -> None:
    """Bind a database without a key to this one, once. Raises KeyTrouble if it is bound to another."""
    sealed = sealer.seal(sealer.fingerprint).decode()
    insert_new(session, Meta, [{"key": FINGERPRINT, "value": sealed}])
    check_key(session, sealer)


def _opens(sealer: Sealer, sealed: str) -> bool:
    try:
        return sealer.unseal(sealed.encode()) == sealer.fingerprint
    except KeyTrouble:
        return False
