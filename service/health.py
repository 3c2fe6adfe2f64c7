"""Whether a process can do its work: what `/readyz` answers, and what a ping stands for."""

from sqlalchemy.exc import DBAPIError

from service import schema
from service.db import DatabaseError, explain
from service.errors import AttuneError
from service.site import Site

GONE = "The database file is gone; put it back from a backup, then start Attune again."


def troubles(site: Site, late: list[str]) -> list[str]:
    """Return what keeps this process from its work, a sentence each; `late` names its jobs that hang."""
    found = [f"The job {name} has not run for too long." for name in late]
    try:
        if site.db.is_missing:
            # An open file stays readable when its name is gone, and what is written to it is lost.
            raise DatabaseError(GONE)
        with site.db.read() as session:
            schema.check(session)
    except AttuneError as error:
        found.append(str(error))
    except DBAPIError as error:
        found.append(explain(error))
    return found
