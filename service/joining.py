"""A habit that both of a couple keep is made joint: both are asked, and it is so once both have said yes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from habits import hours, practices
from service import composing, due, outbox, rests
from service.errors import WrongUsage
from service.models import Habit, Member, Nudge, Person
from service.outbox import NewNudge
from service.site import Site
from service.states import Cause, Joint, NudgeKind, NudgeState

ASK_FOR = timedelta(hours=12)
"""The question is dropped if it could not be sent in this time, or before quiet hours."""
NOT_AGAIN_FOR = timedelta(days=7)
NOT_BOTH = "Only a habit that both of a couple keep can be joint; `attune habit add --couple` takes one up."
ENDED = "That habit has ended; take the practice up again to make it joint."
WITHDRAWN = "the habit is not to be joint any more"


def set_joint(site: Site, habit_id: UUID, mode: Joint, now: datetime) -> None:
    """Make a couple's habit joint, or joint no more.

    `both` and `either` ask each of the two who has not said yes before, at most once in 7 days; to change one
    for the other asks nobody anew. `none` ends it for both, unannounced: what they said is dropped, so that
    they are asked anew. What comes back is the same whatever they said. Raises WrongUsage for a habit of
    one person alone, or one that has ended.
    """
    with site.db.write() as session:
        habit, people = _locked(session, habit_id, mode)
        before, habit.joint = habit.joint, mode
        members = session.scalars(select(Member).where(Member.habit_id == habit_id)).all()
        if mode is Joint.NONE:
            _end(session, habit_id, members)
            return
        for member in members:
            wanted = member.together_at is None and member.left_on is None
            lately = before is not Joint.NONE and _asked_lately(session, member, now)
            if wanted and not lately:
                _ask(session, site, habit, member, people[member.person_id], now)


def _locked(session: Session, habit_id: UUID, mode: Joint) -> tuple[Habit, dict[UUID, Person]]:
    ids = session.scalars(select(Member.person_id).where(Member.habit_id == habit_id)).all()
    people = outbox.lock_people(session, ids)
    habit = session.get_one(Habit, habit_id, populate_existing=True)
    ends = mode is Joint.NONE
    # Whether one of them has left it is not looked at: a refusal would tell.
    if habit.couple_id is None or (len(people) < 2 and not ends):
        raise WrongUsage(NOT_BOTH)
    if habit.ended_on and not ends:
        raise WrongUsage(ENDED)
    return habit, people


def _end(session: Session, habit_id: UUID, members: Sequence[Member]) -> None:
    for member in members:
        member.together_at = None
        rests.drop_apart(session, member.person_id, habit_id)
        session.execute(
            update(Nudge)
            .where(*_questions(member), Nudge.state == NudgeState.PLANNED)
            .values(state=NudgeState.LAPSED, reason=WITHDRAWN)
        )


def _ask(session: Session, site: Site, habit: Habit, member: Member, person: Person, now: datetime) -> None:
    newest = session.scalar(select(func.max(Nudge.turn)).where(*_questions(member)))
    turn = 0 if newest is None else newest + 1
    language = person.language
    plain = practices.catalogue(language)[habit.practice].title
    title = composing.title(language, person.discreet, member.number, plain)
    not_before = due.out_of_quiet(person, now)
    question = NewNudge(
        person_id=person.id,
        kind=NudgeKind.QUESTION,
        cause_kind=Cause.TOGETHER,
        cause_id=habit.id,
        turn=turn,
        due_at=now,
        not_before=not_before,
        expires_at=hours.expiry(not_before, not_before, replace(due.rules_of(person), catch_up=ASK_FOR)),
        words=composing.text(language, "together_question", turn, title=title, number=member.number),
        reason="asked of both",
    )
    outbox.add(session, site.sealer, [question])


def _asked_lately(session: Session, member: Member, now: datetime) -> bool:
    gone = (NudgeState.LAPSED, NudgeState.FAILED)
    lately = select(Nudge.id).where(
        *_questions(member), Nudge.state.not_in(gone), Nudge.due_at > now - NOT_AGAIN_FOR
    )
    return session.scalar(lately.limit(1)) is not None


def _questions(member: Member) -> tuple[ColumnElement[bool], ...]:
    return (
        Nudge.person_id == member.person_id,
        Nudge.kind == NudgeKind.QUESTION,
        Nudge.cause_kind == Cause.TOGETHER,
        Nudge.cause_id == member.habit_id,
    )
