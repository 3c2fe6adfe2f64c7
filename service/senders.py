"""The state of each sender, shared by all processes: stopped or not, its rate, its sums of the day.

A broken account is stopped, and tried again gently. Lock order: person, nudge, sender.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from math import floor
from typing import cast

from sqlalchemy import Table, bindparam, exists, select, update
from sqlalchemy.orm import Session

from notifiers.base import Limited, Notifier
from service.db import insert_new
from service.models import Attempt, SenderState
from service.site import Site
from service.states import Outcome

TRY_AGAIN = timedelta(minutes=5)
"""A stopped sender is tried again this long after its last failure."""
EARLY = 0.1
"""The part of a token that may be missing: a ring of the job that comes a moment early does not wait for the
next one. What is owed stays owed."""
REPORTED_BY = timedelta(hours=1)
"""A message that the provider took, and did not report as refused for so long, is not refused any more."""
SET_BACK = timedelta(minutes=1)
"""What is further in the future than clocks differ: the clock was set back."""
# Built once: to build a statement takes longer than to run it.
ALL = select(SenderState).order_by(SenderState.sender)
LOCKED = ALL.with_for_update().execution_options(populate_existing=True)
_TABLE = cast(Table, SenderState.__table__)
WORKS = (
    update(SenderState)
    .where(
        SenderState.sender == bindparam("name"),
        SenderState.stopped_at.is_not(None),
        SenderState.reported.is_(False),
    )
    .values(stopped_at=None, code=None)
)
BOOK = (
    update(_TABLE)
    .where(_TABLE.c.sender == bindparam("name"), _TABLE.c.today == bindparam("day"))
    .values(
        messages_today=_TABLE.c.messages_today + bindparam("messages"),
        segments_today=_TABLE.c.segments_today + bindparam("segments"),
        spent_today=_TABLE.c.spent_today + bindparam("money"),
    )
)
THESE = select(SenderState).where(SenderState.sender.in_(bindparam("names", expanding=True)))


def reopens_at(state: SenderState, now: datetime) -> datetime | None:
    """Return when this sender may be tried again, or None if it may be used now.

    One that was stopped in the future, by a clock that was set back since, may be used.
    """
    if state.stopped_at is None or not state.stopped_at - SET_BACK <= now < state.stopped_at + TRY_AGAIN:
        return None
    return state.stopped_at + TRY_AGAIN


def lock(session: Session, names: Collection[str]) -> dict[str, SenderState]:
    """Return all senders by name, locked in one order; those of `names` are new if need be."""
    found = {state.sender: state for state in session.scalars(LOCKED)}
    if missing := sorted(set(names) - found.keys()):
        insert_new(session, SenderState, [{"sender": name} for name in missing])
        found = {state.sender: state for state in session.scalars(LOCKED)}
    return found


def short_of_tokens(session: Session, per_second: dict[str, float], now: datetime) -> set[str]:
    """Return those senders, each given with its limit, that may be given nothing at this instant."""
    states = session.scalars(THESE, {"names": list(per_second)})
    return {state.sender for state in states if not has_token(state, per_second[state.sender], now)}


def limit_of(notifier: Notifier) -> float:
    """Return how many messages a second a channel may be given; 0: no limit."""
    return notifier.per_second if isinstance(notifier, Limited) else 0.0


def has_token(state: SenderState, per_second: float, now: datetime) -> bool:
    """Say whether this sender may be given one more message now."""
    return not per_second or floor(_tokens(state, per_second, now) + EARLY) >= 1


def take(state: SenderState, per_second: float, segments: int, cost: float, now: datetime) -> None:
    """Count one message of a locked sender: its token, and its part of the sums of the day."""
    if per_second:
        state.tokens = _tokens(state, per_second, now) - 1
        was_set_back = state.refilled_at is None or state.refilled_at - now > SET_BACK
        state.refilled_at = now if was_set_back else max(now, state.refilled_at or now)
    if state.today is None or not now.date() <= state.today <= (now + SET_BACK).date():
        state.today = now.date()
        state.messages_today = state.segments_today = 0
        state.spent_today = 0.0
    state.messages_today += 1
    state.segments_today += segments
    state.spent_today += cost


def _tokens(state: SenderState, per_second: float, now: datetime) -> float:
    """Return what is in the bucket, which holds what may go in one second, and one message at least."""
    full = max(1.0, per_second)
    if state.refilled_at is None or state.refilled_at - now > SET_BACK:
        return full
    passed = max(0.0, (now - state.refilled_at).total_seconds())
    return min(full, state.tokens + passed * per_second)


@dataclass(slots=True)
class Sums:
    """What is to be added to the sums of a sender's day."""

    messages: int = 0
    segments: int = 0
    money: float = 0.0


Sheet = defaultdict[tuple[str, date], Sums]
"""Sums by sender and by the day in UTC."""


def new_sheet() -> Sheet:
    return defaultdict(Sums)


def correct(sheet: Sheet, attempt: Attempt, segments: int) -> None:
    """Let an attempt have taken this many segments, in its row and in its sender's sums of that day."""
    before, cost = attempt.segments or 0, attempt.cost
    if segments == before:
        return
    attempt.segments = segments
    attempt.cost = cost * segments / before if before else 0.0
    sums = sheet[attempt.sender, attempt.claimed_at.date()]
    sums.segments += segments - before
    sums.money += attempt.cost - cost


def give_back(sheet: Sheet, attempt: Attempt) -> None:
    """Take an attempt that brought nothing to anybody out of its sender's sums of that day."""
    sums = sheet[attempt.sender, attempt.claimed_at.date()]
    sums.messages -= 1
    sums.segments -= attempt.segments or 0
    sums.money -= attempt.cost


def book(session: Session, sheet: Sheet) -> None:
    """Add to the senders' sums, unless their next day has begun; one statement."""
    if sheet:
        rows = [{"name": name, "day": day, **asdict(sums)} for (name, day), sums in sorted(sheet.items())]
        session.connection().execute(BOOK, rows)


def stop(session: Session, sender: str, code: str | None, now: datetime) -> None:
    """Stop a sender whose account the provider refused; a repeat moves the time on."""
    _stop(session, sender, code, now)


def stop_as_reported(session: Session, sender: str, code: str | None, now: datetime) -> None:
    """Stop a sender of whose messages a provider reported, after it took them, that its account may not.

    It takes the next ones just as willingly, and may call them sent before it says so again. Only a delivery
    shows that it works, or an hour without such a report (`reopen`).
    """
    _stop(session, sender, code, now).reported = True


def _stop(session: Session, sender: str, code: str | None, now: datetime) -> SenderState:
    insert_new(session, SenderState, [{"sender": sender}])
    state = session.get_one(SenderState, sender, with_for_update=True)
    state.stopped_at, state.code = now, code
    return state


def works(session: Session, sender: str) -> None:
    """Note that the provider took a message from this sender."""
    session.execute(WORKS, {"name": sender})


def delivers(session: Session, attempt: Attempt) -> None:
    """Note that the provider delivered a message: its sender works, if the stop was before it."""
    state = session.get(SenderState, attempt.sender)
    if state and state.stopped_at and state.stopped_at <= attempt.claimed_at:
        _open(state)


def reopen(session: Session, now: datetime) -> int:
    """Open senders stopped by a report, where a message taken since was not refused in good time.

    Some networks never say that a message was delivered. Returns how many were opened.
    """
    taken = exists().where(
        Attempt.sender == SenderState.sender,
        Attempt.claimed_at > SenderState.stopped_at,
        Attempt.claimed_at < now - REPORTED_BY,
        Attempt.outcome == Outcome.ACCEPTED,
    )
    for_long = (SenderState.reported, SenderState.stopped_at < now - REPORTED_BY)
    opened = session.scalars(
        select(SenderState).where(*for_long, taken).order_by(SenderState.sender).with_for_update()
    ).all()
    for state in opened:
        _open(state)
    return len(opened)


def _open(state: SenderState) -> None:
    state.stopped_at, state.code, state.reported = None, None, False


def stopped(session: Session, site: Site) -> list[SenderState]:
    """Return the stopped senders of the channels that are set up; one of before waits for nobody."""
    names = {notifier.sender for notifier in site.notifiers.values()}
    return [state for state in session.scalars(ALL) if state.stopped_at and state.sender in names]
