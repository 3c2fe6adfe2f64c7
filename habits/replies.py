"""What a person means by a message: pure, in the order in which meanings take precedence.

Opt-out, opt-out in a sentence, HELP, consent, the question that is open, check-in, then the grammar of
`clauses`. Anything else is Unclear. Opt-out, consent and HELP are recognised in all languages, the rest in
the person's and in English.
"""

from collections.abc import Iterator
from functools import lru_cache

from habits import clauses, numbers, words, yes_and_no
from habits.items import Act, Ground, Verb
from habits.parts import (
    About,
    Agree,
    Apart,
    Asked,
    BadScores,
    Context,
    Done,
    Help,
    Known,
    Later,
    Part,
    Pause,
    Question,
    Resume,
    Scores,
    ShowHabits,
    ShowStreaks,
    Skip,
    SkipPulse,
    Stop,
    Together,
    Unclear,
    Undo,
    UnknownNumber,
    Which,
)

__all__ = [
    "About",
    "Agree",
    "Apart",
    "Asked",
    "BadScores",
    "Context",
    "Done",
    "Help",
    "Known",
    "Later",
    "Part",
    "Pause",
    "Question",
    "Resume",
    "Scores",
    "ShowHabits",
    "ShowStreaks",
    "Skip",
    "SkipPulse",
    "Stop",
    "Together",
    "Unclear",
    "Undo",
    "UnknownNumber",
    "Which",
    "is_opt_out",
    "understand",
]

LONGEST_COMMAND = 60
HARMLESS_TO_ASK = frozenset({Verb.LATER, Verb.STREAKS, Verb.HABITS})
PLAIN: dict[Verb, Part] = {
    Verb.UNDO: Undo(),
    Verb.RESUME: Resume(),
    Verb.STREAKS: ShowStreaks(),
    Verb.HABITS: ShowHabits(),
}
OF_NUMBERS: dict[Verb, type[Done | Skip | Together | Apart]] = {
    Verb.DONE: Done,
    Verb.AFFIRM: Done,
    Verb.SKIP: Skip,
    Verb.TOGETHER: Together,
    Verb.APART: Apart,
}
DIGEST = 3
BOTH = 2


def is_opt_out(text: str) -> bool:
    """Say whether the whole message is an opt-out keyword; marks, emoji and repeats do not matter."""
    return words.made_of(words.words(words.fold(text)), words.everywhere("opt_out"))


def understand(text: str, context: Context) -> tuple[Part, ...]:
    """Return what the message says, one part or more: Unclear where nothing, or not all of it, is clear.

    Raises nothing; takes time linear in the length of the text.
    """
    said = words.fold(text)
    spoken = words.words(said)
    courtesies = words.everywhere("courtesies")
    if words.made_of(spoken, words.everywhere("opt_out") | words.everywhere("opt_out_sentences"), courtesies):
        return (Stop(),)
    if words.made_of(spoken, words.everywhere("help"), courtesies):
        return (Help(),)
    tokens = words.tokens(said)
    if len(tokens) > LONGEST_COMMAND:
        return (Unclear(),)
    asks = "?" in said
    parts = yes_and_no.consent(tokens, asks, context) or yes_and_no.answer(tokens, asks, context)
    parts = parts or _check_in(tokens, asks, context)
    return parts or _command(tokens, asks, context) or (Unclear(),)


def _check_in(tokens: words.Phrase, asks: bool, context: Context) -> tuple[Part, ...]:
    """Return the answer to an open check-in, or nothing if the message is about something else."""
    if not context.pulse:
        return ()
    # "Skip" is about the nudge that waits, if there is one; "S" is said of a check-in only.
    skips = frozenset({("s",)}) if _newest(context) else words.phrases("skip_pulse", context.language)
    if words.made_of(tokens, skips, words.everywhere("courtesies")):
        return (SkipPulse(),)
    values = numbers.scores(tokens, len(context.pulse), context.language)
    if not values:
        return ()
    logged = _command(tokens, asks, context)
    in_range = all(low <= value <= high for value, (low, high) in zip(values, context.pulse, strict=False))
    if len(values) == len(context.pulse) and in_range:
        return logged if logged == (Done(values),) and _in_digest(values, context) else (Scores(values),)
    match logged:
        case (Done(of),) if len(values) == 1 or any(set(of) <= set(nudge) for nudge in context.waiting):
            return logged
    return (BadScores(),)


def _in_digest(values: tuple[int, ...], context: Context) -> bool:
    """Say whether all are numbers of one digest of three or more.

    No check-in is sent while such a digest waits, so that it is the newer of the two and the one answered.
    """
    return any(len(nudge) >= DIGEST and set(values) <= set(nudge) for nudge in context.waiting)


def _command(tokens: words.Phrase, asks: bool, context: Context) -> tuple[Part, ...]:
    """Return what the grammar makes of a message, nothing if it is unclear; a question logs nothing."""
    said: dict[Act, tuple[int, ...]] = {}
    for act, of in clauses.statements(tokens, _ground(context)):
        said[act] = said.get(act, ()) + of
    if asks and any(act.verb not in HARMLESS_TO_ASK for act in said):
        return ()
    named = {number for of in said.values() for number in of}
    return tuple(part for act, of in said.items() for part in _parts(act, of, named, context))


def _ground(context: Context) -> Ground:
    names: dict[words.Phrase, frozenset[int]] = {}
    for habit in context.habits:
        for name in _names(habit):
            names[name] = names.get(name, frozenset()) | {habit.number}
    known, newest = _known(context), _newest(context)
    open_ones = tuple(sorted({number for nudge in context.waiting for number in nudge} & set(known)))
    both = next((of for of in (newest, open_ones or known) if len(of) == BOTH), ())
    all_ = newest or (known if len(known) == 1 else ())
    return Ground(context.language, context.now, names, known, all_, both)


@lru_cache(maxsize=1024)
def _names(habit: Known) -> frozenset[words.Phrase]:
    return frozenset(words.words_of(name) for name in (habit.slug, habit.title, *habit.aliases))


def _known(context: Context) -> tuple[int, ...]:
    return tuple(sorted(habit.number for habit in context.habits))


def _newest(context: Context) -> tuple[int, ...]:
    """Return the habits of the newest nudge that waits, as far as the person still has them."""
    known = set(_known(context))
    lived = (tuple(number for number in nudge if number in known) for nudge in context.waiting)
    return next((nudge for nudge in lived if nudge), ())


def _parts(act: Act, of: tuple[int, ...], named: set[int], context: Context) -> Iterator[Part]:
    match act.verb:
        case Verb.DONE | Verb.SKIP | Verb.AFFIRM if of:
            yield from _of_numbers(act.verb, of, context)
        case Verb.DONE | Verb.SKIP | Verb.AFFIRM:
            yield from _bare(act.verb, named, context)
        case Verb.TOGETHER | Verb.APART:
            yield from _of_both(act.verb, of, context)
        case Verb.LATER:
            yield Later(act.delay, act.at)
        case Verb.PAUSE:
            yield Pause(act.days, act.until)
        case verb:
            yield PLAIN[verb]


def _of_numbers(verb: Verb, of: tuple[int, ...], context: Context) -> Iterator[Part]:
    known = _known(context)
    if mine := tuple(dict.fromkeys(number for number in of if number in known)):
        yield OF_NUMBERS[verb](mine)
    for number in dict.fromkeys(of):
        if number not in known:
            yield UnknownNumber(number)


def _of_both(verb: Verb, of: tuple[int, ...], context: Context) -> Iterator[Part]:
    """Say which habits a `together` or `apart` is of: a bare one of the one asked about.

    "Together" alone may tell what was done, and it discloses: where nothing was asked it is asked back.
    """
    if not of and context.question and context.question.about is Asked.TOGETHER:
        of = (context.question.number,)
    if of or (verb is Verb.APART and len(context.joint) == 1):
        yield from _of_numbers(verb, of or context.joint, context)
    elif context.joint:
        yield Which(context.joint, About(verb.value))


def _bare(verb: Verb, named: set[int], context: Context) -> Iterator[Part]:
    """Say what a `done`, `skip` or `yes` without a number is about: the newest nudge, or the only habit.

    A mere `yes` logs nothing while no nudge waits: it may have answered one of our answers.
    """
    newest = _newest(context)
    left = tuple(number for number in newest or _known(context) if number not in named)
    if len(left) == 1 and (newest or verb is not Verb.AFFIRM):
        yield OF_NUMBERS[verb](left)
    elif left:
        yield Which(left, About.SKIP if verb is Verb.SKIP else About.DONE)
