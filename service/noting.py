"""What a message says was done or skipped, and what it takes back."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select

from habits.entries import Mark
from notifiers.segments import fitting
from service import facts, logbook, sparing
from service.acting import REACTION, SOURCE, Acting, mark_answered
from service.facts import Share
from service.models import Nudge, Reply
from service.reading import day_of_answer


def log(at: Acting, numbers: Sequence[int], mark: Mark, said: date | None) -> str:
    """Log these habits, for the day that was said, else each for the one that the answer counts for.

    Returns the answer. A day before a habit's start is out of reach.
    """
    shares = [at.context.shares[number] for number in dict.fromkeys(numbers)]
    if said and any(said < share.facts.started_on for share in shares):
        return at.text("bad_day")
    days = [
        (share, said or day_of_answer(at.session, at.person, share, at.context, at.reply.received_at))
        for share in shares
    ]
    return _log(at, days, mark, SOURCE)


def log_reaction(at: Acting, numbers: Sequence[int], of: Nudge) -> str:
    """Log what a tap on one of our messages says, for that message's day; return the answer."""
    days = {item.habit_id: item.day for item in at.context.items[of.id]}
    shares = [at.context.shares[number] for number in numbers]
    answer = _log(at, [(share, days[share.habit_id]) for share in shares], Mark.DONE, REACTION)
    mark_answered(at, of)
    return answer


def _log(at: Acting, days: list[tuple[Share, date]], mark: Mark, source: str) -> str:
    before = {share.habit_id: share.done_on(day) for share, day in days}
    logbook.log(
        at.session,
        at.person.id,
        # What is done already is not logged again: UNDO would take back the repetition only.
        [(s.habit_id, day) for s, day in days if mark is Mark.SKIPPED or not before[s.habit_id]],
        mark,
        source,
        at.reply.id,
        at.now,
    )
    _answered(at, {share.habit_id for share, _ in days})
    after = facts.shares(at.session, {at.person.id})
    fresh = [(after[at.person.id, share.habit_id], day) for share, day in days]
    key = "done" if mark is Mark.DONE else "skipped"
    spared = ""
    if mark is Mark.DONE:
        spared = sparing.after_done(at, [share for share, _ in days], [share for share, _ in fresh])
    if len(fresh) == 1:
        share, day = fresh[0]
        if mark is Mark.DONE and before[share.habit_id]:
            key = "already"
        said = at.text(
            key, title=at.title(share), day=at.day(day), total=share.progress(at.context.today).practised
        )
        return f"{said} {spared}".rstrip()
    days_named = ", ".join(at.day(day) for day in sorted({day for _, day in fresh}))
    lists = [", ".join(at.title(share) for share, _ in fresh)]
    if mark is Mark.DONE:
        totals = [(at.title(share), share.progress(at.context.today).practised) for share, _ in fresh]
        lists.insert(0, ", ".join(at.text("done_item", title=title, total=total) for title, total in totals))
    answers = [at.text(f"{key}_several", list=listed, day=days_named) for listed in lists]
    return fitting([*(f"{answer} {spared}" for answer in answers if spared), *answers])


def _answered(at: Acting, habit_ids: set[UUID]) -> None:
    """Mark the waiting nudges of these habits as answered."""
    for nudge in at.context.open:
        if habit_ids & {item.habit_id for item in at.context.items.get(nudge.id, [])}:
            mark_answered(at, nudge)


def not_today(at: Acting, hard: bool) -> str:
    """Return a kind word to a no; nothing is logged. A skip is offered where it would hold the streak."""
    if hard:
        return at.text("heard_hard")
    for nudge in at.context.open:
        waiting = {item.habit_id for item in at.context.items.get(nudge.id, [])}
        for number, share in at.context.shares.items():
            if share.habit_id in waiting and share.progress(at.context.today).slack == 0:
                return at.text("heard_skip", number=number)
    return at.text("heard")


def undo(at: Acting) -> str:
    """Take back what the person's last message logged; return the answer."""
    undone = logbook.undo_last(at.session, at.person.id, SOURCE, at.reply.id, at.now, (REACTION,))
    return _undone(at, undone) if undone else at.text("nothing_to_undo")


def undo_reaction(at: Acting, of: Nudge) -> str:
    """Take back what a tap on one of our messages logged, and nothing else; the message waits again.

    Returns the answer, blank if the tap had logged nothing.
    """
    taps = select(Reply.id).where(Reply.person_id == at.person.id, Reply.nudge_id == of.id)
    undone = logbook.undo_of(
        at.session, at.person.id, REACTION, at.session.scalars(taps).all(), at.reply.id, at.now
    )
    if not undone:
        return ""
    shares = facts.shares(at.session, {at.person.id})
    if not any(_said_of(shares[at.person.id, habit_id], day) for habit_id, day in undone):
        of.answered_at = None
    return _undone(at, undone)


def _said_of(share: Share, day: date) -> bool:
    return share.done_on(day) or share.skipped_on(day)


def _undone(at: Acting, undone: Sequence[tuple[UUID, date]]) -> str:
    shares = facts.shares(at.session, {at.person.id})
    titles = [at.title(shares[at.person.id, habit_id]) for habit_id, _ in undone]
    if len(undone) == 1:
        return at.text("undone", title=titles[0], day=at.day(undone[0][1]))
    return at.text("undone_several", list=", ".join(titles))
