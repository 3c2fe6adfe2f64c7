"""What a message puts off: one nudge until later, or all of them by a pause."""

from datetime import datetime, timedelta

from habits import replies, wording
from service import due, outbox
from service.acting import Acting, mark_answered
from service.models import NudgeItem
from service.outbox import NewItem, NewNudge
from service.states import Cause, NudgeKind

HOUR = timedelta(hours=1)
SNOOZE_AT_MOST = timedelta(hours=24)


def later(at: Acting, wanted: replies.Later) -> str:
    """Plan the newest nudge that waits once more; return the answer."""
    waiting = [nudge for nudge in at.context.open if nudge.id in at.context.items]
    if not waiting:
        return at.text("nothing_waiting", list=at.listed())
    again_at = _again_at(at, wanted)
    if again_at is None:
        return at.text("later_impossible")
    nudge = waiting[0]
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


def _again_at(at: Acting, wanted: replies.Later) -> datetime | None:
    """Return when a nudge comes again, at most a day from now; None if that is not possible."""
    said_at = at.reply.received_at
    if wanted.at is None:
        again_at: datetime | None = said_at + (wanted.delay or HOUR)
    else:
        again_at = due.next_clock(at.person, wanted.at, said_at)
    if again_at is None or not said_at < again_at <= said_at + SNOOZE_AT_MOST:
        return None
    return max(again_at, at.now)


def pause(at: Acting, wanted: replies.Pause) -> str:
    """Pause the person's nudges from today on; return the answer."""
    today = at.context.today
    last = today + timedelta(days=wanted.days - 1) if wanted.days else None
    if wanted.until:
        last = wanted.until - timedelta(days=1)
    due.pause(at.session, at.person, today, last)
    if last is None:
        return at.text("paused")
    back = last + timedelta(days=1)
    return at.text("paused_until", when=wording.on_day(at.person.language, back, today))


def resume(at: Acting) -> str:
    """End a pause so that today is the first day back; return the answer."""
    due.resume(at.session, at.person, at.context.today)
    at.person.away_on = None  # The answer is the welcome.
    if at.person.due_at is None:
        return at.text("resumed_plain")
    return at.text("resumed", when=at.when(at.person.due_at))
