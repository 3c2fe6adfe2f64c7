"""What the demo's page shows: two phones with their messages and habits, and what was decided and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from habits import pulse as checkin
from habits.entries import DONE, EXCUSED, fold
from service import due, facts, scores
from service.demo import ZONE, Demo
from service.facts import Share
from service.models import Nudge, NudgeItem, Person
from service.states import NudgeKind, NudgeState

SHOWN_DAYS = 14
SHOWN_DECISIONS = 40
SHOWN_SCORES = 12
ON_THE_PHONE = (
    NudgeState.SENT,
    NudgeState.DELIVERED,
    NudgeState.SENDING,
    NudgeState.FAILED,
    NudgeState.UNKNOWN,
)
WITHOUT_HABITS = {
    NudgeKind.NUDGE: "Reminder",
    NudgeKind.RESCUE: "Rescue",
    NudgeKind.PULSE: "Weekly check-in",
    NudgeKind.SUMMARY: "Weekly summary",
    NudgeKind.WELCOME: "Welcome back",
    NudgeKind.QUESTION: "A question",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What a phone remembers of its own message; the service keeps none of it."""

    id: str
    text: str
    at: datetime
    note: str


def state(demo: Demo, typed: Mapping[UUID, Sequence[Typed]]) -> dict[str, object]:
    """Return all that the page shows; `typed` is what each phone remembers of its own messages."""
    now, next_at = demo.clock(), demo.next_at()
    with demo.site.db.read() as session:
        people = session.scalars(select(Person).order_by(Person.id)).all()
        shares = facts.shares(session, [person.id for person in people])
        names = {person.id: demo.site.sealer.unseal(person.name_sealed) for person in people}
        return {
            "clock": {"now": now.astimezone(ZoneInfo(ZONE)).isoformat(), "label": _label(now), "zone": ZONE},
            "next": {"label": _label(next_at)} if next_at else None,
            "version": int(now.timestamp()),
            "people": [
                {
                    "id": str(person.id),
                    "name": names[person.id],
                    "quick": _quick(session, person, now),
                    "status": _status(session, person, now),
                    "messages": _messages(session, demo, typed.get(person.id, ()), person),
                    "habits": [
                        _habit(share, due.today(person, now), person.language)
                        for (person_id, _), share in shares.items()
                        if person_id == person.id and share.living
                    ],
                    "checkins": _checkins(session, demo, person),
                }
                for person in people
            ],
            "decisions": _decisions(session, names, shares),
        }


def _label(at: datetime) -> str:
    local = at.astimezone(ZoneInfo(ZONE))
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def _short(at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(ZONE)):%a %H:%M}"


def _status(session: Session, person: Person, now: datetime) -> str:
    if person.stopped_at:
        return "stopped"
    if not due.reachable(session, person):
        return "has not said yes yet"
    if due.paused_on(session, person.id, due.today(person, now)):
        return "paused"
    return "reminders on"


def _quick(session: Session, person: Person, now: datetime) -> list[str]:
    """Return answers to tap that suit the moment."""
    if person.stopped_at:
        return ["START", "HELP"]
    if not due.reachable(session, person):
        return ["YES", "STOP", "HELP"]
    if due.paused_on(session, person.id, due.today(person, now)):
        return ["RESUME", "streak"]
    newest = session.scalar(
        select(Nudge.kind)
        .where(Nudge.person_id == person.id, Nudge.kind.in_(due.REMINDED), Nudge.sent_at.is_not(None))
        .order_by(Nudge.sent_at.desc())
        .limit(1)
    )
    if newest is NudgeKind.PULSE:
        return ["4 3 5", "S", "done", "streak"]
    return ["done", "1", "later", "skip", "streak", "👍"]


def _messages(
    session: Session, demo: Demo, typed: Sequence[Typed], person: Person
) -> list[dict[str, object]]:
    """Return the bubbles of one phone, oldest first."""
    rows = session.scalars(
        select(Nudge).where(Nudge.person_id == person.id, Nudge.state.in_(ON_THE_PHONE)).order_by(Nudge.id)
    )
    bubbles: list[tuple[datetime, dict[str, object]]] = [
        (
            row.sent_at or row.not_before,
            {
                "id": str(row.id),
                "from": "attune",
                "kind": row.kind.value,
                "text": demo.site.sealer.unseal(row.words_sealed) if row.words_sealed else "",
                "at": _short(row.sent_at or row.not_before),
                "state": row.state.value,
                "note": None,
            },
        )
        for row in rows
    ]
    bubbles += [
        (
            one.at,
            {
                "id": one.id,
                "from": "person",
                "kind": "reply",
                "text": one.text,
                "at": _short(one.at),
                "state": "understood",
                "note": one.note,
            },
        )
        for one in typed
    ]
    return [bubble for _, bubble in sorted(bubbles, key=lambda one: one[0])]


def _habit(share: Share, today: date, language: str) -> dict[str, object]:
    progress = share.progress(today)
    return {
        "number": share.number,
        "title": share.title(language),
        "goal": share.goal(today),
        "practised": progress.practised,
        "streak": progress.streak,
        "unit": f"{progress.unit.value}s",
        "longest": progress.longest.get(progress.unit, 0),
        "days": _days(share, today),
    }


def _checkins(session: Session, demo: Demo, person: Person) -> list[dict[str, object]]:
    """Return a person's own scores, item by item, oldest first."""
    trends = scores.trends(session, demo.site.sealer, person.id)
    return [
        {"label": checkin.label(trend.item_id, person.language), "scores": trend.scores[-SHOWN_SCORES:]}
        for trend in trends
    ]


def _days(share: Share, today: date) -> list[dict[str, str]]:
    """Return the latest two weeks, a mark a day."""
    first = today - timedelta(days=SHOWN_DAYS - 1)
    marks = fold(share.facts.entries, share.facts.pauses, first, today)
    skipped = {entry.day for entry in share.facts.entries}
    shown = []
    for offset, mark in enumerate(marks):
        day = first + timedelta(days=offset)
        if mark & DONE:
            name = "done"
        elif mark & EXCUSED:
            name = "skipped" if day in skipped else "paused"
        else:
            name = "none"
        shown.append({"day": day.isoformat(), "label": f"{day:%a} {day.day} {day:%b}", "mark": name})
    return shown


def _decisions(
    session: Session, names: dict[UUID, str], shares: dict[tuple[UUID, UUID], Share]
) -> list[dict[str, str]]:
    """Return what was decided, newest first."""
    rows = session.scalars(
        select(Nudge)
        .where(Nudge.kind.in_(due.REMINDED))
        .order_by(Nudge.due_at.desc(), Nudge.id.desc())
        .limit(SHOWN_DECISIONS)
    ).all()
    items: dict[UUID, list[str]] = {}
    for item in session.scalars(
        select(NudgeItem).where(NudgeItem.nudge_id.in_([row.id for row in rows])).order_by(NudgeItem.position)
    ):
        items.setdefault(item.nudge_id, []).append(shares[item.person_id, item.habit_id].title("en"))
    return [
        {
            "id": str(row.id),
            "at": _short(row.due_at),
            "person": names[row.person_id],
            "what": ", ".join(items.get(row.id, [])) or WITHOUT_HABITS[row.kind],
            "outcome": "quiet" if row.state is NudgeState.LAPSED else row.state.value,
            "reason": _sentence(row.reason),
        }
        for row in rows
    ]


def _sentence(reason: str | None) -> str:
    return f"{reason[:1].upper()}{reason[1:]}." if reason else ""
