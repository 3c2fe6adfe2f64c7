"""The ledger: what the provider saw, against our rows.

Whether a message went out twice is not read from our rows: each call of the provider names its attempt in the
status URL, and the provider keeps all that it stored.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Protocol
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifiers.standin import Record, TwilioServer
from service import acting, deliveries, summary
from service.models import Attempt, EntryRow, Nudge, Receipt, Reply
from service.site import Site
from service.states import Cause, NudgeState, ReplyState

ARRIVED = (NudgeState.SENT, NudgeState.DELIVERED)
MOST_SHOWN = 100_000


@dataclass(slots=True)
class Cut:
    """What the kills hit."""

    kills: int = 0
    in_a_hand_over: int = 0
    """Kills while at least one message was claimed and its end not recorded."""
    with_work_waiting: int = 0
    """Kills while a message was planned, or a reply stored and not understood."""
    ended_alone: int = 0
    """Daemons that ended before they were killed: a bug."""
    attempts: set[UUID] = field(default_factory=set)
    """The hand-overs that were cut off."""

    def note(self, open_attempts: set[UUID], waiting: bool) -> None:
        """Note what one kill left behind."""
        self.kills += 1
        self.in_a_hand_over += bool(open_attempts - self.attempts)
        self.with_work_waiting += waiting
        self.attempts |= open_attempts


class Load(Protocol):
    """What people were to get and what they wrote."""

    reminded: set[UUID]
    """The reminders that were made due."""
    begun: dict[str, str]
    """The texts that people wrote, by the id of each."""
    taken: set[str]
    """The ids of texts that the installation said it has."""


@dataclass(slots=True)
class Ledger:
    """Counts of messages, unless said otherwise; `is_proof` says whether it proves that all is well."""

    seed: int
    kills: int
    kills_in_a_hand_over: int
    kills_with_work_waiting: int
    daemons_ended_alone: int
    planned: int
    """Rows of messages that were to go out, without those that lapsed."""
    lapsed: int
    provider_saw: int
    arrived: int
    """Rows that are `sent` or `delivered`."""
    doubles: int = 0
    """Stored by the provider more than once."""
    lost: int = 0
    """The sum of all that `lost_by` names."""
    mixed_up: int = 0
    """Attempts that were given the provider's id of another one's message."""
    cut_off: int = 0
    """Hand-overs that a kill cut off."""
    cut_off_before_the_provider: int = 0
    cut_off_after_the_provider: int = 0
    """Of which the provider had the message, and we had not recorded its answer."""
    settled_by_find: int = 0
    settled_by_receipt: int = 0
    settled_by_reply: int = 0
    unknown_left: int = 0
    """Rows that stay unknown: the provider has none of them."""
    unknown_shown: int = 0
    """Those that `attune nudge list --state unknown` shows."""
    unknown_in_doctor: int = 0
    texts_written: int = 0
    texts_stored: int = 0
    texts_understood: int = 0
    texts_doubled: int = 0
    """Texts with more than one entry or answer."""
    lost_by: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was doubled and nothing lost, and no daemon ended by itself."""
        wrong = self.doubles or self.lost or self.mixed_up or self.texts_doubled or self.daemons_ended_alone
        return not wrong and self.planned == self.arrived + self.unknown_left

    @property
    def is_proof(self) -> bool:
        """Whether all is well and there was something to lose: messages went out, and people answered."""
        return self.is_clean and self.provider_saw > 0 and self.texts_understood > 0

    def as_record(self) -> dict[str, object]:
        """Return the counts by name; those that say what was lost only where something was."""
        row = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "lost_by"}
        return row | {f"lost: {why}": number for why, number in self.lost_by.items() if number}


def draw(site: Site, twilio: TwilioServer, crowd: Load, cut: Cut, seed: int) -> Ledger:
    """Hold the rows against what the provider saw."""
    with site.db.read() as session:
        return _draw(session, twilio, crowd, cut, seed, site.now())


def _draw(session: Session, twilio: TwilioServer, crowd: Load, cut: Cut, seed: int, now: datetime) -> Ledger:
    nudges = {row.id: row for row in session.scalars(select(Nudge))}
    attempts = {row.id: row for row in session.scalars(select(Attempt))}
    at_provider = {record.sid: _attempt_id(record) for record in twilio.messages}
    saw = Counter(attempts[id_].nudge_id for id_ in at_provider.values() if id_ in attempts)
    ledger = Ledger(
        seed=seed,
        kills=cut.kills,
        kills_in_a_hand_over=cut.in_a_hand_over,
        kills_with_work_waiting=cut.with_work_waiting,
        daemons_ended_alone=cut.ended_alone,
        planned=sum(row.state is not NudgeState.LAPSED for row in nudges.values()),
        lapsed=sum(row.state is NudgeState.LAPSED for row in nudges.values()),
        provider_saw=len(at_provider),
        arrived=sum(row.state in ARRIVED for row in nudges.values()),
        doubles=sum(times - 1 for times in saw.values()),
        mixed_up=sum(
            row.provider_id is not None and at_provider.get(row.provider_id) != row.id
            for row in attempts.values()
        ),
    )
    _settled(session, ledger, nudges, attempts, cut, set(at_provider.values()))
    unknown = {id_ for id_, row in nudges.items() if row.state is NudgeState.UNKNOWN}
    _shown(session, ledger, unknown, now)
    reminded = {row.cause_id for row in nudges.values() if row.cause_kind is Cause.REMINDER}
    ledger.lost_by = {
        "seen by the provider, no row of ours": sum(id_ not in attempts for id_ in at_provider.values()),
        "seen by the provider, not settled": sum(nudges[id_].state not in ARRIVED for id_ in saw),
        "sent by our rows, never seen by the provider": sum(
            row.state in ARRIVED and id_ not in saw for id_, row in nudges.items()
        ),
        "planned and never sent": sum(
            row.state in (NudgeState.SENDING, NudgeState.FAILED)
            or (row.state is NudgeState.PLANNED and row.not_before <= now)
            for row in nudges.values()
        ),
        "lapsed though it was wanted": ledger.lapsed,
        "due and never planned": len(crowd.reminded - reminded),
        "unknown though no kill cut it off": len(
            unknown - {attempts[id_].nudge_id for id_ in cut.attempts if id_ in attempts}
        ),
        "unknown and not shown": max(
            len(unknown) - ledger.unknown_shown, len(unknown) - ledger.unknown_in_doctor, 0
        ),
        **_texts(session, ledger, nudges, crowd),
    }
    ledger.lost = sum(ledger.lost_by.values())
    return ledger


def _attempt_id(record: Record) -> UUID | None:
    """Return the attempt that a call of the provider names in its status URL."""
    (found,) = parse_qs(urlsplit(record.status_callback or "").query).get("attempt", [""])
    return UUID(found) if found else None


def _settled(
    session: Session,
    ledger: Ledger,
    nudges: dict[UUID, Nudge],
    attempts: dict[UUID, Attempt],
    cut: Cut,
    at_provider: set[UUID | None],
) -> None:
    """Count what became of the hand-overs that a kill cut off."""
    reported = {(row.provider_id, row.at) for row in session.scalars(select(Receipt))}
    ledger.cut_off = len(cut.attempts)
    ledger.cut_off_after_the_provider = len(cut.attempts & at_provider)
    ledger.cut_off_before_the_provider = ledger.cut_off - ledger.cut_off_after_the_provider
    for attempt in (attempts[id_] for id_ in cut.attempts & at_provider):
        nudge = nudges[attempt.nudge_id]
        if nudge.state not in ARRIVED or nudge.sent_at is None:
            continue
        if nudge.reason == acting.ARRIVED:
            ledger.settled_by_reply += 1
        elif (attempt.provider_id or "", nudge.sent_at) in reported:
            ledger.settled_by_receipt += 1
        else:
            ledger.settled_by_find += 1


def _shown(session: Session, ledger: Ledger, unknown: set[UUID], now: datetime) -> None:
    shown = deliveries.deliveries(session, state=NudgeState.UNKNOWN, limit=MOST_SHOWN, show_all=True)
    ledger.unknown_left = len(unknown)
    ledger.unknown_shown = len({one.id for one in shown} & unknown)
    ledger.unknown_in_doctor = summary.health(session, now, show_all=True).unknown


def _texts(session: Session, ledger: Ledger, nudges: dict[UUID, Nudge], crowd: Load) -> dict[str, int]:
    """Count the texts that people wrote, and return how many were lost on which way."""
    replies = {row.provider_id: row for row in session.scalars(select(Reply))}
    entries = Counter(session.scalars(select(EntryRow.source_id)))
    answers: dict[UUID, int] = defaultdict(int)
    for nudge in nudges.values():
        answers[nudge.cause_id] += 1
    understood = {sid: row for sid, row in replies.items() if row.state is ReplyState.UNDERSTOOD}
    ledger.texts_written = len(crowd.begun)
    ledger.texts_stored = len(replies)
    ledger.texts_understood = len(understood)
    ledger.texts_doubled = sum(entries[row.id] > 1 or answers[row.id] > 1 for row in replies.values())
    done = [row.id for sid, row in understood.items() if crowd.begun.get(sid) == "done"]
    return {
        "texts that were never taken": len(crowd.begun.keys() - crowd.taken),
        "texts that were taken and not stored": len(crowd.taken - replies.keys()),
        "texts that were never understood": len(replies) - len(understood),
        "texts without their entry": sum(entries[id_] == 0 for id_ in done),
        "texts without an answer": sum(answers[row.id] == 0 for row in understood.values()),
    }
