"""The version of the tables and the key they belong to, checked by every start. `migrate` brings them up."""

from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from service.db import DatabaseError
from service.models import Meta
from service.sealing import KeyTrouble, Sealer

REVISIONS = ("0001",)
"""Every revision, oldest first; a test holds it against the migrations folder."""
FINGERPRINT = "key_fingerprint"


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
        raise DatabaseError("The database has no tables of Attune's yet; run `attune db upgrade`.")
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
    if kept != sealer.fingerprint:
        raise KeyTrouble(
            "The key of this installation is not the one that its database was sealed with; "
            "put back the right key, nothing was changed."
        )
