"""The admin is told by e-mail, once each time: a channel stops, or cannot be read for half an hour, it works
again, the day's limit is reached.

Told is noted before the call, so that a crash never tells twice; what a channel surely did not take is told
again a minute later, or a quarter of an hour later if it refuses its own account. The e-mail names a channel
and a provider's code, never a number. Lock order: what is told, then the notes on the e-mails themselves.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

import structlog
from sqlalchemy import CursorResult, Update, and_, or_, select, update
from sqlalchemy.orm import Session

from notifiers.base import Kind, Message, Notifier, SendError
from service import composing, hearing
from service.db import insert_new
from service.ids import new_id
from service.models import Meta, SenderState
from service.site import Site
from service.states import AddressKind

log = structlog.get_logger()

TOLD_OF_CAP = "told of cap"
"""The key of the day, in UTC, on which the admin was last told that the limit is reached."""
OPEN = "alert"
"""The key of why the last e-mail to the admin has not gone out; blank once one has."""
WAITS = "alert waits"
"""The key of until when no e-mail is tried: the account of the channel for mail was refused."""
PATIENCE = timedelta(minutes=15)
"""A login that is refused each minute is soon locked."""
NO_ANSWER = "the daemon ended in the middle"


class About(StrEnum):
    """What an alert is about: its text in the catalogue."""

    STOPPED = "alert_stopped"
    WORKS = "alert_works"
    CAPPED = "alert_capped"
    UNREAD = "alert_unread"
    READ = "alert_read"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that the admin has not been told yet."""

    about: About
    sender: str = ""
    channel: str = ""
    code: str | None = None
    why: str = ""
    since_at: datetime | None = None


def tell(site: Site, now: datetime) -> int:
    """Tell the admin what they have not been told yet, one thing at a time; return how many were sent."""
    if not site.settings.admin:
        return 0
    with site.db.read() as session:
        alert = None if _waits(session, now) else next(iter(_untold(session, site, now)), None)
        notifier = carrier(session, site) if alert else None
    if alert is None or notifier is None:
        return 0
    with site.db.write() as session:
        if not _claim(session, alert, now):
            return 0  # Another process tells it.
        _note(session, NO_ANSWER)
    try:
        notifier.send(_message(site, alert))
    except SendError as error:
        return _not_sent(site, alert, now, error)
    except Exception as error:  # A channel with a bug: nobody knows whether the message went out.
        log.error("channel broke", channel=notifier.name, error=type(error).__name__)
        return _not_sent(site, alert, now, SendError(Kind.UNKNOWN, "the channel broke in the middle"))
    with site.db.write() as session:
        _note(session, "")
    return 1


def carrier(session: Session, site: Site) -> Notifier | None:
    """Return the first channel that reaches a mailbox and is not stopped itself."""
    stopped = set(session.scalars(select(SenderState.sender).where(SenderState.stopped_at.is_not(None))))
    able = (one for one in site.notifiers.values() if AddressKind.EMAIL in one.address_kinds)
    return next((one for one in able if one.sender not in stopped), None)


def trouble(session: Session) -> str:
    """Return why the last e-mail to the admin has not gone out, or nothing."""
    return session.scalar(select(Meta.value).where(Meta.key == OPEN)) or ""


def _waits(session: Session, now: datetime) -> bool:
    """Say whether no e-mail is to be tried yet; one that waits beyond that was noted by a clock set back."""
    until = session.scalar(select(Meta.value).where(Meta.key == WAITS))
    return bool(until) and now < datetime.fromisoformat(until or "") <= now + PATIENCE


def _untold(session: Session, site: Site, now: datetime) -> list[Alert]:
    """Return what the admin has not been told, of senders whose channel this process knows."""
    channels = {notifier.sender: name for name, notifier in site.notifiers.items()}
    changed = select(SenderState).where(
        or_(
            and_(SenderState.stopped_at.is_not(None), SenderState.told_at.is_(None)),
            and_(SenderState.stopped_at.is_(None), SenderState.told_at.is_not(None)),
        )
    )
    found = [
        Alert(
            About.STOPPED if state.stopped_at else About.WORKS,
            state.sender,
            channels[state.sender],
            state.code,
        )
        for state in session.scalars(changed.order_by(SenderState.sender))
        if state.sender in channels
    ]
    found.extend(_unread(session, site, now))
    capped = session.scalar(select(SenderState.sender).where(SenderState.capped_on == now.date()).limit(1))
    told_on = session.scalar(select(Meta.value).where(Meta.key == TOLD_OF_CAP))
    if capped and told_on != now.date().isoformat():
        found.append(Alert(About.CAPPED))
    return found


def _unread(session: Session, site: Site, now: datetime) -> list[Alert]:
    """Return which channels the admin does not know to be unreadable, or to be readable again."""
    deaf = {one.channel: one for one in hearing.deaf(session, site)}
    found = []
    for name in hearing.asked(site):
        told = bool(session.scalar(select(Meta.value).where(Meta.key == _told_of(name))))
        one = deaf.get(name)
        if one and one.for_long(now) and not told:
            found.append(Alert(About.UNREAD, channel=name, why=one.why, since_at=one.since_at))
        elif one is None and told:
            found.append(Alert(About.READ, channel=name))
    return found


def _told_of(channel: str) -> str:
    """Return the key of when the admin was told that a channel cannot be read; blank once it can be again."""
    return f"told unread {channel}"[:40]


def _claim(session: Session, alert: Alert, now: datetime) -> bool:
    """Note that the admin is told; say whether nobody else had noted it."""
    of_it = update(SenderState).where(SenderState.sender == alert.sender)
    match alert.about:
        case About.STOPPED:
            untold = of_it.where(SenderState.stopped_at.is_not(None), SenderState.told_at.is_(None))
            return _changed(session, untold.values(told_at=now))
        case About.WORKS:
            untold = of_it.where(SenderState.stopped_at.is_(None), SenderState.told_at.is_not(None))
            return _changed(session, untold.values(told_at=None))
        case About.CAPPED:
            return _put(session, TOLD_OF_CAP, now.date().isoformat())
        case About.UNREAD:
            insert_new(session, Meta, [{"key": _told_of(alert.channel), "value": ""}])
            untold = update(Meta).where(Meta.key == _told_of(alert.channel), Meta.value == "")
            return _changed(session, untold.values(value=now.isoformat()))
        case About.READ:
            return _put(session, _told_of(alert.channel), "")


def _give_back(session: Session, alert: Alert, now: datetime) -> None:
    """Note that the admin was not told after all."""
    of_it = update(SenderState).where(SenderState.sender == alert.sender)
    match alert.about:
        case About.STOPPED:
            _changed(session, of_it.where(SenderState.told_at == now).values(told_at=None))
        case About.WORKS:
            _changed(session, of_it.where(SenderState.told_at.is_(None)).values(told_at=now))
        case About.CAPPED:
            _put(session, TOLD_OF_CAP, "")
        case About.UNREAD:
            _put(session, _told_of(alert.channel), "")
        case About.READ:
            _put(session, _told_of(alert.channel), now.isoformat())


def _put(session: Session, key: str, value: str) -> bool:
    """Let a note have this value; say whether it had another one."""
    insert_new(session, Meta, [{"key": key, "value": ""}])
    return _changed(session, update(Meta).where(Meta.key == key, Meta.value != value).values(value=value))


def _changed(session: Session, change: Update) -> bool:
    done = session.execute(change.execution_options(synchronize_session=False))
    return cast(CursorResult[object], done).rowcount == 1


def _not_sent(site: Site, alert: Alert, now: datetime, error: SendError) -> int:
    log.warning("admin not told", kind=error.kind.value, code=error.code, why=error.reason)
    with site.db.write() as session:
        if error.kind in (Kind.RETRY, Kind.SENDER):
            _give_back(session, alert, now)
        if error.kind is Kind.SENDER:
            _put(session, WAITS, (now + PATIENCE).isoformat())
        _note(session, error.reason)
    return 0


def _note(session: Session, why: str) -> None:
    _put(session, OPEN, why[:255])


def _message(site: Site, alert: Alert) -> Message:
    language, brand = site.settings.admin_language, site.settings.brand
    values = {
        "brand": brand,
        "channel": alert.channel,
        "code": alert.code or "-",
        "why": alert.why,
        "since": f"{alert.since_at:%Y-%m-%d %H:%M}" if alert.since_at else "",
    }
    return Message(
        attempt_id=str(new_id()),
        to=site.settings.admin,
        text=composing.text(language, alert.about, **values),
        subject=composing.text(language, "subject_alert", brand=brand),
        language=language,
        address_kind=AddressKind.EMAIL,
    )
