"""What was kept long enough goes, in small batches: words, messages, understood replies, events, looks.

Never what is still under way, nor what is looked at later: the nudges since somebody's last sign of life, by
which it is known how often they were asked; the prompts that they had since all had last been used; questions
of consent. Entries, goals, check-ins, the ledger and the list of suppressed addresses stay for good.

Each batch is found in a look and dropped in a write of its own, by the order of the keys, which is that of
time. Whatever ends a purge half-way, the next one carries on.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Select, and_, delete, exists, or_, select, tuple_, update
from sqlalchemy.orm import Session

from service import outbox
from service.models import (
    AccessLog,
    Attempt,
    Consent,
    Event,
    Member,
    Nudge,
    NudgeItem,
    Person,
    Receipt,
    Reply,
    Row,
)
from service.site import Site
from service.states import Cause, NudgeKind, NudgeState, ReplyState

AT_ONCE = 500
"""Rows that one transaction changes at most."""
BREATH_SECONDS = 0.02
"""Between two writes, for whoever else wants to."""
MOST_SECONDS = 60.0
"""So long one purge goes on; what is left is for the next, so that a daemon which is to stop can."""
OVER = (NudgeState.SENT, NudgeState.DELIVERED, NudgeState.LAPSED, NudgeState.FAILED)
LET_GO = (NudgeState.LAPSED, NudgeState.FAILED)
OF_CONSENT = (NudgeKind.CONSENT, NudgeKind.QUESTION)
"""How often and when these were asked is looked at later, and they are few."""
Key = UUID | int


@dataclass(frozen=True, slots=True)
class Kind:
    """What is dropped: how a row of it is known, when it is from, and which may go."""

    row: type[Row]
    key: ColumnElement[Key]
    at: ColumnElement[datetime]
    may_go: ColumnElement[bool]


def purge(site: Site) -> int:
    """Let go of what was kept long enough; return how many rows were changed. Safe to end at any instant."""
    kept, now, end = site.settings, site.now(), time.monotonic() + MOST_SECONDS
    words = min((days for days in (kept.keep_words_days, kept.keep_nudges_days) if days), default=0)
    changed = _empty_words(site, now - timedelta(days=words), end) if words else 0
    for days, kind in (
        (kept.keep_nudges_days, MESSAGES),
        (kept.keep_replies_days, REPLIES),
        (kept.keep_events_days, EVENTS),
        (kept.keep_access_days, LOOKS),
    ):
        if days:
            changed += _drop(site, kind, now - timedelta(days=days), end)
    return changed


def _drop(site: Site, kind: Kind, before_at: datetime, end: float) -> int:
    """Drop what is older; rows are gone through until a whole batch is younger."""
    changed, after = 0, None
    while True:
        wanted: Select[Key, datetime, bool] = select(kind.key, kind.at, kind.may_go).order_by(kind.key)
        wanted = wanted if after is None else wanted.where(kind.key > after)
        with site.db.read() as session:
            rows = session.execute(wanted.limit(AT_ONCE)).all()
        old = [(key, may_go) for key, at, may_go in rows if at < before_at]
        if not old or time.monotonic() > end:
            return changed
        after = rows[-1][0]
        if keys := [key for key, may_go in old if may_go]:
            with site.db.write() as session:
                drop = _drop_nudges if kind is MESSAGES else _drop_rows
                changed += drop(session, kind, keys)
            time.sleep(BREATH_SECONDS)


def _empty_words(site: Site, before_at: datetime, end: float) -> int:
    """Empty the words of messages that are over; the row still says what was planned, and why."""
    changed = 0
    while True:
        with site.db.write() as session:
            ids = session.scalars(
                select(Nudge.id)
                .where(Nudge.words_sealed.is_not(None), Nudge.due_at < before_at, Nudge.state.in_(OVER))
                .order_by(Nudge.due_at)
                .limit(AT_ONCE)
                .with_for_update(skip_locked=True)
            ).all()
            session.execute(update(Nudge).where(Nudge.id.in_(ids)).values(words_sealed=None))
        changed += len(ids)
        if len(ids) < AT_ONCE or time.monotonic() > end:
            return changed
        time.sleep(BREATH_SECONDS)


def _drop_nudges(session: Session, _kind: Kind, ids: Sequence[Key]) -> int:
    """Drop messages with their items, attempts and receipts, of people whom nobody else holds."""
    people = session.scalars(select(Nudge.person_id).where(Nudge.id.in_(ids)).distinct()).all()
    free = outbox.lock_people(session, people, wait=False)
    theirs = and_(Nudge.id.in_(ids), Nudge.person_id.in_(free), Nudge.state.in_(OVER))
    sent = select(Attempt.channel, Attempt.provider_id).join(Nudge).where(theirs)
    # Not the rows in memory as well: there are none.
    options = {"synchronize_session": False}
    session.execute(
        delete(Receipt).where(tuple_(Receipt.channel, Receipt.provider_id).in_(sent)),
        execution_options=options,
    )
    return _count(session.execute(delete(Nudge).where(theirs), execution_options=options))


def _drop_rows(session: Session, kind: Kind, keys: Sequence[Key]) -> int:
    """Drop rows that nobody else is about to change: their person may be being forgotten."""
    free = select(kind.key).where(kind.key.in_(keys)).with_for_update(skip_locked=True)
    return _count(session.execute(delete(kind.row).where(kind.key.in_(session.scalars(free).all()))))


def _count(done: object) -> int:
    return cast(CursorResult[object], done).rowcount


def _is_answered() -> ColumnElement[bool]:
    """Return the condition that a nudge does not count as unanswered, and will not again."""
    alive = exists().where(Person.id == Nudge.person_id, Person.last_sign_of_life_at >= Nudge.due_at)
    return or_(Nudge.cause_kind != Cause.REMINDER, Nudge.state.in_(LET_GO), alive)


def _has_prompt_in_use() -> ColumnElement[bool]:
    """Return the condition that a nudge brought a prompt which is not drawn again before all were."""
    return exists().where(
        NudgeItem.nudge_id == Nudge.id,
        NudgeItem.prompt_id.is_not(None),
        Member.habit_id == NudgeItem.habit_id,
        Member.person_id == NudgeItem.person_id,
        or_(Member.drawn_from_on.is_(None), NudgeItem.day >= Member.drawn_from_on),
    )


MESSAGES = Kind(
    row=Nudge,
    key=cast(ColumnElement[Key], Nudge.id),
    at=cast(ColumnElement[datetime], Nudge.due_at),
    may_go=and_(
        Nudge.state.in_(OVER),
        Nudge.kind.not_in(OF_CONSENT),
        Nudge.cause_kind != Cause.TOGETHER,
        _is_answered(),
        ~_has_prompt_in_use(),
    ),
)
REPLIES = Kind(
    row=Reply,
    key=cast(ColumnElement[Key], Reply.id),
    at=cast(ColumnElement[datetime], Reply.received_at),
    # What somebody agreed by is part of the proof.
    may_go=and_(Reply.state == ReplyState.UNDERSTOOD, ~exists().where(Consent.reply_id == Reply.id)),
)
EVENTS = Kind(
    row=Event,
    key=cast(ColumnElement[Key], Event.seq),
    at=cast(ColumnElement[datetime], Event.at),
    may_go=Event.seq.is_not(None),
)
LOOKS = Kind(
    row=AccessLog,
    key=cast(ColumnElement[Key], AccessLog.id),
    at=cast(ColumnElement[datetime], AccessLog.at),
    may_go=AccessLog.id.is_not(None),
)
