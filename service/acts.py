"""What each understood part of a message does to the rows, and the words that answer it.

The caller holds the person's lock and has one transaction for all of a message's parts.
"""

from collections.abc import Sequence

from habits import parts as said
from habits.context import Asked
from habits.entries import Mark
from notifiers.segments import Encoding, count
from service import (
    composing,
    consent,
    due,
    ending,
    events,
    moving,
    noting,
    offering,
    putting_off,
    sharing,
    telling,
    together,
)
from service.acting import Acting, mark_answered
from service.states import Cause

MOST_SEGMENTS, MOST_UCS2 = 2, 3
NO_ANSWER = (
    *(said.Help, said.Danger, said.Automatic, said.Ignored, said.Unclear, said.Unread, said.Which),
    *(said.UnknownNumber, said.BadScores),
)
"""What does not answer a question with the answers yes and no."""
EVEN_IF_STOPPED = {
    said.Help: Cause.HELP,
    said.Danger: Cause.HELP,
    said.ShowCall: Cause.HELP,
    said.Delete: Cause.DELETE,
    said.Code: Cause.OPT_OUT,
    said.Keep: Cause.OPT_OUT,
}
"""What is answered even to somebody who stopped, and as what."""
EXTRAS = (
    *(said.ShowStreaks, said.ShowHabits, said.ShowNext, said.ShowResults, said.ShowAccess),
    *(said.Tell, said.UnknownNumber),
)
"""Answers that may be asked for once more, if there is no room for all of them."""
ONLY_FIRST = (said.Later, said.Tell)
"""What is done once for a message."""
STOPPED = "they asked for no more messages"


def act(at: Acting, parts: Sequence[said.Part]) -> str:
    """Do what the parts say; return the answer to all of them, blank for none. A Stop is the caller's."""
    answered: list[tuple[said.Part, str]] = []
    unknown = [part.number for part in parts if isinstance(part, said.UnknownNumber)]
    for part in _once(parts):
        all_at_once = isinstance(part, said.UnknownNumber)
        words = telling.unknown(at, unknown) if all_at_once else _act(at, part, parts)
        answered.append((part, words))
        if at.answer.forgets:
            return words
        _answers_question(at, part)
        at.answer.cause = EVEN_IF_STOPPED.get(type(part), at.answer.cause)
    if at.person.stopped_at:
        answered = [(part, words) for part, words in answered if type(part) in EVEN_IF_STOPPED]
        at.answer.unanswered = STOPPED
    return _short(at, answered)


def _once(parts: Sequence[said.Part]) -> list[said.Part]:
    """Return the parts without a second of what is done once for a message, or said twice."""
    kept: list[said.Part] = []
    for part in dict.fromkeys(parts):
        if not isinstance(part, ONLY_FIRST) or not any(type(part) is type(other) for other in kept):
            kept.append(part)
    return kept


def _short(at: Acting, answered: list[tuple[said.Part, str]]) -> str:
    """Return the answers, without the last that may be asked for again while there is no room for all."""
    left = [(part, words) for part, words in answered if words]
    extras = [one for one in left if isinstance(one[0], EXTRAS)]
    more = ""
    while len(left) > 1 and extras and not _fits(left, more):
        dropped = extras.pop()
        left.remove(dropped)
        more = at.text("ask_again")
        if isinstance(dropped[0], said.Tell):
            at.answer.items.clear()
    return _joined(left, more)


def _joined(answered: list[tuple[said.Part, str]], more: str) -> str:
    return " ".join(dict.fromkeys([*(words for _, words in answered), more])).strip()


def _fits(answered: list[tuple[said.Part, str]], more: str) -> bool:
    counted = count(_joined(answered, more))
    return counted.segments <= (MOST_SEGMENTS if counted.encoding is Encoding.GSM7 else MOST_UCS2)


def _act(at: Acting, part: said.Part, parts: Sequence[said.Part]) -> str:
    match part:
        case said.Done() | said.Skip() | said.BadDay() | said.NotToday() | said.Undo() | said.Unreacted():
            return _noted(at, part, parts)
        case said.Later() | said.Pause() | said.Rest() | said.Resume() | said.At():
            return _moved(at, part)
        case said.Together() | said.Apart() | said.Share() | said.ShareNothing():
            return _between_two(at, part)
        case said.Scores(values=values):
            return sharing.score(at, values)
        case said.SkipPulse():
            return sharing.skip_pulse(at)
        case said.Drop(numbers=numbers):
            return ending.drop(at, numbers)
        case said.Leave():
            return ending.leave(at)
        case said.Delete():
            return ending.ask_to_delete(at)
        case said.Code(digits=digits):
            return ending.confirm(at, digits)
        case said.Keep():
            return at.text("delete_kept")
        case said.Agree():
            return _agree(at)
        case said.Danger():
            return telling.danger(at)
        case said.Tell(topic=topic, number=number):
            return offering.tell(at, topic, number)
    return _shown(at, part)


def _noted(at: Acting, part: said.Part, parts: Sequence[said.Part]) -> str:
    of = next((at.context.sent[one.message] for one in parts if isinstance(one, said.Reacted)), None)
    match part:
        case said.Done(numbers=numbers) if of:
            return noting.log_reaction(at, numbers, of)
        case said.Done(numbers=numbers, day=day):
            return noting.log(at, numbers, Mark.DONE, day)
        case said.Skip(numbers=numbers, day=day):
            return noting.log(at, numbers, Mark.SKIPPED, day)
        case said.NotToday(hard=hard):
            return noting.not_today(at, hard)
        case said.Unreacted(message=message):
            return noting.undo_reaction(at, at.context.sent[message])
        case said.Undo():
            return noting.undo(at)
    return at.text("bad_day")


def _moved(at: Acting, part: said.Part) -> str:
    match part:
        case said.Later():
            return putting_off.later(at, part)
        case said.Pause():
            return putting_off.pause(at, part)
        case said.Rest():
            return putting_off.rest(at, part)
        case said.Resume(numbers=numbers):
            return ending.resume(at, numbers)
        case said.At(time=time, numbers=numbers):
            return moving.at_time(at, time, numbers)
    raise AssertionError(part)


def _between_two(at: Acting, part: said.Part) -> str:
    match part:
        case said.Together(numbers=numbers):
            return together.say(at, numbers)
        case said.Apart(numbers=numbers):
            return together.take_back(at, numbers)
        case said.Share(items=items):
            return sharing.share(at, items)
    return sharing.share_nothing(at)


def _shown(at: Acting, part: said.Part) -> str:
    match part:
        case said.Help():
            return composing.help_answer(
                at.site.settings, at.person.language, at.person.country, at.context.turn
            )
        case said.ShowStreaks():
            return telling.streaks(at)
        case said.ShowHabits():
            return telling.habits(at)
        case said.ShowNext():
            return telling.coming(at)
        case said.ShowCall():
            return telling.call(at)
        case said.ShowResults():
            return sharing.results(at)
        case said.ShowAccess():
            return telling.access(at)
        case said.BadScores():
            return telling.once(at, "pulse_wrong", telling.ASKED_FOR_SCORES)
        case said.Which():
            return telling.which(at, part)
        case said.Unread():
            return at.text("unread")
        case said.Unclear():
            return telling.unclear(at)
    return ""  # An automatic reply, or a reaction that says nothing.


def _agree(at: Acting) -> str:
    if consent.withdrawn_since(at.session, at.person.id, at.reply):
        return ""  # A STOP came after it, and was heeded first.
    back = at.person.stopped_at is not None
    consent.given(at.session, at.person, at.address, at.source, at.now, at.reply.id)
    due.refresh(at.session, at.person, at.now)
    events.tell(at.session, "consent given", at.address.id, at.now, at.person.id)
    said: dict[str, str | int] = {
        "brand": at.site.settings.brand,
        "daily": composing.at_most(at.person.daily_cap),
    }
    if back:
        return at.text("start_again", **said)
    if at.person.due_at is None:
        return at.text("welcome_plain", **said)
    return at.text("welcome", when=at.when(at.person.due_at), **said)


def _answers_question(at: Acting, part: said.Part) -> None:
    """Mark the question that a yes or no belonged to as answered: each is answered once.

    Whoever says anything else that is clear has shown that nudges are still of use.
    """
    asked = at.context.question
    if asked is None or isinstance(part, NO_ANSWER):
        return
    if asked.question.about is Asked.DELETE and not isinstance(part, said.Keep | said.Agree):
        return  # A wrong code may be followed by the right one.
    if asked.question.about is Asked.TOGETHER:
        of = part.numbers if isinstance(part, said.Together | said.Apart) else ()
        if asked.question.number not in of:
            return
    if asked.nudge.answered_at is None:
        mark_answered(at, asked.nudge)
