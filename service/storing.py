"""A person's message as it is kept, and the short way in for most of them: one statement, nothing locked."""

from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Insert, Table, bindparam, exists, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from habits import replies
from notifiers.base import Inbound
from service import addresses, loops, traces
from service.errors import WrongUsage
from service.ids import new_id
from service.models import Address, Person, Reply
from service.site import Site
from service.states import AddressKind, ReplyState

OLDEST = timedelta(days=3)
"""A message that was fetched counts for the day it came on, so far back at most."""
LONGEST = 1600
"""Characters of a message that are read; what is longer is cut."""
Values = dict[str, object]


def one_form(site: Site, kind: AddressKind, sender: str) -> str:
    """Return the one form of a sender's address; a short code or a name, which nobody has, as it is."""
    try:
        return addresses.normalised(kind, sender, site.settings.region)
    except WrongUsage:
        return sender.strip()


def text_of(message: Inbound) -> str:
    """Return the text that is kept; half of a pair of surrogates cannot be, nor sent by anybody."""
    return message.text[:LONGEST].encode("utf-8", "ignore").decode("utf-8")


def opts_out(message: Inbound, text: str) -> bool:
    """Say whether a message ends all others, by what its provider or its own words say."""
    return message.opted_out or replies.is_opt_out(text)


def row(
    site: Site, channel: str, kind: AddressKind, message: Inbound, text: str, lookup: bytes, now: datetime
) -> Values:
    """Return a new row, its text sealed; whose it is, and what it answers, its caller knows."""
    return {
        "id": new_id(),
        "channel": channel,
        "kind": kind,
        "provider_id": message.provider_id,
        "lookup": lookup,
        "state": ReplyState.RECEIVED,
        "tries": 0,
        "raw_sealed": site.sealer.seal(text),
        "answered": message.answered or message.opted_out,
        "echo": loops.echo(site.sealer, lookup, text),
        # When it came, as its provider says, if that can be: it may have been fetched later.
        "received_at": min(now, max(message.received_at or now, now - OLDEST)),
        "stored_at": now,
    }


def of_known(
    site: Site, channel: str, kind: AddressKind, message: Inbound, text: str, now: datetime
) -> UUID | None:
    """Keep a message from somebody's living address that changes nothing but this one row; return its id.

    None if nothing was kept: it is a repeat, or a stranger's, or there is more to it.
    """
    if message.reply_tokens or message.answers or opts_out(message, text):
        return None
    lookup = addresses.lookup(site.sealer, kind, one_form(site, kind, message.sender))
    kept = traces.hashed(site, channel, message.provider_id)
    statement = _statement(site.db.is_sqlite)

    def work(connection: Connection) -> UUID | None:
        # Sealed in here: what is sealed is committed before a rotation of the key goes on.
        values = row(site, channel, kind, message, text, lookup, now)
        reply_id = values["id"]
        assert isinstance(reply_id, UUID)
        added = connection.execute(statement, values | {"kept": kept})
        return reply_id if added.rowcount == 1 else None

    return site.db.add(work)


@cache
def _statement(on_sqlite: bool) -> Insert:
    """Return the statement that adds a row with the person whose address it is from.

    The person is shared, as the row's own foreign key shares them: whoever forgets them meanwhile is waited
    for, and nothing is added then. Nor is anything of somebody who was forgotten since the message came.
    """
    reply, address, person = (model.__table__ for model in (Reply, Address, Person))
    assert isinstance(reply, Table)
    names = [column.name for column in reply.columns if column.name not in ("person_id", "nudge_id")]
    given: list[ColumnElement[object]] = [bindparam(name, type_=reply.c[name].type) for name in names]
    found = (
        select(*given, address.c.person_id)
        .join_from(address, person, person.c.id == address.c.person_id)
        .where(
            address.c.lookup == bindparam("lookup"),
            address.c.dead_at.is_(None),
            ~exists().where(
                reply.c.channel == bindparam("channel"), reply.c.provider_id == bindparam("kept")
            ),
        )
        .with_for_update(read=True, key_share=True, of=person)
    )
    insert = sqlite_insert if on_sqlite else postgresql_insert
    added = insert(reply).from_select([*names, "person_id"], found).on_conflict_do_nothing()
    # Without the option psycopg's count is gone, and -1, before it can be asked for.
    return added.execution_options(preserve_rowcount=True)
