"""What a message puts off: one nudge until later, or all of them by a pause."""

from datetime import date, datetime, timedelta

from habits import parts, wording
from habits.days import instant
from service import due, outbox
from service.acting import Acting, mark_answered
from service.models import Nudge, NudgeItem
from service.outbox import NewItem, NewNudge
from service.states import Cause, NudgeKind

HOUR = timedelta(hours=1)
SNOOZE_AT_MOST = timedelta(hours=24)
"""A nudge is about a day: on another one it would be a new one."""


def later(at: Acting, wanted: parts.Later) -> str:
    """Plan the newest nudge that waits once more; return the answer."""
    waiting = [nudge for nudge in at.context.open if nudge.id in at.context.items]
    if not waiting:
        return at.text("nothing_waiting", list=at.listed())
    nudge = waiting[0]
    again_at = _again_at(at, wanted, nudge)
    if again_at is None:
        return at.text("later_impossible")
    assert nudge.words_sealed is not None
    mark_answered(at, nudge)
    snoozed = NewNudge(
        person_id=at.person.id,
        kind=NudgeKind.NUDGE,
        cause_kind=Cause.REPLY,
        cause_id=at.reply.id,
        due_at=again_at,
        not_before=again_at,
        expires_at=again_at + at.site.catch_up,
        words=at.site.sealer.unseal(nudge.words_sealed),
        reason="asked for",
        items=tuple(_again(item) for item in at.context.items[nudge.id]),
    )
    outbox.add(at.session, at.site.sealer, [snoozed])
    return at.text("later", when=at.when(again_at))


def _again(item: NudgeItem) -> NewItem:
    return NewItem(item.habit_id, item.day, item.reminder_id, item.turn + 1, item.prompt_id, item.chance)


def _again_at(at: Acting, wanted: parts.Later, nudge: Nudge) -> datetime | None:
    """Return when a nudge comes again, at most a day from now; None if that is not possible.

    On a day without a time it comes at its usual hour; if that is over by now, at once, or by day.
    """
    said_at = at.reply.received_at
    if wanted.on:
        zone = due.zone_of(at.person.zone)
        again_at = instant(wanted.on, wanted.at or nudge.due_at.astimezone(zone).time(), zone)
    elif wanted.at is None:
        again_at = said_at + (wanted.delay or HOUR)
    else:
        again_at = due.next_clock(at.person, wanted.at, said_at)
    if again_at is None or not said_at < again_at <= said_at + SNOOZE_AT_MOST:
        return None
    return again_at if again_at > at.now else due.soon_after(at.person, said_at, at.now)


def pause(at: Acting, wanted: parts.Pause) -> str:
    """Pause the person's nudges from today on; return the answer."""
    today, last = at.context.today, _last_day(at, wanted)
    due.pause(at.session, at.person, today, last)
    if last is None:
        return at.text("paused")
    return at.text("paused_until", when=_back(at, last))


def rest(at: Acting, wanted: parts.Rest) -> str:
    """Pause these habits alone from today on; return the answer."""
    today, last = at.context.today, _last_day(at, wanted)
    shares = [at.context.shares[number] for number in wanted.numbers]
    due.rest_habits(at.session, at.person, [share.habit_id for share in shares], today, last)
    said = {"title": at.titles(wanted.numbers), "number": " ".join(map(str, wanted.numbers))}
    if last is None:
        return at.text("rested", **said)
    return at.text("rested_until", when=_back(at, last), **said)


def _last_day(at: Acting, wanted: parts.Pause | parts.Rest) -> date | None:
    """Return the last day of a pause that begins today, None for one that has no end yet."""
    if wanted.until:
        return wanted.until - timedelta(days=1)
    return at.context.today + timedelta(days=wanted.days - 1) if wanted.days else None


def _back(at: Acting, last: date) -> str:
    return wording.on_day(at.person.language, last + timedelta(days=1), at.context.today)
