"""What a person is told who asks: their streaks, their habits with the numbers, which one was meant."""

from collections.abc import Sequence

from sqlalchemy import func, select

from habits import parts, wording
from notifiers.segments import fitting
from service import composing, counters, due
from service.acting import Acting
from service.models import AccessLog
from service.sparing import in_streaks

MOST_NAMED = 3
WHICH = {
    parts.About.DONE: "which",
    parts.About.SKIP: "which_skip",
    parts.About.TOGETHER: "which_together",
    parts.About.APART: "which_apart",
    parts.About.DROP: "which_drop",
}
TOPICS = (parts.About.MORE, parts.About.DEEPER, parts.About.WHY, parts.About.HOW)
"""In the order of the words for them in the catalogue."""
LOOKS = ("log", "streaks", "pulse", "habit", "simulate", "export", "import")
"""What can be opened, in the order of the words for it in the catalogue; anything else comes after."""
MOST_LOOKS = 2
ASKED_BACK = "asked back"
ASKED_FOR_SCORES = "asked for scores"
"""Why an answer went out that asks back: the same is not asked twice running."""


def streaks(at: Acting) -> str:
    """Return the practised days and streaks of a person's living habits."""
    shares = list(at.context.shares.values())
    if not shares:
        return at.branded("no_habits")
    if len(shares) == 1:
        return _streak(at)
    standing = [(at.title(share), share.progress(at.context.today)) for share in shares]
    lines, short = composing.standings(at.person.language, standing)
    said, spared = at.text("streaks", lines="\n".join(lines), list=", ".join(short)), in_streaks(at, shares)
    return fitting([f"{said}\n{spared}".rstrip(), said])


def _streak(at: Acting) -> str:
    (share,) = at.context.shares.values()
    progress = share.progress(at.context.today)
    if not progress.streak:
        return at.text("streak_fresh", title=at.title(share), total=progress.practised)
    language = at.person.language
    said = at.text(
        "streak",
        title=at.title(share),
        total=progress.practised,
        streak=composing.span(language, progress.streak, progress.unit),
        longest=composing.span(language, progress.longest[progress.unit], progress.unit),
    )
    return f"{said} {in_streaks(at, [share])}".rstrip()


def habits(at: Acting) -> str:
    return at.text("habits", list=at.listed()) if at.context.shares else at.branded("no_habits")


def which(at: Acting, asked: parts.Which) -> str:
    listed = at.listed(asked.numbers)
    if asked.about in TOPICS:
        word = composing.text(at.person.language, "topic", TOPICS.index(asked.about))
        return at.text("which_about", word=word, list=listed)
    return at.text(WHICH[asked.about], list=listed)


def unknown(at: Acting, numbers: Sequence[int]) -> str:
    """Name the first of the numbers that are none of the person's."""
    named = ", ".join(str(number) for number in numbers[:MOST_NAMED])
    return at.text("unknown_number", number=named, list=at.listed())


def unclear(at: Acting) -> str:
    """Ask back, once, what was meant."""
    if at.address.verified_at is None and at.person.stopped_at is None:
        return once(at, "not_understood_consent", ASKED_BACK)
    return once(at, "not_understood" if at.context.shares else "not_understood_plain", ASKED_BACK)


def once(at: Acting, key: str, reason: str) -> str:
    """Return a text that asks back, blank if the last thing that the person heard asked the same."""
    if at.context.newest and at.context.newest.reason == reason:
        return ""
    at.answer.reason = reason
    return at.text(key, brand=at.site.settings.brand, list=at.listed())


def coming(at: Acting) -> str:
    """Return when the next reminder comes, as far as that is known."""
    if due.paused_on(at.session, at.person.id, at.context.today):
        return at.text("paused")
    next_at = due.next_for(at.session, at.person)
    return at.text("next", when=at.when(next_at)) if next_at else at.text("next_none")


def access(at: Acting) -> str:
    """Return how often the operator has opened the person's data, and the last looks, the newest first."""
    theirs = AccessLog.person_id == at.person.id
    total = at.session.scalar(select(func.count()).where(theirs)) or 0
    if not total:
        return at.text("looked_none")
    newest = select(AccessLog).where(theirs).order_by(AccessLog.at.desc(), AccessLog.id.desc())
    looks = [_look(at, row) for row in at.session.scalars(newest.limit(MOST_LOOKS))]
    # By day and thing: who tries again and again is told of once.
    return at.text("looked", total=total, looks=", ".join(dict.fromkeys(looks)))


def _look(at: Acting, row: AccessLog) -> str:
    turn = LOOKS.index(row.what) if row.what in LOOKS else len(LOOKS)
    what = composing.text(at.person.language, "looked_what", turn)
    when = wording.on_day(at.person.language, due.today(at.person, row.at), at.context.today)
    return at.text("looked_item", what=what, when=when)


def call(at: Acting) -> str:
    """Return whom the person could talk to, in their country."""
    return composing.with_helplines("call", at.person.language, at.person.country, at.context.turn)


def danger(at: Acting) -> str:
    """Let the person's nudges rest for a day, and return where they can turn.

    That somebody was in danger is kept nowhere: of all people together it is counted how often.
    """
    due.rest_for_a_day(at.session, at.person, at.now)
    counters.count(at.session, counters.DANGER)
    return composing.with_helplines("danger", at.person.language, at.person.country, at.context.turn)
