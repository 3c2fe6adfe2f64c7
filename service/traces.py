"""What SQLite's log of writes still holds of somebody who was forgotten, and that it goes.

A mark is set in the transaction that forgets: whoever dies before the log is emptied leaves it to the daemon.
"""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from service.models import Meta
from service.site import Site

LEFT = "traces_left"


def mark(session: Session) -> None:
    """Note that the log has to be emptied once this transaction is over."""
    if session.get_bind().dialect.name == "sqlite":
        session.merge(Meta(key=LEFT, value="yes"))
        session.flush()


def wipe(site: Site, seconds: float) -> bool:
    """Empty the log, trying for so long while somebody reads; say whether nothing is left in it."""
    if not site.db.purge(seconds):
        return False
    with site.db.write() as session:
        session.execute(delete(Meta).where(Meta.key == LEFT))
    return True


def wipe_left(site: Site) -> int:
    """Try once more where traces are left; return 1 if they are gone now."""
    with site.db.read() as session:
        left = session.get(Meta, LEFT) is not None
    return int(left and wipe(site, 0))
