"""What a message says was done or skipped, how it scores the week, and what it takes back."""

from collections.abc import Sequence
from uuid import UUID

from habits.entries import Mark
from notifiers.segments import fitting
from service import facts, logbook, scores, sparing
from service.acting import SOURCE, Acting, mark_answered
from service.reading import day_of_answer


def log(at: Acting, numbers: Sequence[int], mark: Mark) -> str:
    """Log these habits, each for the day that the answer counts for; return the answer."""
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
    spared = sparing.after_done(at, shares, [share for share, _ in fresh]) if mark is Mark.DONE else ""
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


def undo(at: Acting) -> str:
    """Take back what the person's last message logged; return the answer."""
    undone = logbook.undo_last(at.session, at.person.id, SOURCE, at.reply.id, at.now)
    shares = facts.shares(at.session, {at.person.id})
    titles = [at.title(shares[at.person.id, habit_id]) for habit_id, _ in undone]
    if not undone:
        return at.text("nothing_to_undo")
    if len(undone) == 1:
        return at.text("undone", title=titles[0], day=at.day(undone[0][1]))
    return at.text("undone_several", list=", ".join(titles))


def score(at: Acting, values: Sequence[int]) -> str:
    """Keep the scores of the check-in that is open; return the answer."""
    assert at.context.pulse is not None
    scores.answer(at.session, at.site.sealer, at.context.pulse, values)
    _pulse_answered(at)
    return at.text("pulse_thanks", scores=" ".join(str(value) for value in values))


def skip_pulse(at: Acting) -> str:
    """Leave out the check-in that is open; return the answer."""
    assert at.context.pulse is not None
    scores.skip(at.context.pulse)
    _pulse_answered(at)
    return at.text("pulse_skipped")


def _pulse_answered(at: Acting) -> None:
    for nudge in at.context.open:
        if at.context.pulse and nudge.id == at.context.pulse.nudge_id:
            mark_answered(at, nudge)
