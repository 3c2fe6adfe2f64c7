"""What a person may hear about a habit when they ask: another prompt, why it matters, how it is done."""

import random

from habits import practices
from habits import pulse as checkin
from habits.parts import Topic
from service import composing, looking, scores
from service.acting import Acting
from service.facts import Share
from service.models import Member
from service.outbox import NewItem

HELD_FOR_DAYS = 14
"""For so long no deep prompt comes after two low scores running."""
DEEPEST = 3


def tell(at: Acting, topic: Topic, number: int) -> str:
    """Return what was asked for about a habit; another prompt counts as used, like any."""
    share = at.context.shares[number]
    if topic in (Topic.MORE, Topic.DEEPER):
        return _another(at, share, topic)
    practice = practices.catalogue(at.person.language)[share.practice]
    told = practice.why if topic is Topic.WHY else practice.how
    return at.text("about_practice", title=at.title(share), told=told)


def _another(at: Acting, share: Share, topic: Topic) -> str:
    day = next(
        (
            item.day
            for nudge in at.context.open
            for item in at.context.items.get(nudge.id, [])
            if item.habit_id == share.habit_id
        ),
        at.context.today,
    )
    used = looking.prompts(at.session, at.person.id, share.habit_id)
    deepest = DEEPEST if topic is Topic.DEEPER and not _held(at) else share.deepest(at.context.today)
    practice = practices.catalogue(at.person.language)[share.practice]
    rng = random.Random(f"{share.habit_id}:{at.person.id}:{len(used)}:{day}")  # noqa: S311 (Repeatable.)
    prompt, chance, first = practices.draw(practice, used, deepest, rng)
    if first:
        member = at.session.get_one(Member, (share.habit_id, at.person.id))
        member.drawn_from_on, member.drawn_from_id = day, at.answer.id
    at.answer.items.append(NewItem(share.habit_id, day, None, 0, prompt.id, chance))
    line = composing.Line(share.number, at.title(share), prompt.text)
    return composing.nudge(at.person.language, False, [line], at.context.turn)


def _held(at: Acting) -> bool:
    """Say whether deep prompts would be too much: the person rests, or the last weeks were heavy."""
    if at.person.rested_until and at.now < at.person.rested_until:
        return True
    return any(
        checkin.lately_low(trend.scores) and (at.context.today - trend.weeks[-1][0]).days < HELD_FOR_DAYS + 7
        for trend in scores.trends(at.session, at.site.sealer, at.person.id)
    )
