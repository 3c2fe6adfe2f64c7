"""Messages and reports that are fetched from providers: without an open port, and whatever a webhook missed.

Each channel has a mark in the database. It moves on only after all before it is stored, so that what a death
in between leaves is fetched again; what was stored already is known by its provider's id.
"""

from datetime import datetime

import structlog

from notifiers.base import Inbound, Poller, Report, SendError
from service import inbound, receipts, returned
from service.models import Meta
from service.site import Site
from service.states import AddressKind
from service.strangers import Sender

log = structlog.get_logger()

MOST_ROUNDS = 50
"""Fetched in one go at most; the next ring goes on from the mark."""


def poll(site: Site) -> int:
    """Fetch what is new from every channel that is to be asked; return how much of it was new."""
    return sum(
        _poll(site, name, notifier)
        for name, notifier in site.notifiers.items()
        if isinstance(notifier, Poller) and notifier.polls
    )


def _poll(site: Site, name: str, notifier: Poller) -> int:
    new = 0
    for _ in range(MOST_ROUNDS):
        now = site.now()
        mark = _mark(site, name)
        try:
            polled = notifier.poll(mark, now)
        except SendError as error:
            log.warning(
                "cannot fetch", channel=name, kind=error.kind.value, code=error.code, why=error.reason
            )
            break
        new += sum(_record(site, name, report, now) for report in polled.reports)
        new += sum(_take(site, name, message, now) for message in polled.messages)
        if polled.mark != mark:
            _move_mark(site, name, polled.mark)
        if not polled.more:
            break
    return new


def _record(site: Site, name: str, report: Report, now: datetime) -> bool:
    """Keep a report; say whether it was new."""
    attempt_id = returned.attempt_in(report.provider_id)
    return receipts.record(site, name, report, attempt_id, now)


def _take(site: Site, name: str, message: Inbound, now: datetime) -> bool:
    """Store a message and understand it; say whether it was new."""
    kind = AddressKind(message.address_kind)
    reply_id = inbound.store(site, name, kind, message, now)
    if reply_id:
        sender = Sender(kind, inbound.one_form(site, kind, message.sender), message.provider_id)
        inbound.understand(site, reply_id, now, sender)
    return reply_id is not None


def _mark(site: Site, name: str) -> str | None:
    with site.db.read() as session:
        row = session.get(Meta, _key(name))
        return row.value if row else None


def _move_mark(site: Site, name: str, mark: str) -> None:
    with site.db.write() as session:
        session.merge(Meta(key=_key(name), value=mark))


def _key(name: str) -> str:
    return f"mark {name}"[:40]
