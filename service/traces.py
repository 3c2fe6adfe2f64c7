"""What could bring back somebody who was forgotten: SQLite's log of writes, a provider's list of messages.

A mark is set in the transaction that forgets: whoever dies before the log is emptied leaves it to the daemon.
Of messages that a provider may list once more a keyed hash of its id is kept: without it they would be taken
for a stranger's, and an old yes for a new one.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from notifiers.base import Poller
from service.db import insert_new
from service.ids import new_id
from service.models import Meta, Reply
from service.site import Site
from service.states import ReplyState

LEFT = "traces_left"
LISTED_FOR = timedelta(days=31)
"""No provider is asked for messages that are older."""


def mark(session: Session) -> None:
    """Note that the log has to be emptied once this transaction is over."""
    if session.get_bind().dialect.name == "sqlite":
        session.merge(Meta(key=LEFT, value="yes"))
        session.flush()


def keep_ids(session: Session, site: Site, person_id: UUID, now: datetime) -> None:
    """Keep the hashes of a person's messages that may be listed again, before the messages go."""
    channels = [name for name, one in site.notifiers.items() if isinstance(one, Poller) and one.polls]
    listed = session.execute(
        select(Reply.channel, Reply.provider_id).where(
            Reply.person_id == person_id, Reply.channel.in_(channels), Reply.received_at > now - LISTED_FOR
        )
    )
    nobody = {"lookup": bytes(32), "state": ReplyState.UNDERSTOOD, "received_at": now}
    rows = [
        {"id": new_id(), "channel": channel, "provider_id": hashed(site, channel, provider_id), **nobody}
        for channel, provider_id in listed
    ]
    insert_new(session, Reply, rows)


def is_kept(session: Session, site: Site, channel: str, provider_id: str) -> bool:
    """Say whether a message is of somebody who was forgotten since it came."""
    kept = hashed(site, channel, provider_id)
    known = select(Reply.id).where(Reply.channel == channel, Reply.provider_id == kept)
    return session.scalar(known) is not None


def hashed(site: Site, channel: str, provider_id: str) -> str:
    """Return what is kept of a message's id once its person was forgotten."""
    return f"forgotten {site.sealer.lookup(f'message of {channel}', provider_id).hex()}"


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
