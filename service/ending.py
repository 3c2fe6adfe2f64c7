"""What a person ends alone, at once and unannounced: a habit, all, or all that is kept; and the way back."""

import hmac
from collections.abc import Iterable, Sequence
from uuid import UUID

from service import consent, due, lapsing, parting
from service.acting import SOURCE, Acting
from service.facts import Share

STOPPED = "stopped"


def drop(at: Acting, numbers: Sequence[int]) -> str:
    """Take these habits off the person's list; return the answer, the same whatever the partner does."""
    parting.leave(at.session, at.person, [at.context.shares[number].habit_id for number in numbers], at.now)
    return at.text("dropped", title=at.titles(numbers), number=" ".join(map(str, numbers)))


def leave(at: Acting) -> str:
    """Take the person out of all habits, and let nothing more come; return the answer."""
    parting.leave(at.session, at.person, _ids(at.context.shares.values()), at.now)
    due.pause(at.session, at.person, at.context.today, None)
    return at.text("left")


def resume(at: Acting, numbers: Sequence[int]) -> str:
    """End a pause, or the rest of these habits, so that today is the first day back; return the answer.

    A habit that was dropped comes back by its number, and with it an end of any pause. A bare "resume" ends
    the person's pause, and brings back what was left with it; without one, the rests of all habits.
    """
    if numbers:
        return _resume_habits(at, numbers)
    paused_on = due.pause_began_on(at.session, at.person.id, at.context.today)
    due.resume(at.session, at.person, at.context.today)
    at.person.away_on = None  # The answer is the welcome.
    left = [share for share in at.context.dropped.values() if share.facts.ended_on == paused_on]
    if left and not at.context.shares:
        parting.come_back(at.session, at.person, _ids(left), at.now)
    elif paused_on is None:
        due.resume_habits(at.session, at.person, _ids(at.context.shares.values()), at.context.today)
    next_at = due.next_for(at.session, at.person)
    return at.text("resumed", when=at.when(next_at)) if next_at else at.text("resumed_plain")


def _resume_habits(at: Acting, numbers: Sequence[int]) -> str:
    due.resume(at.session, at.person, at.context.today)
    due.resume_habits(at.session, at.person, _ids(at.share(number) for number in numbers), at.context.today)
    dropped = [at.context.dropped[number] for number in numbers if number in at.context.dropped]
    parting.come_back(at.session, at.person, _ids(dropped), at.now)
    return at.text("resumed_habit", title=at.titles(numbers), number=" ".join(map(str, numbers)))


def _ids(shares: Iterable[Share]) -> list[UUID]:
    return [share.habit_id for share in shares]


def ask_to_delete(at: Acting) -> str:
    """End all messages at once, and send the code that deletes all; return the answer."""
    consent.withdrawn(at.session, at.person, at.address, SOURCE, at.now, at.reply.id)
    lapsing.lapse_planned(at.session, at.person.id, STOPPED)
    at.person.due_at = None
    return at.text("delete_asked", code=_code(at, at.reply.id))


def confirm(at: Acting, digits: str) -> str:
    """Delete all that is kept of the person if the code is the one that was sent; return the answer."""
    asked = at.context.question
    if asked is None or not hmac.compare_digest(digits, _code(at, asked.nudge.cause_id)):
        return at.text("code_wrong")
    words = at.text("deleted")
    parting.forget(at.session, at.site, at.person, at.now)
    at.answer.forgets = True
    return words


def _code(at: Acting, asked_by: UUID) -> str:
    """Return the six digits that belong to the message that asked to delete; they are kept nowhere else."""
    return at.site.sealer.code(f"delete:{asked_by.hex}")
