"""What each understood part of a message does to the rows, and the words that answer it.

The caller holds the person's lock and has one transaction for all of a message's parts.
"""

from collections.abc import Sequence

from habits import replies
from habits.entries import Mark
from notifiers.segments import count
from service import composing, consent, due, events, noting, putting_off, telling, together
from service.acting import SOURCE, Acting, mark_answered
from service.states import Cause

MOST_SEGMENTS = 2
NO_ANSWER = (replies.Help, replies.Unclear, replies.UnknownNumber, replies.Which)
"""What does not answer a question with the answers yes and no."""


def act(at: Acting, parts: Sequence[replies.Part]) -> tuple[str, Cause]:
    """Do what the parts say; return the answer to all of them, and as what it is sent."""
    said: list[str] = []
    cause = Cause.REPLY
    unknown = [part.number for part in parts if isinstance(part, replies.UnknownNumber)]
    for part in parts:
        if isinstance(part, replies.Stop):
            return "", Cause.OPT_OUT  # The caller ends everything and confirms it.
        if isinstance(part, replies.Help):
            cause = Cause.HELP
        all_at_once = isinstance(part, replies.UnknownNumber)
        said.append(telling.unknown(at, unknown) if all_at_once else _act(at, part))
        _answers_question(at, part)
    return _short(said), cause


def _short(said: Sequence[str]) -> str:
    """Return what is said of all parts, without the longest of it while that is more than two segments."""
    kept = list(dict.fromkeys(words for words in said if words))
    while len(kept) > 1 and count(" ".join(kept)).segments > MOST_SEGMENTS:
        kept.remove(max(kept, key=len))  # A list: what was done takes few words.
    return " ".join(kept)


def _act(at: Acting, part: replies.Part) -> str:
    match part:
        case replies.Help():
            return composing.help_answer(at.site.settings, at.person.language, at.person.country)
        case replies.Agree():
            return _agree(at)
        case replies.Done(numbers=numbers):
            return noting.log(at, numbers, Mark.DONE)
        case replies.Skip(numbers=numbers):
            return noting.log(at, numbers, Mark.SKIPPED)
        case replies.Undo():
            return noting.undo(at)
        case replies.Later():
            return putting_off.later(at, part)
        case replies.Pause():
            return putting_off.pause(at, part)
        case replies.Resume():
            return putting_off.resume(at)
        case replies.Together(numbers=numbers):
            return together.say(at, numbers)
        case replies.Apart(numbers=numbers):
            return together.take_back(at, numbers)
        case replies.ShowStreaks():
            return telling.streaks(at)
        case replies.ShowHabits():
            return telling.habits(at)
        case replies.Scores(values=values):
            return noting.score(at, values)
        case replies.SkipPulse():
            return noting.skip_pulse(at)
        case replies.BadScores():
            return at.text("pulse_wrong")
        case replies.Which():
            return telling.which(at, part)
        case _:
            return telling.unclear(at)


def _agree(at: Acting) -> str:
    back = at.person.stopped_at is not None
    consent.given(at.session, at.person, at.address, SOURCE, at.now)
    due.refresh(at.session, at.person, at.now)
    events.tell(at.session, "consent given", at.address.id, at.now, at.person.id)
    if back:
        return at.branded("start_again")
    if at.person.due_at is None:
        return at.branded("welcome_plain")
    return at.text("welcome", brand=at.site.settings.brand, when=at.when(at.person.due_at))


def _answers_question(at: Acting, part: replies.Part) -> None:
    """Mark the question that a yes or no belonged to as answered: each is answered once.

    Whoever says anything else that is clear has shown that nudges are still of use.
    """
    asked = at.context.question
    if asked is None or isinstance(part, NO_ANSWER):
        return
    if asked.question.about is replies.Asked.TOGETHER:
        of = part.numbers if isinstance(part, replies.Together | replies.Apart) else ()
        if asked.question.number not in of:
            return
    if asked.nudge.answered_at is None:
        mark_answered(at, asked.nudge)
