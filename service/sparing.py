"""What a person is told of their spare days: which were used to keep a run. It is told to nobody else."""

from collections.abc import Sequence

from habits.spares import not_told, spares
from habits.wording import number_word
from service.acting import Acting
from service.facts import Share

Used = tuple[Share, int, int]
"""A habit, how many of its spare days were used, and how many it has in four weeks."""


def after_done(at: Acting, before: Sequence[Share], after: Sequence[Share]) -> str:
    """Return what the answer to a done tells of days that were forgiven since the last one; "" if none were.

    `before` and `after` are the habits as they were before it was logged and as they are now.
    """
    told: list[Used] = []
    for old, new in zip(before, after, strict=True):
        shown = new.progress(at.context.today)
        spare = spares(new.facts, shown, at.context.today)
        if used := min(spare.used, len(not_told(old.facts.entries, shown))):
            told.append((new, used, spare.reserve))
    return _words(at, told, "spares_told", len(after))


def in_streaks(at: Acting, shares: Sequence[Share]) -> str:
    """Return what the answer to `streak` tells of the spare days of runs that go on; "" if none were used."""
    told: list[Used] = []
    for share in shares:
        shown = share.progress(at.context.today)
        spare = spares(share.facts, shown, at.context.today)
        if shown.alive and spare.used:
            told.append((share, spare.used, spare.reserve))
    return _words(at, told, "spares_used", len(shares))


def _words(at: Acting, told: Sequence[Used], key: str, of: int) -> str:
    """Return what is told of these habits, which are named if the message is about several."""
    if not told:
        return ""
    if of > 1:
        return at.text(f"{key}_several", list=", ".join(_item(at, *one) for one in told))
    ((_, used, reserve),) = told
    return at.text(key, used=_word(at, used), reserve=_word(at, reserve), count=used)


def _item(at: Acting, share: Share, used: int, reserve: int) -> str:
    return at.text("spares_item", title=at.title(share), used=used, reserve=reserve)


def _word(at: Acting, number: int) -> str:
    return number_word(at.person.language, number)
