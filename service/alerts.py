"""The admin is told by e-mail, once each time: a channel stops, it works again, the day's limit is reached.

Told is noted before the call, so that a crash never tells twice; what a channel surely did not take is told
again a minute later. The e-mail names a channel and a provider's code, never a number.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

import structlog
from sqlalchemy import CursorResult, Update, and_, or_, select, update
from sqlalchemy.orm import Session

from notifiers.base import Kind, Message, Notifier, SendError
from service import composing
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
NO_ANSWER = "the daemon ended in the middle"


class About(StrEnum):
    """What an alert is about: its text in the catalogue."""

    STOPPED = "alert_stopped"
    WORKS = "alert_works"
    CAPPED = "alert_capped"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that the admin has not been told yet."""

    about: About
    sender: str = ""
    channel: str = ""
    code: str | None = None


def tell(site: Site, now: datetime) -> int:
    """Tell the admin what they have not been told yet, one thing at a time; return how many were sent."""
    if not site.settings.admin:
        return 0
    with site.db.read() as session:
        alert = next(iter(_untold(session, site, now)), None)
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
    capped = session.scalar(select(SenderState.sender).where(SenderState.capped_on == now.date()).limit(1))
    told_on = session.scalar(select(Meta.value).where(Meta.key == TOLD_OF_CAP))
    if capped and told_on != now.date().isoformat():
        found.append(Alert(About.CAPPED))
    return found


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
            insert_new(session, Meta, [{"key": TOLD_OF_CAP, "value": ""}])
            today = now.date().isoformat()
            untold = update(Meta).where(Meta.key == TOLD_OF_CAP, Meta.value != today)
            return _changed(session, untold.values(value=today))


def _give_back(session: Session, alert: Alert, now: datetime) -> None:
    """Note that the admin was not told after all."""
    of_it = update(SenderState).where(SenderState.sender == alert.sender)
    match alert.about:
        case About.STOPPED:
            _changed(session, of_it.where(SenderState.told_at == now).values(told_at=None))
        case About.WORKS:
            _changed(session, of_it.where(SenderState.told_at.is_(None)).values(told_at=now))
        case About.CAPPED:
            _changed(session, update(Meta).where(Meta.key == TOLD_OF_CAP).values(value=""))


def _changed(session: Session, change: Update) -> bool:
    done = session.execute(change.execution_options(synchronize_session=False))
    return cast(CursorResult[object], done).rowcount == 1


def _not_sent(site: Site, alert: Alert, now: datetime, error: SendError) -> int:
    log.warning("admin not told", kind=error.kind.value, code=error.code, why=error.reason)
    with site.db.write() as session:
        _note(session, error.reason)
        if error.kind is Kind.RETRY:
            _give_back(session, alert, now)
    return 0


def _note(session: Session, why: str) -> None:
    insert_new(session, Meta, [{"key": OPEN, "value": ""}])
    session.execute(update(Meta).where(Meta.key == OPEN).values(value=why[:255]))


def _message(site: Site, alert: Alert) -> Message:
    language, brand = site.settings.admin_language, site.settings.brand
    values = {"brand": brand, "channel": alert.channel, "code": alert.code or "-"}
    return Message(
        attempt_id=str(new_id()),
        to=site.settings.admin,
        text=composing.text(language, alert.about, **values),
        subject=composing.text(language, "subject_alert", brand=brand),
        language=language,
        address_kind=AddressKind.EMAIL,
    )
