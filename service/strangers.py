"""Messages from somebody who is not enrolled: answered once a day, the same whoever they are.

Their address is kept nowhere. The answer is no nudge: it is handed over once, and lost if that fails, or if
there is no room for it: whoever writes with made-up addresses is not to spend our money or fill mailboxes.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import cast

import structlog
from sqlalchemy import CursorResult, delete, or_, select
from sqlalchemy.orm import Session

from habits import parts, replies
from habits.context import Context
from habits.replies import Reading
from notifiers.base import Message, Notifier, Priced, SendError
from notifiers.segments import count
from service import addresses, caps, composing, consent, loops, senders
from service.db import insert_new
from service.ids import new_id
from service.models import Meta, Reply, SenderState, Suppression
from service.site import Site
from service.states import AddressKind

log = structlog.get_logger()
LANGUAGE = "en"
SILENT = (parts.Automatic, parts.Ignored, parts.Stop, parts.Agree)
"""What gets no answer: machines, reactions, and opt-outs and opt-ins, which would tell who is enrolled."""
MOST_A_DAY, MOST_MAILS_A_DAY = 200, 20
"""Answers of each sort in a day in UTC, by all channels of a kind; fewer mails: any sender can be forged."""
HELPED = "helped"
"""In `meta`: who was given help lines today, by a keyed hash; gone on the next day."""


class Sort(StrEnum):
    """What a stranger may be told."""

    LINE = "line"  # That nobody reads messages here: held by every limit.
    HELP = "help"  # Help lines, once a day for each address: no limit of money holds them, nor the rate.


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a message came from, while it is being understood."""

    kind: AddressKind
    address: str = field(repr=False)
    message_id: str = ""
    """Of the message, for an answer that is to stand below it."""


def read(text: str, now: datetime) -> Reading:
    """Understand a stranger's text: no habits, nothing that waits."""
    return replies.read(text, Context(now=now, stopped=True))


def heed_start(session: Session, reply: Reply, reading: Reading) -> None:
    """Let a stranger's address be used again if they say START, unless they said STOP after this message."""
    if any(isinstance(part, parts.Agree) for part in reading.parts):
        older = (Suppression.lookup == reply.lookup, Suppression.at <= reply.received_at)
        for suppression in session.scalars(select(Suppression).where(*older)):
            session.delete(suppression)


def heed_stop(session: Session, reply: Reply, reading: Reading) -> None:
    """Keep a stranger's wish to receive nothing."""
    if any(isinstance(part, parts.Stop) for part in reading.parts) and reply.kind:
        consent.suppress(session, reply.kind, reply.lookup, "opted out", reply.received_at)


def answer(
    session: Session, site: Site, reply: Reply, reading: Reading, sender: Sender | None, now: datetime
) -> str | None:
    """Return what a stranger is answered, counted as sent; None for nothing."""
    if (
        sender is None
        or not _is_whole(sender.address)
        or reply.answered
        or is_ours(site, sender.address)
        or loops.repeats(session, reply)
    ):
        return None
    if isinstance(reading.parts[0], parts.Danger):
        country = addresses.country_of(sender.address)
        words = composing.with_helplines("danger_stranger", LANGUAGE, country)
        return words if _may_go(session, site, reply, sender.kind, Sort.HELP, words, now) else None
    if (
        isinstance(reading.parts[0], SILENT)
        or _suppressed(session, reply)
        or not _first_today(session, reply)
    ):
        return None
    settings = site.settings
    contact = composing.contact(settings, LANGUAGE)
    words = composing.text(LANGUAGE, "stranger", brand=settings.brand, contact=contact)
    return words if _may_go(session, site, reply, sender.kind, Sort.LINE, words, now) else None


def _is_whole(address: str) -> bool:
    """Say whether an address can be written to: a short code or a name cannot."""
    return address.startswith("+") or "@" in address


def is_ours(site: Site, address: str) -> bool:
    """Say whether an address is one that we send from: nothing is ever answered to ourselves."""
    return any(address == one.sender.rpartition("/")[2] for one in site.notifiers.values())


def _suppressed(session: Session, reply: Reply) -> bool:
    found = select(Suppression.lookup).where(Suppression.lookup == reply.lookup)
    return session.scalar(found.limit(1)) is not None


def _first_today(session: Session, reply: Reply) -> bool:
    """Say whether this is the first message from that address on its day in UTC."""
    began_at = reply.received_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    earlier = select(Reply.id).where(
        Reply.lookup == reply.lookup,
        Reply.received_at.between(began_at, reply.received_at),
        # Of two in the same second the one that was stored first.
        or_(Reply.received_at < reply.received_at, Reply.id < reply.id),
    )
    return session.scalar(earlier.limit(1)) is None


def _may_go(
    session: Session, site: Site, reply: Reply, kind: AddressKind, sort: Sort, words: str, now: datetime
) -> bool:
    """Say whether an answer may go now, and if so count it in the rows of its sender and of the day."""
    notifier = site.notifier_for(kind)
    if notifier is None:
        return True  # Nothing goes out.
    # Locked first: what follows is the same for all processes.
    states = senders.lock(session, {notifier.sender})
    state, limit = states[notifier.sender], senders.limit_of(notifier)
    segments, cost = _size(notifier, kind, words)
    told_today = _told_today(session, kind, sort, now)
    if senders.reopens_at(state, now) or told_today >= _most(kind):
        return False
    if sort is Sort.HELP and not _is_first_help(session, reply, now):
        return False
    if sort is Sort.LINE and not (
        _has_room(site, states, state, segments, cost, now) and senders.has_token(state, limit, now)
    ):
        return False
    senders.take(state, limit, segments, cost, now)
    session.merge(Meta(key=_tally(kind, sort), value=f"{now.date()} {told_today + 1}"))
    return True


def _size(notifier: Notifier, kind: AddressKind, words: str) -> tuple[int, float]:
    """Return the segments of an answer and what it costs; what is no SMS counts as one segment."""
    segments = count(words).segments if kind is AddressKind.SMS else 1
    return segments, segments * (notifier.price if isinstance(notifier, Priced) else 0.0)


def _has_room(
    site: Site, states: dict[str, SenderState], state: SenderState, segments: int, cost: float, now: datetime
) -> bool:
    """Say whether the installation's limits of the day have room; note it for the admin if not."""
    used = caps.used_today(states.values(), now)
    if caps.of_installation(site.settings).have_room(used, segments, cost):
        return True
    state.capped_on = now.date()
    return False


def _most(kind: AddressKind) -> int:
    return MOST_MAILS_A_DAY if kind is AddressKind.EMAIL else MOST_A_DAY


def _tally(kind: AddressKind, sort: Sort) -> str:
    return f"strangers {kind.value} {sort.value}"


def _told_today(session: Session, kind: AddressKind, sort: Sort, now: datetime) -> int:
    row = session.get(Meta, _tally(kind, sort))
    day, _, told = row.value.partition(" ") if row else ("", "", "")
    return int(told) if day == str(now.date()) else 0


def _is_first_help(session: Session, reply: Reply, now: datetime) -> bool:
    """Say whether an address is given help lines for the first time on this day in UTC, and note it."""
    key = f"{HELPED} {now.date()} {reply.lookup.hex()[:16]}"
    return bool(insert_new(session, Meta, [{"key": key, "value": ""}]))


def forget_helped(session: Session, now: datetime) -> int:
    """Drop the notes of whom was given help lines on another day; return how many."""
    notes = Meta.key.startswith(f"{HELPED} ", autoescape=True)
    today = Meta.key.startswith(f"{HELPED} {now.date()} ", autoescape=True)
    return cast(CursorResult[object], session.execute(delete(Meta).where(notes, ~today))).rowcount


def send(site: Site, sender: Sender, words: str) -> None:
    """Hand an answer over, once; what goes wrong is logged without the address."""
    notifier = site.notifier_for(sender.kind)
    if notifier is None:
        return
    message = Message(
        attempt_id=str(new_id()),
        to=sender.address,
        text=words,
        language=LANGUAGE,
        address_kind=sender.kind,
        answers=sender.message_id,
    )
    try:
        notifier.send(message)
    except SendError as error:
        log.warning("stranger not answered", channel=notifier.name, kind=error.kind.value, code=error.code)
    except Exception as error:  # A channel with a bug; its words could hold the address.
        log.error("channel broke", channel=notifier.name, error=type(error).__name__)
