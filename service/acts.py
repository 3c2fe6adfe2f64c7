"""What each understood part of a message does to the rows, and the words that answer it.

The caller holds the person's lock and has one transaction for all of a message's parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from habits import replies, wording
from habits.entries import Mark
from notifiers.segments import count, fitting
from service import composing, consent, due, events, facts, logbook, outbox, scores
from service.facts import Share
from service.models import Address, Nudge, NudgeItem, Person, Reply
from service.outbox import NewItem, NewNudge
from service.reading import Context, day_of_answer
from service.site import Site
from service.states import Cause, NudgeKind, NudgeState

SOURCE = "reply"
ARRIVED = "answered, so it arrived"
"""Why a message of unknown fate counts as sent."""
HOUR = timedelta(hours=1)
SNOOZE_AT_MOST = timedelta(hours=24)
MOST_SEGMENTS = 2
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Acting:
    """One message being acted on, inside its transaction."""

    session: Session
    site: Site
    person: Person
    address: Address
    reply: Reply
    context: Context
    now: datetime

    def text(self, key: str, **values: str | int) -> str:
        return composing.text(self.person.language, key, self.context.turn, **values)

    def title(self, share: Share) -> str:
        plain = share.title(self.person.language)
        return composing.title(self.person.language, self.person.discreet, share.number, plain)

    def day(self, day: date) -> str:
        return wording.day_name(self.person.language, day, due.today(self.person, self.now))

    def listed(self, numbers: Sequence[int] = ()) -> str:
        """Return these habits, or all, as `1 Gratitude, 2 Quality time`."""
        shares = [s for n, s in self.context.shares.items() if n in numbers or not numbers]
        return composing.numbered(self.person.language, [(s.number, self.title(s)) for s in shares])


def act(at: Acting, parts: Sequence[replies.Part]) -> tuple[str, Cause]:
    """Do what the parts say; return the answer to all of them, and as what it is sent."""
    said: list[str] = []
    cause = Cause.REPLY
    unknown = [part.number for part in parts if isinstance(part, replies.UnknownNumber)]
    for part in parts:
        if isinstance(part, replies.Stop):
            return "", Cause.OPT_OUT  # The caller ends everything and confirms it.
        if isinstance(part, replies.Help):
            cause = Cause.HELP
        all_at_once = isinstance(part, replies.UnknownNumber)
        said.append(_unknown(at, unknown) if all_at_once else _act(at, part))
    return _short(said), cause


def _short(said: Sequence[str]) -> str:
    """Return what is said of all parts, without the longest of it while that is more than two segments."""
    kept = list(dict.fromkeys(words for words in said if words))
    while len(kept) > 1 and count(" ".join(kept)).segments > MOST_SEGMENTS:
        kept.remove(max(kept, key=len))  # A list: what was done takes few words.
    return " ".join(kept)


def _act(at: Acting, part: replies.Part) -> str:
    match part:
        case replies.Help():
            return composing.help_answer(at.site.settings, at.person.language, at.person.country)
        case replies.Agree():
            return _agree(at)
        case replies.Done(numbers=numbers):
            return _log(at, numbers, Mark.DONE)
        case replies.Skip(numbers=numbers):
            return _log(at, numbers, Mark.SKIPPED)
        case replies.Undo():
            return _undo(at)
        case replies.Later(delay=delay, at=clock):
            return _later(at, replies.Later(delay, clock))
        case replies.Pause():
            return _pause(at, part)
        case replies.Resume():
            return _resume(at)
        case replies.ShowStreaks():
            return _streaks(at)
        case replies.ShowHabits():
            return at.text("habits", list=at.listed()) if at.context.shares else _brand(at, "no_habits")
        case replies.Scores(values=values):
            return _scores(at, values)
        case replies.SkipPulse():
            return _skip_pulse(at)
        case replies.BadScores():
            return at.text("pulse_wrong")
        case replies.Which(numbers=numbers, about=replies.About.DONE):
            return at.text("which", list=at.listed(numbers))
        case replies.Which(numbers=numbers):
            return at.text("which_skip", list=at.listed(numbers))
        case _:
            return _unclear(at)


def _unknown(at: Acting, numbers: Sequence[int]) -> str:
    """Name the first of the numbers that are none of the person's."""
    named = ", ".join(str(number) for number in numbers[:MOST_NAMED])
    return at.text("unknown_number", number=named, list=at.listed())


def _brand(at: Acting, key: str) -> str:
    return at.text(key, brand=at.site.settings.brand)


def _agree(at: Acting) -> str:
    back = at.person.stopped_at is not None
    consent.given(at.session, at.person, at.address, SOURCE, at.now)
    due.refresh(at.session, at.person, at.now)
    events.tell(at.session, "consent given", at.address.id, at.now, at.person.id)
    if back:
        return _brand(at, "start_again")
    return (
        at.text("welcome", brand=at.site.settings.brand, when=_when(at, at.person.due_at))
        if (at.person.due_at)
        else _brand(at, "welcome_plain")
    )


def _when(at: Acting, instant: datetime) -> str:
    local = instant.astimezone(due.zone_of(at.person.zone))
    return wording.moment(at.person.language, local, at.context.local)


def _log(at: Acting, numbers: Sequence[int], mark: Mark) -> str:
    shares = [at.context.shares[number] for number in dict.fromkeys(numbers)]
    days = [(s, day_of_answer(at.session, at.person, s, at.context, at.reply.received_at)) for s in shares]
    before = {share.habit_id: share.done_on(day) for share, day in days}
    logbook.log(
        at.session,
        at.person.id,
        # What is done already is not logged again: UNDO would take back the repetition only.
        [(s.habit_id, day) for s, day in days if mark is Mark.SKIPPED or not before[s.habit_id]],
        mark,
        SOURCE,
        at.reply.id,
        at.now,
    )
    _answered(at, {share.habit_id for share in shares})
    after = facts.shares(at.session, {at.person.id})
    fresh = [(after[at.person.id, share.habit_id], day) for share, day in days]
    key = "done" if mark is Mark.DONE else "skipped"
    if len(fresh) == 1:
        share, day = fresh[0]
        if mark is Mark.DONE and before[share.habit_id]:
            key = "already"
        return at.text(
            key, title=at.title(share), day=at.day(day), total=share.progress(at.context.today).practised
        )
    days_named = ", ".join(at.day(day) for day in sorted({day for _, day in fresh}))
    lists = [", ".join(at.title(share) for share, _ in fresh)]
    if mark is Mark.DONE:
        totals = [(at.title(share), share.progress(at.context.today).practised) for share, _ in fresh]
        lists.insert(0, ", ".join(at.text("done_item", title=title, total=total) for title, total in totals))
    return fitting([at.text(f"{key}_several", list=listed, day=days_named) for listed in lists])


def _answered(at: Acting, habit_ids: set[UUID]) -> None:
    """Mark the waiting nudges of these habits as answered; one of unknown fate has evidently arrived."""
    for nudge in at.context.open:
        if habit_ids & {item.habit_id for item in at.context.items.get(nudge.id, [])}:
            _mark_answered(at, nudge)


def _mark_answered(at: Acting, nudge: Nudge) -> None:
    at.reply.nudge_id = nudge.id
    nudge.answered_at = at.now
    at.session.flush()
    outbox.move(at.session, nudge.id, [NudgeState.UNKNOWN], NudgeState.SENT, ARRIVED, sent_at=at.now)


def _undo(at: Acting) -> str:
    undone = logbook.undo_last(at.session, at.person.id, SOURCE, at.reply.id, at.now)
    shares = facts.shares(at.session, {at.person.id})
    titles = [at.title(shares[at.person.id, habit_id]) for habit_id, _ in undone]
    if not undone:
        return at.text("nothing_to_undo")
    if len(undone) == 1:
        return at.text("undone", title=titles[0], day=at.day(undone[0][1]))
    return at.text("undone_several", list=", ".join(titles))


def _later(at: Acting, later: replies.Later) -> str:
    waiting = [nudge for nudge in at.context.open if nudge.id in at.context.items]
    if not waiting:
        return at.text("nothing_waiting", list=at.listed())
    again_at = _again_at(at, later)
    if again_at is None:
        return at.text("later_impossible")
    nudge = waiting[0]
    assert nudge.words_sealed is not None
    _mark_answered(at, nudge)
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
    return at.text("later", when=_when(at, again_at))


def _again(item: NudgeItem) -> NewItem:
    return NewItem(item.habit_id, item.day, item.reminder_id, item.turn + 1, item.prompt_id, item.chance)


def _again_at(at: Acting, later: replies.Later) -> datetime | None:
    """Return when a nudge comes again, at most a day from now; None if that is not possible."""
    said_at = at.reply.received_at
    if later.at is None:
        again_at: datetime | None = said_at + (later.delay or HOUR)
    else:
        again_at = due.next_clock(at.person, later.at, said_at)
    if again_at is None or not said_at < again_at <= said_at + SNOOZE_AT_MOST:
        return None
    return max(again_at, at.now)


def _pause(at: Acting, part: replies.Pause) -> str:
    today = at.context.today
    last = today + timedelta(days=part.days - 1) if part.days else None
    if part.until:
        last = part.until - timedelta(days=1)
    due.pause(at.session, at.person, today, last)
    if last is None:
        return at.text("paused")
    back = last + timedelta(days=1)
    return at.text("paused_until", when=wording.on_day(at.person.language, back, today))


def _resume(at: Acting) -> str:
    due.resume(at.session, at.person, at.context.today)
    if at.person.due_at is None:
        return at.text("resumed_plain")
    return at.text("resumed", when=_when(at, at.person.due_at))


def _streaks(at: Acting) -> str:
    shares = list(at.context.shares.values())
    if not shares:
        return _brand(at, "no_habits")
    if len(shares) == 1:
        share, progress = shares[0], shares[0].progress(at.context.today)
        if not progress.streak:
            return at.text("streak_fresh", title=at.title(share), total=progress.practised)
        return at.text(
            "streak",
            title=at.title(share),
            total=progress.practised,
            streak=_span(at, progress.streak, progress.unit),
            longest=_span(at, progress.longest[progress.unit], progress.unit),
        )
    lines, short = [], []
    for share in shares:
        progress = share.progress(at.context.today)
        values: dict[str, str | int] = {"title": at.title(share), "total": progress.practised}
        short.append(at.text("streak_short", **values))
        if progress.streak:
            span = _span(at, progress.streak, progress.unit)
            lines.append(at.text("streak_line", streak=span, **values))
        else:
            lines.append(at.text("streak_line_fresh", **values))
    return at.text("streaks", lines="\n".join(lines), list=", ".join(short))


def _span(at: Acting, count: int, unit: str) -> str:
    return at.text(f"span_{unit}s", count=count)


def _scores(at: Acting, values: Sequence[int]) -> str:
    assert at.context.pulse is not None
    scores.answer(at.session, at.site.sealer, at.context.pulse, values)
    _pulse_answered(at)
    return at.text("pulse_thanks", scores=" ".join(str(value) for value in values))


def _skip_pulse(at: Acting) -> str:
    assert at.context.pulse is not None
    scores.skip(at.context.pulse)
    _pulse_answered(at)
    return at.text("pulse_skipped")


def _pulse_answered(at: Acting) -> None:
    for nudge in at.context.open:
        if at.context.pulse and nudge.id == at.context.pulse.nudge_id:
            _mark_answered(at, nudge)


def _unclear(at: Acting) -> str:
    if at.address.verified_at is None and at.person.stopped_at is None:
        return _brand(at, "not_understood_consent")
    if not at.context.shares:
        return at.text("not_understood_plain")
    return at.text("not_understood", list=at.listed())
