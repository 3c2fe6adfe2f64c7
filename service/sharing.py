"""The weekly check-in: its scores are the person's own; what is shared is seen once both have shared it."""

from collections.abc import Sequence

from habits import pulse as checkin
from service import scores
from service.acting import Acting, mark_answered
from service.models import Pulse

SHOWN = 6
"""Scores of an item that an answer has room for."""


def score(at: Acting, values: Sequence[int]) -> str:
    """Keep the scores of the check-in that is open; return the answer.

    An item that was low twice running brings an offer of people to talk to, which nobody else sees.
    """
    assert at.context.pulse is not None
    scores.answer(at.session, at.site.sealer, at.context.pulse, values)
    at.session.flush()
    _answered(at)
    thanks = at.text("pulse_thanks", scores=" ".join(str(value) for value in values))
    asked = {item.id for item in checkin.asked(at.context.pulse.week_on)}
    trends = scores.trends(at.session, at.site.sealer, at.person.id, at.context.pulse.week_on)
    low = any(trend.item_id in asked and checkin.low_again(trend.scores) for trend in trends)
    return f"{thanks} {at.text('support')}" if low else thanks


def skip_pulse(at: Acting) -> str:
    """Leave out the check-in that is open; return the answer."""
    assert at.context.pulse is not None
    scores.skip(at.context.pulse)
    _answered(at)
    return at.text("pulse_skipped")


def _answered(at: Acting) -> None:
    for nudge in at.context.open:
        if at.context.pulse and nudge.id == at.context.pulse.nudge_id:
            mark_answered(at, nudge)


def results(at: Acting) -> str:
    """Return the person's own scores, item by item, and what both have shared of the last check-in."""
    found = scores.trends(at.session, at.site.sealer, at.person.id)
    if not found:
        return at.text("results_none")
    scored = ", ".join(
        at.text(
            "results_item", label=_label(at, trend.item_id), scores=" ".join(map(str, trend.scores[-SHOWN:]))
        )
        for trend in found
    )
    both = _both(at, at.context.shareable) if at.context.shareable else ""
    return f"{at.text('results', scored=scored)} {both}".rstrip()


def share(at: Acting, items: Sequence[int]) -> str:
    """Share these items, counted from 1, of the last answered check-in; return the answer.

    It is the same whatever the partner has done, unless both have shared the same.
    """
    pulse = at.context.shareable
    if pulse is None:
        return at.text("share_none")
    asked = checkin.asked(pulse.week_on)
    wanted = [asked[number - 1].id for number in items if 1 <= number <= len(asked)]
    if not wanted:
        return at.text("share_which", items=_listed(at, [item.id for item in asked]))
    scores.share(at.session, pulse, wanted, at.now)
    shared = at.text("shared", items=", ".join(_label(at, item_id) for item_id in wanted))
    return f"{shared} {_both(at, pulse)}".rstrip()


def share_nothing(at: Acting) -> str:
    """Take back all that is shared of the person's check-ins; return the answer."""
    scores.unshare(at.session, at.person.id)
    return at.text("share_nothing")


def _both(at: Acting, pulse: Pulse) -> str:
    """Return what both have shared of a week, blank if that is nothing."""
    found = scores.shared_by_both(at.session, at.site.sealer, at.person, pulse)
    lines = [
        at.text("shared_item", label=_label(at, one.item_id), mine=one.mine, theirs=one.theirs)
        for one in found
    ]
    return at.text("shared_both", both="; ".join(lines)) if lines else ""


def _listed(at: Acting, item_ids: Sequence[str]) -> str:
    return ", ".join(f"{number} {_label(at, item_id)}" for number, item_id in enumerate(item_ids, 1))


def _label(at: Acting, item_id: str) -> str:
    return checkin.label(item_id, at.person.language)
