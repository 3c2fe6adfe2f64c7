"""What a person says of a habit that both of a couple keep: the other may see how it goes, or may not.

Neither is ever told to the other, and both are answered alike whatever the other has said.
"""

from collections.abc import Sequence

from sqlalchemy import exists, or_, select

from service import events, rests
from service.acting import Acting
from service.facts import Share
from service.models import Event, Member, Nudge
from service.states import Cause, Joint, NudgeKind, NudgeState, RestKind

TOLD = "told of together"
"""The event of somebody who was told what the other can see, in the answer to a `together` of their own."""


def say(at: Acting, numbers: Sequence[int]) -> str:
    """Note that the other may see how these habits go for both; return the answer.

    Whoever has not been told yet what the other can then see is told so first, and asked.
    """
    untold = [share for share in _joint(at, numbers) if not _told(at, share)]
    if untold:
        events.tell(at.session, TOLD, untold[0].habit_id, at.now, at.person.id)
        title = at.titles([untold[0].number])
        return at.text("together_question", title=title, number=untold[0].number)
    for share in _joint(at, numbers):
        member = at.session.get_one(Member, (share.habit_id, at.person.id))
        if member.together_at is None:
            member.together_at = at.reply.received_at
        rests.end(at.session, at.person.id, RestKind.APART, at.context.today, share.habit_id)
    return _answer(at, numbers, "together_thanks")


def _told(at: Acting, share: Share) -> bool:
    """Say whether the person was asked about this habit, in a message or in an answer of ours."""
    if at.session.get_one(Member, (share.habit_id, at.person.id)).together_at:
        return True
    asked = exists().where(
        Nudge.person_id == at.person.id,
        Nudge.kind == NudgeKind.QUESTION,
        Nudge.cause_kind == Cause.TOGETHER,
        Nudge.cause_id == share.habit_id,
        Nudge.state.in_((NudgeState.SENDING, NudgeState.UNKNOWN, NudgeState.SENT, NudgeState.DELIVERED)),
    )
    told = exists().where(
        Event.person_id == at.person.id, Event.kind == TOLD, Event.subject_id == share.habit_id
    )
    return bool(at.session.scalar(select(or_(asked, told))))


def take_back(at: Acting, numbers: Sequence[int]) -> str:
    """Take that back from today on, or decline it; return the answer."""
    for share in _joint(at, numbers):
        if at.session.get_one(Member, (share.habit_id, at.person.id)).together_at is not None:
            rests.begin(at.session, at.person.id, RestKind.APART, at.context.today, share.habit_id)
    return _answer(at, numbers, "apart_done")


def _joint(at: Acting, numbers: Sequence[int]) -> list[Share]:
    shares = [at.context.shares[number] for number in dict.fromkeys(numbers)]
    return [share for share in shares if share.joint is not Joint.NONE]


def _answer(at: Acting, numbers: Sequence[int], key: str) -> str:
    said = [share.number for share in _joint(at, numbers)]
    alone = [number for number in numbers if number not in said]
    answers = []
    if said:
        answers.append(at.text(key, title=at.titles(said), number=said[0]))
    if alone:
        answers.append(at.text("together_alone", title=at.titles(alone)))
    return " ".join(answers)
