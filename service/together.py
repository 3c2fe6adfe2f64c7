"""What a person says of a habit that both of a couple keep: the other may see how it goes, or may not.

Neither is ever told to the other, and both are answered alike whatever the other has said.
"""

from collections.abc import Sequence

from service import rests
from service.acting import Acting
from service.facts import Share
from service.models import Member
from service.states import Joint, RestKind


def say(at: Acting, numbers: Sequence[int]) -> str:
    """Note that the other may see how these habits go for both; return the answer."""
    for share in _joint(at, numbers):
        member = at.session.get_one(Member, (share.habit_id, at.person.id))
        if member.together_at is None:
            member.together_at = at.reply.received_at
        rests.end(at.session, at.person.id, RestKind.APART, at.context.today, share.habit_id)
    return _answer(at, numbers, "together_thanks")


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
