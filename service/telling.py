"""What a person is told who asks: their streaks, their habits with the numbers, which one was meant."""

from collections.abc import Sequence

from habits import replies
from notifiers.segments import fitting
from service import composing
from service.acting import Acting
from service.sparing import in_streaks

MOST_NAMED = 3
WHICH = {
    replies.About.DONE: "which",
    replies.About.SKIP: "which_skip",
    replies.About.TOGETHER: "which_together",
    replies.About.APART: "which_apart",
}


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


def which(at: Acting, asked: replies.Which) -> str:
    return at.text(WHICH[asked.about], list=at.listed(asked.numbers))


def unknown(at: Acting, numbers: Sequence[int]) -> str:
    """Name the first of the numbers that are none of the person's."""
    named = ", ".join(str(number) for number in numbers[:MOST_NAMED])
    return at.text("unknown_number", number=named, list=at.listed())


def unclear(at: Acting) -> str:
    if at.address.verified_at is None and at.person.stopped_at is None:
        return at.branded("not_understood_consent")
    if not at.context.shares:
        return at.text("not_understood_plain")
    return at.text("not_understood", list=at.listed())
